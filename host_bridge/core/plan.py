"""A group of a declaration, resolved: from a column's position straight to the series that it fills."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from operator import ge, itemgetter, le
from typing import Any
from weakref import WeakValueDictionary

from host_bridge.core.catalogue import Metric
from host_bridge.core.records import KeptGroup, KeptSeries
from host_bridge.core.rows import Value
from host_bridge.core.series import Block, CounterSeries, HistogramSeries, Series, Watcher

# Elements are ints, nulls and floats, or lists of them (core/decode.py sees to that); the types say so no further.
Pick = Callable[[list[Any]], Sequence[Any]]
_INTS = {int}
Place = tuple[
    int, Series | None
]  # a column's position, and the series that it (and, for a histogram, the next ones) fills


class Shape:
    """What groups that were declared alike have in common. Boards of one kind share it, so that it stays in a cache."""

    __slots__ = ("__weakref__", "greatest", "least", "pick_counters", "pick_gauges")

    def __init__(self, gauges: tuple[tuple[int, Metric], ...], counters: tuple[int, ...]) -> None:
        self.pick_gauges = picker([place for place, _ in gauges])
        self.pick_counters = picker(list(counters))
        self.least = tuple(metric.least for _, metric in gauges)
        self.greatest = tuple(metric.greatest for _, metric in gauges)

    def plain_gauges(self, columns: list[Any]) -> list[Value] | None:
        """Of a single sample, when all of them are integers in their ranges, as nearly always; None when not."""
        picked = self.pick_gauges(columns)
        plain = _INTS.issuperset(map(type, picked))
        if plain and all(map(le, self.least, picked)) and all(map(ge, self.greatest, picked)):
            return list(picked)
        return None


class Shapes:
    """The shapes in use."""

    def __init__(self) -> None:
        self._shapes: WeakValueDictionary[object, Shape] = WeakValueDictionary()

    def shape(self, gauges: tuple[tuple[int, Metric], ...], counters: tuple[int, ...]) -> Shape:
        """The one with these gauges, by column, and with counters in these columns."""
        key = gauges, counters
        found = self._shapes.get(key)
        if found is None:
            found = self._shapes[key] = Shape(gauges, counters)
        return found


class Plan:
    """What to do with the columns of one group.

    width     columns that the declaration explains; what stands behind them is skipped
    narrow    the plan for a frame with more columns, where a key that this bridge does not know may have taken several:
              only the series before that key. None: every width is known
    newest    number of the newest frame that was shown
    series    gauges, counters, histograms; the order of its block, and of `kept`
    kept      what history calls its series; None: nothing is kept
    """

    __slots__ = (
        "block",
        "counters",
        "histograms",
        "interval_ms",
        "kept",
        "narrow",
        "newest",
        "refused",
        "series",
        "shape",
        "watches",
        "width",
    )

    def __init__(
        self, shapes: Shapes, interval_ms: int, places: list[Place], width: int, block: Block | None = None
    ) -> None:
        """`block`: of the plan that this is the narrow one of."""
        self.interval_ms = interval_ms
        self.width = width
        self.narrow: Plan | None = None
        self.newest = -1
        self.refused = sum(1 for _, series in places if series is None)
        gauges = [(place, one) for place, one in places if type(one) is Series]
        counters = [(place, one) for place, one in places if isinstance(one, CounterSeries)]
        histograms = [(place, one) for place, one in places if isinstance(one, HistogramSeries)]
        metrics = tuple((place, one.metric) for place, one in gauges)
        self.shape = shapes.shape(metrics, tuple(place for place, _ in counters))
        self.series: tuple[Series, ...] = tuple(one for _, one in (*gauges, *counters, *histograms))
        self.counters = tuple(one for _, one in counters)
        self.histograms = tuple((place, place + len(one.bounds) + 2, one) for place, one in histograms)
        self.block = Block(self.series) if block is None else block
        self.watches: tuple[tuple[int, Watcher], ...] = ()
        self.kept: KeptGroup | None = None
        self.watch()

    @property
    def gauges(self) -> tuple[Series, ...]:
        """The first of its series."""
        return self.series[: len(self.shape.least)]

    def put(self, values: list[Value]) -> None:
        """The new values of its series."""
        if len(values) == len(self.block.series):
            self.block.values = values
        else:
            for series, value in zip(self.series, values, strict=True):
                series.value = value

    def keep(self, device_id: str, platform: str) -> None:
        """Name the series for history."""
        self.kept = KeptGroup(device_id, platform, tuple(map(_kept, self.series)))
        if self.narrow is not None:
            self.narrow.keep(device_id, platform)

    def watch(self) -> None:
        """Note who watches which series, after thresholds have changed."""
        self.watches = tuple((place, watch) for place, series in enumerate(self.series) for watch in series.watches)
        if self.narrow is not None:
            self.narrow.watch()


def _kept(series: Series) -> KeptSeries:
    pairs = zip(series.family.label_names, series.label_values, strict=False)
    bounds = series.bounds if isinstance(series, HistogramSeries) else ()
    labels = tuple((name, value) for name, value in pairs if value)
    return KeptSeries(series.family.name, labels, series.family.type, series.scale, bounds)


def picker(places: list[int]) -> Pick:
    """A function that takes the elements at `places` out of a list."""
    if not places:
        return _nothing
    first = places[0]
    if places == list(range(first, first + len(places))):
        return itemgetter(slice(first, first + len(places)))
    return itemgetter(*places)


def _nothing(_: list[Any]) -> Sequence[Any]:
    return ()
