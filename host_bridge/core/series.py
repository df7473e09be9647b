"""Series and their values.

Values stand in their block, not in their series: a frame then replaces one list, and of the series of a thousand
devices, which no cache holds, nothing is touched.
"""

from __future__ import annotations

from collections.abc import Sequence

from host_bridge.core.catalogue import Metric
from host_bridge.core.columns import Column, Family
from host_bridge.core.rows import Row, Value
from shared_schema import messages as m


class Series:
    """One series, whose value is at `place` in its block. `owner`: the labels of its device."""

    __slots__ = ("block", "column", "owner", "place", "watches")

    def __init__(self, column: Column, owner: str) -> None:
        self.column = column
        self.owner = owner
        self.block: Block | None = None
        self.place = -1
        self.watches: tuple[Watcher, ...] = ()

    @property
    def value(self) -> Value:
        """None, too, as long as it is in no block."""
        return None if self.block is None else self.block.values[self.place]

    @value.setter
    def value(self, value: Value) -> None:
        assert self.block is not None  # noqa: S101  # nobody would see it
        self.block.values[self.place] = value

    @property
    def family(self) -> Family:
        """Its name, type and help."""
        return self.column.family

    @property
    def metric(self) -> Metric:
        """What it was declared as."""
        return self.column.metric

    @property
    def label_values(self) -> tuple[str, ...]:
        """Of the labels behind the device's."""
        return self.column.label_values

    @property
    def labels(self) -> str:
        """All, as they stand between the braces."""
        return self.owner + self.column.labels

    @property
    def scale(self) -> int:
        """Its integers are in 10**scale of the unit."""
        return self.column.scale


class CounterSeries(Series):
    """`last` is the total within the boot, `base` what earlier boots left; value = base + last."""

    __slots__ = ("base", "last")

    def __init__(self, column: Column, owner: str) -> None:
        super().__init__(column, owner)
        self.last = self.base = 0


class HistogramSeries(Series):
    """A histogram. Its value: for each bucket the observations in it, +Inf last, then the sum."""

    __slots__ = ("bases", "lasts")

    def __init__(self, column: Column, owner: str) -> None:
        super().__init__(column, owner)
        self.lasts: tuple[int, ...] = (0,) * (len(column.metric.bounds) + 2)
        self.bases: tuple[int, ...] = self.lasts

    @property
    def bounds(self) -> tuple[int, ...]:
        """Of its buckets, in the scale; without +Inf."""
        return self.metric.bounds


class Watcher:
    """What wants to see every new value of a series."""

    __slots__ = ()

    @property
    def calm(self) -> bool:
        """Whether there is nothing that a value between the two of `quiet` would change."""
        raise NotImplementedError

    @property
    def quiet(self) -> tuple[float, float]:
        """The least and the greatest value about which a calm one does nothing, in the series' scale."""
        raise NotImplementedError

    def observe(self, value: int | float | None, uptime_ms: int) -> None:
        """`value` in the series' scale, None when the sample is missing; uptime grows within a boot."""
        raise NotImplementedError

    def observe_all(self, values: Sequence[int | float | None], uptimes: Sequence[int]) -> None:
        """The samples of a frame, as observe() would see them one after another."""
        for value, uptime_ms in zip(values, uptimes, strict=True):
            self.observe(value, uptime_ms)


def make(column: Column, owner: str) -> Series:
    """A series of the metric's type."""
    kind = {m.COUNTER: CounterSeries, m.HISTOGRAM: HistogramSeries}.get(column.metric.type, Series)
    return kind(column, owner)


class Block(Row):
    """Series that change together; `values` are theirs, in the same order. A series that was in another block before
    brings its value along."""

    __slots__ = ("series",)
    values: list[Value]

    def __init__(self, series: Sequence[Series]) -> None:
        super().__init__(series[0].owner if series else "", [one.value for one in series])
        self.series = series
        for place, one in enumerate(series):
            one.block, one.place = self, place

    @property
    def columns(self) -> tuple[Column, ...]:
        """Of its series."""
        return tuple(one.column for one in self.series)

    def clear(self) -> None:
        """No value is on the page any more."""
        self.values = [None] * len(self.series)
