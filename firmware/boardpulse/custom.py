"""Metrics of an application: registered in its main.py, declared in hello, sampled like a sensor."""

from boardpulse.compat import const

TYPE_CHECKING = const(0)
if TYPE_CHECKING:
    from typing import Any

    from boardpulse.protocols import Row, Series

_GAUGE = const(0)
_COUNTER = const(1)
_HISTOGRAM = const(2)
_MAX_METRICS = const(64)  # with names and help of usual length a hello with these stays below 8192 bytes
_MAX_BOUNDS = const(32)
_MAX = 1 << 53
_MIN = -_MAX


class Scaled:
    """Turns what an application gives into an integer of 10**scale."""

    def __init__(self, scale: int) -> None:
        self._times = 10**-scale if scale < 0 else 1
        self._over = 10**scale if scale > 0 else 1

    def __call__(self, value: "int | float") -> "int | float | None":
        """The integer; NaN and infinities as they are; None for what is beyond 2**53. TypeError for what is no
        number."""
        if isinstance(value, float) and value - value != 0:
            return value
        if value is True or value is False:  # on CPython, bools are ints
            value = 1 if value else 0
        if not isinstance(value, (int, float)):
            raise TypeError("%r is no number" % (value,))
        scaled = value * self._times
        if self._over > 1:
            scaled /= self._over
        if not _MIN <= scaled <= _MAX:
            return None
        return scaled if isinstance(scaled, int) else round(scaled)


def limited(total: int) -> "int | None":
    """The total; None once it is beyond 2**53, which no frame carries."""
    return total if _MIN <= total <= _MAX else None


class Gauge:
    """A value that goes up and down."""

    width = 1

    def __init__(self, scale: int) -> None:
        self._scaled = Scaled(scale)
        self._value: int | float | None = None

    def set(self, value: "int | float | None") -> None:
        """From the next sample on it has this value; None: it has none."""
        self._value = None if value is None else self._scaled(value)

    def fill(self, into: "Row", at: int) -> None:
        """The value"""
        into[at] = self._value


class Counter:
    """A total since the start, which only grows."""

    width = 1

    def __init__(self, scale: int) -> None:
        self._scaled = Scaled(scale)
        self._total = 0

    def inc(self, n: "int | float" = 1) -> None:
        """Add n ≥ 0. ValueError for less, or for what is no finite number."""
        step = self._scaled(n)
        if not isinstance(step, int) or step < 0:
            raise ValueError("a counter cannot grow by %r" % (n,))
        self._total += step

    def fill(self, into: "Row", at: int) -> None:
        """The total"""
        into[at] = limited(self._total)


class Histogram:
    """How often observations fell between bounds."""

    def __init__(self, scale: int, bounds: "tuple[int, ...] | list[int]") -> None:
        self._scaled = Scaled(scale)
        self._bounds = bounds
        self._counts = [0] * (len(bounds) + 1)
        self._sum = 0
        self.width = len(bounds) + 2

    def observe(self, value: "int | float") -> None:
        """Count an observation. ValueError for what is no finite number."""
        scaled = self._scaled(value)
        if not isinstance(scaled, int):
            raise ValueError("%r cannot be observed" % (value,))
        self.observe_scaled(scaled)

    def observe_scaled(self, value: int) -> None:
        """The same for an integer in the metric's scale; takes no heap."""
        i = 0
        while i < len(self._bounds) and value > self._bounds[i]:
            i += 1
        self._counts[i] += 1
        self._sum += value

    def fill(self, into: "Row", at: int) -> None:
        """The buckets' counts, the sum"""
        for count in self._counts:
            into[at] = count
            at += 1
        into[at] = limited(self._sum)


class Custom:
    """The sensor that all custom metrics are read by. add() returns the metric; the node then declares the group
    anew."""

    name = "custom"

    def __init__(self) -> None:
        self.series: list[Series] = []
        self._metrics: list[Any] = []
        self.columns = 0

    def add(self, declaration: "dict[int, Any]") -> "Gauge | Counter | Histogram":
        """The metric with this declaration (a map of SPEC.md section 3); the one that is there, if it is the same."""
        for known, metric in zip(self.series, self._metrics):
            if known == declaration:
                return metric  # type: ignore[no-any-return]
        if len(self._metrics) >= _MAX_METRICS:
            raise ValueError("a board has at most %d custom metrics" % _MAX_METRICS)
        kind = declaration.get(2, _GAUGE)
        scale = declaration.get(4, 0)
        metric = (
            Histogram(scale, declaration[7]) if kind == _HISTOGRAM else (Counter if kind == _COUNTER else Gauge)(scale)
        )
        self.series.append(declaration)
        self._metrics.append(metric)
        self.columns += metric.width
        return metric

    def remove_last(self) -> None:
        """Take back the last add()."""
        self.series.pop()
        self.columns -= self._metrics.pop().width

    def read(self, into: "Row", at: int) -> None:
        """each metric's columns"""
        for metric in self._metrics:
            metric.fill(into, at)
            at += metric.width


def declare(
    name: str,
    kind: int,
    unit: str = "",
    scale: int = 0,
    labels: "dict[str, str] | None" = None,
    help: str = "",  # noqa: A002  # as everywhere else where metrics have a help
    bounds: "list[int | float] | tuple[int | float, ...]" = (),
) -> "dict[int, Any]":
    """A custom metric's declaration. ValueError says what SPEC.md section 3 does not allow."""
    _check_word("name", name, 64)
    if type(scale) is not int or not -12 <= scale <= 12:
        raise ValueError("%s: scale %r is no integer in -12 … 12" % (name, scale))
    out: dict[int, Any] = {1: name}
    if kind:
        out[2] = kind
    if unit:
        _check_word("unit of " + name, unit, 16)
        out[3] = unit
    if scale:
        out[4] = scale
    if labels:
        out[5] = _labels(name, labels)
    if help:
        if not isinstance(help, str):
            raise ValueError("%s: help %r is no text" % (name, help))
        out[6] = help[:256]
    if kind == _HISTOGRAM:
        out[7] = _bounds(name, bounds, Scaled(scale))
    return out


def _check_word(what: str, word: str, longest: int) -> None:
    ok = 0 < len(word) <= longest and "a" <= word[0] <= "z"
    for character in word:
        ok = ok and ("a" <= character <= "z" or "0" <= character <= "9" or character == "_")
    if not ok:
        raise ValueError("%s %r: 1 to %d of a-z, 0-9 and _, a letter first" % (what, word, longest))


def _labels(metric: str, labels: "dict[str, str]") -> "list[list[str]]":
    if len(labels) > 8:
        raise ValueError("%s has more than 8 labels" % metric)
    for name in labels:
        _check_word("label of " + metric, name, 32)
        if name in ("device_id", "platform", "le"):
            raise ValueError("%s: the bridge uses the label %s itself" % (metric, name))
        if not isinstance(labels[name], str) or len(labels[name].encode()) > 128:
            raise ValueError("%s: label %s is no text of at most 128 bytes" % (metric, name))
    return [[name, labels[name]] for name in sorted(labels)]


def _bounds(metric: str, bounds: "list[int | float] | tuple[int | float, ...]", scaled: Scaled) -> "list[int]":
    out: list[int] = []
    for bound in bounds:
        number = scaled(bound)
        if not isinstance(number, int) or (out and number <= out[-1]):
            raise ValueError("%s: bounds must be finite and increase, also in its scale: %r" % (metric, bounds))
        out.append(number)
    if not 0 < len(out) <= _MAX_BOUNDS:
        raise ValueError("%s: a histogram has 1 to %d bounds" % (metric, _MAX_BOUNDS))
    return out
