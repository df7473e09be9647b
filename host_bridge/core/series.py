"""Families, series and their values, as the exposition reads them.

The engine's thread writes values, the thread that renders reads them, without a lock: every change that a reader may
see is one assignment. A series' `index` and a block's `drawn` belong to the renderer.

Values stand in their block, not in their series: a frame then replaces one list, and of the series of a thousand
devices, which no cache holds, nothing is touched.
"""

from __future__ import annotations

from array import array
from collections import deque
from collections.abc import Sequence
from typing import NamedTuple

from host_bridge.core.catalogue import Metric
from shared_schema import messages as m


class Family:
    """What series of one name share. `users` counts its live series."""

    __slots__ = ("bounds", "help", "label_names", "name", "type", "unit", "users")

    def __init__(self, metric: Metric) -> None:
        self.name = metric.name
        self.type = metric.type
        self.unit = metric.unit
        self.help = metric.help
        self.label_names = metric.labels
        self.bounds = metric.bounds
        self.users = 0


# An integer in 10**scale, NaN, infinity, a histogram's columns (buckets, +Inf, sum); None: not on the page.
Value = int | float | tuple[int, ...] | None


class Series:
    """One series, whose value is at `place` in its block."""

    __slots__ = ("block", "family", "index", "label_values", "labels", "metric", "place", "watches")

    def __init__(self, family: Family, metric: Metric, labels: str, label_values: tuple[str, ...]) -> None:
        self.family = family
        self.metric = metric
        self.label_values = label_values
        self.labels = labels  # as they stand between the braces
        self.block: Block | None = None
        self.place = -1
        self.watches: tuple[Watcher, ...] = ()
        self.index = -1

    @property
    def value(self) -> Value:
        """None, too, as long as it is in no block."""
        return None if self.block is None else self.block.values[self.place]

    @value.setter
    def value(self, value: Value) -> None:
        assert self.block is not None  # noqa: S101  # nobody would see it
        self.block.values[self.place] = value

    @property
    def scale(self) -> int:
        """Its integers are in 10**scale of the unit."""
        return self.metric.scale


class CounterSeries(Series):
    """`last` is the total within the boot, `base` what earlier boots left; value = base + last."""

    __slots__ = ("base", "last")

    def __init__(self, family: Family, metric: Metric, labels: str, label_values: tuple[str, ...]) -> None:
        super().__init__(family, metric, labels, label_values)
        self.last = self.base = 0


class Watcher:
    """What wants to see every new value of a series."""

    __slots__ = ()

    def observe(self, value: int | float | None, uptime_ms: int) -> None:
        """`value` in the series' scale, None when the sample is missing; uptime grows within a boot."""
        raise NotImplementedError


class HistogramSeries(Series):
    """A histogram. Its value: for each bucket the observations in it, +Inf last, then the sum."""

    __slots__ = ("bases", "lasts")

    def __init__(self, family: Family, metric: Metric, labels: str, label_values: tuple[str, ...]) -> None:
        super().__init__(family, metric, labels, label_values)
        self.lasts: tuple[int, ...] = (0,) * (len(metric.bounds) + 2)
        self.bases: tuple[int, ...] = self.lasts

    @property
    def bounds(self) -> tuple[int, ...]:
        """Of its buckets, in the scale; without +Inf."""
        return self.metric.bounds


def make(family: Family, metric: Metric, labels: str, label_values: tuple[str, ...]) -> Series:
    """A series of the metric's type."""
    kind = {m.COUNTER: CounterSeries, m.HISTOGRAM: HistogramSeries}.get(metric.type, Series)
    return kind(family, metric, labels, label_values)


class Drawable:
    """What the renderer draws anew when it was marked."""

    __slots__ = ("dirty",)

    def __init__(self) -> None:
        self.dirty = False


class Block(Drawable):
    """Series that change together; `values` are theirs, in the same order. A series that was in another block before
    brings its value along. `shown`: whether its values may be on the page.

    `gone` are series that the renderer is to forget. The engine's thread sets it when it makes the block, never later.
    `drawn` are the values on the page; empty: the page may have others of another block.
    """

    __slots__ = ("drawn", "gone", "series", "shown", "values")

    def __init__(self, series: Sequence[Series], gone: list[Series] | None = None) -> None:
        super().__init__()
        self.values: list[Value] = [one.value for one in series]
        self.series = series
        self.drawn: list[Value] = []
        self.gone = gone or []
        self.shown = True
        for place, one in enumerate(series):
            one.block, one.place = self, place

    def clear(self) -> None:
        """No value is on the page any more."""
        self.values = [None] * len(self.series)


class Line(NamedTuple):
    """A line that the bridge makes about devices. `labels`: those behind the device's own. Many devices share one."""

    family: Family
    scale: int
    labels: str


class Lines(Drawable):
    """What the bridge says about one device, a number a line. All of it is the renderer's, and made when it draws.

    labels   the device's, which stand first in each
    drawn    the values on the page
    indexes  where the lines stand in their families; -1: not yet
    """

    __slots__ = ("drawn", "indexes", "labels")

    def __init__(self, labels: str) -> None:
        super().__init__()
        self.labels = labels
        self.drawn: list[int | None] = []
        self.indexes = array("i")

    def refresh(self) -> tuple[list[int | None], list[tuple[Family, int]]]:
        """The present values, and where lines stand that are to go."""
        raise NotImplementedError

    def lines(self) -> Sequence[Line]:
        """Those of the values that refresh() gave."""
        raise NotImplementedError


class Dirty:
    """What the renderer has to look at again. Nothing stands in it twice."""

    __slots__ = ("_append", "_queue")

    def __init__(self) -> None:
        self._queue: deque[Drawable] = deque()
        self._append = self._queue.append

    def mark(self, block: Drawable) -> None:
        """Engine's side; after the values have changed."""
        if not block.dirty:
            block.dirty = True
            self._append(block)

    def take(self) -> Drawable | None:
        """Renderer's side: the next block, unmarked before its values are read, so that no change is missed."""
        try:
            block = self._queue.popleft()
        except IndexError:
            return None
        block.dirty = False
        return block

    def __len__(self) -> int:
        return len(self._queue)


def label_text(names: tuple[str, ...], values: tuple[str, ...]) -> str:
    """`,name="value"` for each name; values left out at the end are empty, and empty labels are not written."""
    return "".join(f',{name}="{escape(value)}"' for name, value in zip(names, values, strict=False) if value)


def escape(value: str) -> str:
    """A label's value as it stands between quotes, in both formats."""
    return value.replace("\\", "\\\\").replace("\n", "\\n").replace('"', '\\"')


def weight(metric: Metric) -> int:
    """How many series Prometheus makes of it."""
    return len(metric.bounds) + 3 if metric.type == m.HISTOGRAM else 1
