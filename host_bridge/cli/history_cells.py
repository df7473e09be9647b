"""Kept series as text: names, headings, and exact values in base units."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import accumulate

from host_bridge.core.columns import label_text
from host_bridge.core.numerals import canonical, decimal
from host_bridge.core.records import KeptSeries
from host_bridge.sinks.history.series_data import SeriesData

TYPES = ("gauge", "counter", "histogram")
Cells = tuple[str | None, ...]  # None: the value is missing


def full_name(series: KeptSeries) -> str:
    """The series as on /metrics, without device_id and platform."""
    pairs = label_text(tuple(name for name, _ in series.labels), tuple(value for _, value in series.labels))
    return f"{series.name}{{{pairs.removeprefix(',')}}}" if pairs else series.name


def limits(series: KeptSeries) -> tuple[str, ...]:
    """The upper bounds of a histogram's buckets, as `le` has them."""
    return (*(canonical(bound, series.scale) for bound in series.bounds), "+Inf") if series.bounds else ()


def headings(series: KeptSeries) -> tuple[str, ...]:
    """Of the cells of a sample."""
    return (*(f"le={limit}" for limit in limits(series)), "sum", "count") if series.bounds else ("value",)


def samples(data: SeriesData) -> Iterator[tuple[int, Cells]]:
    """Each time with its cells: the value; of a histogram the buckets, each with those below it, the sum, the count."""
    series = data.series
    width = len(headings(series))
    for at, value in zip(data.times, data.values, strict=True):
        if value is None:
            yield at, (None,) * width
        elif isinstance(value, tuple):
            *counts, total = value
            cumulative = [str(count) for count in accumulate(counts)]
            yield at, (*cumulative, decimal(total, series.scale), cumulative[-1])
        else:
            yield at, (decimal(value, series.scale),)


def as_json(text: str | None) -> str:
    """A cell as a JSON token: exact where it is a number; NaN and the infinities, which JSON lacks, as strings."""
    if text is None:
        return "null"
    return text if math.isfinite(float(text)) else f'"{text}"'
