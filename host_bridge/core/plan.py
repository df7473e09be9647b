"""A group of a declaration, resolved: from a column's position straight to the series that it fills."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import accumulate
from operator import ge, itemgetter, le
from typing import Any, NamedTuple
from weakref import WeakValueDictionary

from host_bridge.core.catalogue import Metric
from host_bridge.core.records import KeptGroup, KeptSeries
from host_bridge.core.rows import Value
from host_bridge.core.series import Block, CounterSeries, HistogramSeries, Series, Watcher

# Elements are ints, nulls and floats, or lists of them (core/decode.py sees to that); the types say so no further.
Pick = Callable[[list[Any]], Sequence[Any]]
_INTS = {int}
MAX_QUIET = 64  # sets of thresholds that boards of one kind have: few; a file of rules may name each board by itself
Watched = tuple[int, float, float]  # the place of a gauge, and between which values nothing is done about it
Place = tuple[
    int, Series | None
]  # a column's position, and the series that it (and, for a histogram, the next ones) fills


class Bounds(NamedTuple):
    """The least and the greatest value of each gauge."""

    least: tuple[float, ...]
    greatest: tuple[float, ...]


class Shape:
    """What groups that were declared alike have in common. Boards of one kind share it, so that it stays in a cache."""

    __slots__ = ("__weakref__", "_quiet", "bounds", "pick_counters", "pick_gauges")

    def __init__(self, gauges: tuple[tuple[int, Metric], ...], counters: tuple[int, ...]) -> None:
        self.pick_gauges = picker([place for place, _ in gauges])
        self.pick_counters = picker(list(counters))
        self.bounds = Bounds(
            tuple(metric.least for _, metric in gauges), tuple(metric.greatest for _, metric in gauges)
        )
        self._quiet: dict[tuple[Watched, ...], Bounds] = {}

    def plain_gauges(self, columns: list[Any], bounds: Bounds) -> list[Value] | None:
        """Of a single sample, when all of them are integers within `bounds`, as nearly always; None when not."""
        picked = self.pick_gauges(columns)
        plain = _INTS.issuperset(map(type, picked))
        if plain and all(map(le, bounds.least, picked)) and all(map(ge, bounds.greatest, picked)):
            return list(picked)
        return None

    def plain_ends(self, columns: list[Any], bounds: Bounds) -> list[Value] | None:
        """Of several samples, the last values, when all of all samples are integers within `bounds`; None when not."""
        ends: list[Value] = []
        for column, least, greatest in zip(self.pick_gauges(columns), *bounds, strict=False):
            if type(column) is list:
                try:
                    end = _end(column, least, greatest)
                except TypeError:  # a null among the deltas
                    return None
            else:
                end = column if column is not None and least <= column <= greatest else None  # of all samples
            if end is None:
                return None
            ends.append(end)
        return ends if _INTS.issuperset(map(type, ends)) else None

    def quiet(self, watched: tuple[Watched, ...]) -> Bounds | None:
        """Within which all gauges are in range, and no watch has anything to do. None: a counter is watched, too."""
        bounds = self._quiet.get(watched)
        if bounds is None:
            least, greatest = list(self.bounds.least), list(self.bounds.greatest)
            for place, low, high in watched:
                if place >= len(least):
                    return None
                least[place], greatest[place] = max(least[place], low), min(greatest[place], high)
            if len(self._quiet) >= MAX_QUIET:
                self._quiet.clear()
            bounds = self._quiet[watched] = Bounds(tuple(least), tuple(greatest))
        return bounds


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
    quiet     bounds of its gauges within which no watch has anything to do while the plan is calm. None: look at each
    calm      no watch was about to do anything when it was last looked at
    series    gauges, counters, histograms; the order of its block, and of `kept`
    kept      what history calls its series; None: nothing is kept
    """

    __slots__ = (
        "_shares",
        "block",
        "calm",
        "counters",
        "histograms",
        "interval_ms",
        "kept",
        "narrow",
        "newest",
        "quiet",
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
        self.quiet: Bounds | None = None
        self.calm = False
        self._shares = block is not None
        self.kept: KeptGroup | None = None
        self.watch()

    @property
    def gauges(self) -> tuple[Series, ...]:
        """The first of its series."""
        return self.series[: len(self.shape.bounds.least)]

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
        self.calm, self.quiet = False, None
        if self.narrow is not None:
            self.narrow.watch()
        elif not self._shares:  # another plan with the same series would not notice that a watch is calm no longer
            self.quiet = self.shape.quiet(tuple((place, *watch.quiet) for place, watch in self.watches))

    def look(self) -> None:
        """Find out whether all watches are calm, after they were told of values."""
        self.calm = self.quiet is not None and all(watch.calm for _, watch in self.watches)


def _kept(series: Series) -> KeptSeries:
    pairs = zip(series.family.label_names, series.label_values, strict=False)
    bounds = series.bounds if isinstance(series, HistogramSeries) else ()
    labels = tuple((name, value) for name, value in pairs if value)
    return KeptSeries(series.family.name, labels, series.family.type, series.scale, bounds)


def _end(column: list[Any], least: float, greatest: float) -> Any:
    """The last value, or None when one is out of bounds. Most often that none is needs no look at each: none is further
    from the first than all steps together."""
    first = column[0]
    apart = sum(map(abs, column)) - abs(first)
    if least > first - apart or first + apart > greatest:
        values = list(accumulate(column))
        if least > min(values) or max(values) > greatest:
            return None
    return sum(column)


def integers(column: Any, n: int, least: float, greatest: float) -> list[int] | None:
    """The `n` values of a column, when all are integers within bounds; None when not."""
    if type(column) is int:
        return [column] * n if least <= column <= greatest else None
    try:
        values = list(accumulate(column))
    except TypeError:  # a null or a float for all samples, or a null among the deltas
        return None
    within = type(values[-1]) is int and least <= min(values) and max(values) <= greatest  # with a float, none is left
    return values if within else None


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
