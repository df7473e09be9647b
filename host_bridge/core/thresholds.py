"""Thresholds on series: limits with hysteresis and a duration. The states are a table."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from fnmatch import fnmatchcase

from host_bridge.core.series import Series, Watcher
from host_bridge.settings import Threshold

OK = "ok"
PENDING = "pending"
WARNING = "warning"
CRITICAL = "critical"
STATES = (OK, PENDING, WARNING, CRITICAL)
LEVEL = {OK: 0, PENDING: 0, WARNING: 1, CRITICAL: 2}  # as exposed

CLEAR = "clear"  # within the clear level
BAND = "band"  # between clear level and mildest limit, which is a warning
CRITICAL_BAND = "critical band"  # the same where the mildest limit is critical
BEYOND = "beyond"  # beyond a limit, not yet for long enough
WARNING_HELD = "warning held"
CRITICAL_HELD = "critical held"
READINGS = (CLEAR, BAND, CRITICAL_BAND, BEYOND, WARNING_HELD, CRITICAL_HELD)

TABLE: dict[tuple[str, str], str] = {
    **{(state, CLEAR): OK for state in STATES},
    **{(state, WARNING_HELD): WARNING for state in STATES},
    **{(state, CRITICAL_HELD): CRITICAL for state in STATES},
    (OK, BAND): OK,
    (PENDING, BAND): OK,
    (WARNING, BAND): WARNING,
    (CRITICAL, BAND): WARNING,
    (OK, CRITICAL_BAND): OK,
    (PENDING, CRITICAL_BAND): OK,
    (WARNING, CRITICAL_BAND): WARNING,
    (CRITICAL, CRITICAL_BAND): CRITICAL,
    (OK, BEYOND): PENDING,
    (PENDING, BEYOND): PENDING,
    (WARNING, BEYOND): WARNING,
    (CRITICAL, BEYOND): CRITICAL,
}

_INFINITY = float("inf")
Raise = Callable[["Watch", str, str, float | None, int], None]  # watch, before, after, value in the unit, uptime_ms


class Watch(Watcher):
    """One threshold on one series. Limits are in the series' scale here, so that a sample is compared as it came."""

    __slots__ = (
        "_clear_above",
        "_clear_below",
        "_critical_above",
        "_critical_below",
        "_critical_since",
        "_for_ms",
        "_inner",
        "_outer",
        "_raise",
        "_warning_above",
        "_warning_below",
        "_warning_since",
        "rule",
        "series",
        "state",
        "unit",
    )

    def __init__(self, rule: Threshold, series: Series, raised: Raise) -> None:
        self.rule = rule
        self.series = series
        self.state = OK
        self.unit = 10.0**series.scale
        self._raise = raised
        self._for_ms = round(rule.for_s * 1000)
        scale = series.scale
        self._warning_above = _scaled(rule.warning_above, scale, _INFINITY)
        self._critical_above = _scaled(rule.critical_above, scale, _INFINITY)
        self._warning_below = _scaled(rule.warning_below, scale, -_INFINITY)
        self._critical_below = _scaled(rule.critical_below, scale, -_INFINITY)
        self._outer = min(self._warning_above, self._critical_above)
        self._inner = max(self._warning_below, self._critical_below)
        self._clear_below = min(self._outer, _scaled(rule.clear_below, scale, _INFINITY))
        self._clear_above = max(self._inner, _scaled(rule.clear_above, scale, -_INFINITY))
        self._warning_since: int | None = None
        self._critical_since: int | None = None

    @property
    def calm(self) -> bool:
        """In order, and not about to be anything else."""
        return self.state == OK

    @property
    def quiet(self) -> tuple[float, float]:
        """Between the levels at which it clears."""
        return self._clear_above, self._clear_below

    def observe(self, value: int | float | None, uptime_ms: int) -> None:
        """The next sample. A missing one or NaN changes nothing: it is neither in order nor beyond a limit."""
        if value is None or value != value:
            return
        if self.state == OK and self._clear_above <= value <= self._clear_below:
            return
        self._step(self._reading(value, uptime_ms), value * self.unit, uptime_ms)

    def observe_all(self, values: Sequence[int | float | None], uptimes: Sequence[int]) -> None:
        """As observe(), at once where all of them are in order, as nearly always."""
        # A NaN that comes first is the least and the greatest, and in no order; any other is passed over.
        if (
            self.state != OK
            or None in values
            or not (self._clear_above <= min(values) and max(values) <= self._clear_below)  # type: ignore[type-var, operator]
        ):
            super().observe_all(values, uptimes)

    def no_data(self, uptime_ms: int) -> None:
        """The device is silent, or the series has gone: the alert cannot be upheld."""
        self._step(CLEAR, None, uptime_ms)

    def _reading(self, value: int | float, uptime_ms: int) -> str:
        critical = value > self._critical_above or value < self._critical_below
        beyond = critical or value > self._warning_above or value < self._warning_below
        self._warning_since = _since(self._warning_since, beyond, uptime_ms)
        self._critical_since = _since(self._critical_since, critical, uptime_ms)
        if self._critical_since is not None and uptime_ms - self._critical_since >= self._for_ms:
            return CRITICAL_HELD
        if not beyond:
            return self._within(value)
        held = self._warning_since is not None and uptime_ms - self._warning_since >= self._for_ms
        return WARNING_HELD if held and self._warns(value) else BEYOND

    def _warns(self, value: int | float) -> bool:
        """Whether the side on which `value` lies has a warning limit that it is beyond."""
        return value > self._warning_above or value < self._warning_below

    def _within(self, value: int | float) -> str:
        if self._clear_above <= value <= self._clear_below:
            return CLEAR
        upper = value > self._clear_below
        warns = self._warning_above < _INFINITY if upper else self._warning_below > -_INFINITY
        return BAND if warns else CRITICAL_BAND

    def _step(self, reading: str, value: float | None, uptime_ms: int) -> None:
        if reading in (CLEAR, BAND, CRITICAL_BAND):
            self._warning_since = self._critical_since = None
        before = self.state
        self.state = TABLE[before, reading]
        if LEVEL[before] != LEVEL[self.state]:
            self._raise(self, _said(before), _said(self.state), value, uptime_ms)


def _said(state: str) -> str:
    return OK if state == PENDING else state


def _since(since: int | None, beyond: bool, uptime_ms: int) -> int | None:
    if not beyond:
        return None
    return uptime_ms if since is None or uptime_ms < since else since


def _scaled(limit: float | None, scale: int, otherwise: float) -> float:
    """`limit` in 10**scale; by decimals, since 0.07 * 100 is more than 7 to a float."""
    return otherwise if limit is None else float(Decimal(repr(limit)).scaleb(-scale))


def applies(rule: Threshold, device_id: str, series: Series) -> bool:
    """Whether `rule` watches this series."""
    family = series.family
    if rule.metric != family.name or not fnmatchcase(device_id, rule.devices):
        return False
    values = dict(zip(family.label_names, series.label_values, strict=False))
    return all(fnmatchcase(values.get(name, ""), pattern) for name, pattern in rule.labels)
