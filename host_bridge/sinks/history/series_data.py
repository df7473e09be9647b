"""Pieces joined into series: sorted by time, in one scale."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction

from host_bridge.core.records import KeptSeries, Value
from host_bridge.sinks.history.coding import to_values
from host_bridge.sinks.history.columns import is_sorted
from host_bridge.sinks.history.pieces import Piece

# Of a histogram: the observations of each bucket, the +Inf bucket last, and their sum in the scale.
Observed = Value | tuple[int, ...]


@dataclass(frozen=True, slots=True)
class SeriesData:
    """Samples of a series. values[i] * 10**series.scale is what it was at times[i], Unix milliseconds."""

    series: KeptSeries
    times: list[int]
    values: Sequence[Observed]


def joined(found: Iterable[tuple[KeptSeries, list[Piece]]], since_ms: int, until_ms: int) -> list[SeriesData]:
    """Series that differ in their scale alone become one, in the finest of the scales, which is exact."""
    same: dict[tuple[object, ...], list[tuple[KeptSeries, list[Piece]]]] = defaultdict(list)
    for series, pieces in found:
        bounds = tuple(bound * Fraction(10) ** series.scale for bound in series.bounds)
        same[series.name, series.labels, series.type, bounds].append((series, pieces))
    joint = (_join(members, since_ms, until_ms) for members in same.values())
    return [data for data in joint if data.times]


def _join(members: list[tuple[KeptSeries, list[Piece]]], since_ms: int, until_ms: int) -> SeriesData:
    finest = min((series for series, _ in members), key=lambda series: series.scale)
    times: list[int] = []
    values: list[Observed] = []
    for series, pieces in members:
        factor = 10 ** (series.scale - finest.scale)
        for piece in pieces:
            times += piece.times
            values += _values(series, piece.columns, factor)
    if not is_sorted(times):
        order = sorted(range(len(times)), key=times.__getitem__)
        times = [times[i] for i in order]
        values = [values[i] for i in order]
    start, stop = bisect_left(times, since_ms), bisect_right(times, until_ms)
    return SeriesData(finest, times[start:stop], values[start:stop])


def _values(series: KeptSeries, columns: list[list[int]], factor: int) -> Sequence[Observed]:
    if not series.bounds:
        return _scaled(to_values(columns[0]), factor)
    *buckets, sums = (to_values(column) for column in columns)
    rows = zip(*buckets, _scaled(sums, factor), strict=True)
    return [None if None in row else row for row in rows]


def _scaled(values: list[Value], factor: int) -> list[Value]:
    if factor == 1:
        return values
    return [value * factor if isinstance(value, int) else value for value in values]
