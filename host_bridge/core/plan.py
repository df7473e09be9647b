"""A group of a declaration, resolved: from a column's position straight to the series that it fills."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from operator import itemgetter
from typing import Any

from host_bridge.core.records import KeptGroup, KeptSeries
from host_bridge.core.series import Block, HistogramSeries, Series
from shared_schema import messages as m

# Elements are ints, nulls and floats, or lists of them (core/decode.py sees to that); the types say so no further.
Pick = Callable[[list[Any]], Sequence[Any]]
Place = tuple[
    int, Series | None
]  # a column's position, and the series that it (and, for a histogram, the next ones) fills


class Plan:
    """What to do with the columns of one group.

    width     columns that the declaration explains; what stands behind them is skipped
    narrow    the plan for a frame with more columns, where a key that this bridge does not know may have taken several:
              only the series before that key. None: every width is known
    newest    number of the newest frame that was shown
    kept      what history calls its series, in the order of gauges, counters, histograms; None: nothing is kept
    """

    __slots__ = (
        "block",
        "counters",
        "gauges",
        "histograms",
        "interval_ms",
        "kept",
        "narrow",
        "newest",
        "pick_counters",
        "pick_gauges",
        "refused",
        "watched",
        "width",
    )

    def __init__(self, interval_ms: int, places: list[Place], width: int) -> None:
        self.interval_ms = interval_ms
        self.width = width
        self.narrow: Plan | None = None
        self.newest = -1
        self.refused = sum(1 for _, series in places if series is None)
        used = [(place, series) for place, series in places if series is not None]
        gauges = [pair for pair in used if pair[1].family.type == m.GAUGE]
        counters = [pair for pair in used if pair[1].family.type == m.COUNTER]
        self.gauges = [series for _, series in gauges]
        self.counters = [series for _, series in counters]
        self.pick_gauges = picker([place for place, _ in gauges])
        self.pick_counters = picker([place for place, _ in counters])
        self.histograms = [
            (place, place + len(series.bounds) + 2, series)
            for place, series in used
            if isinstance(series, HistogramSeries)
        ]
        self.block = Block([series for _, series in used])
        self.watched = False
        self.kept: KeptGroup | None = None
        self.watch()

    @property
    def series(self) -> list[Series]:
        """Its series, in the order of `kept`."""
        return [*self.gauges, *self.counters, *(series for _, _, series in self.histograms)]

    def keep(self, device_id: str, platform: str) -> None:
        """Name the series for history."""
        self.kept = KeptGroup(device_id, platform, tuple(map(_kept, self.series)))
        if self.narrow is not None:
            self.narrow.keep(device_id, platform)

    def watch(self) -> None:
        """Note whether any series is watched, after thresholds have changed."""
        self.watched = any(series.watches for series in (*self.gauges, *self.counters))
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
