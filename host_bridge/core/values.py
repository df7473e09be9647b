"""Samples into their series: range checks, specials, counters that must not decrease (SPEC.md section 17)."""

from __future__ import annotations

from itertools import accumulate
from typing import Any

from host_bridge.core.plan import Plan
from host_bridge.core.series import HistogramSeries, Series
from host_bridge.core.tally import DECREASING, INTEGER, RANGE, SPECIAL, Reasons
from shared_schema.columns import expand, offsets
from shared_schema.errors import SchemaError
from shared_schema.messages import MAX_VALUE
from shared_schema.parse import Samples

Value = int | float | None


def sample_uptimes(plan: Plan, samples: Samples) -> list[int]:
    """Milliseconds of uptime of each sample. SchemaError when the frame does not fit its declaration."""
    if len(samples.columns) < plan.width:
        raise SchemaError(f"{len(samples.columns)} columns where the declaration has {plan.width}")
    if samples.n == 1:
        return [samples.uptime]
    first = samples.uptime
    return [first + offset for offset in offsets(samples.times, plan.interval_ms)]  # type: ignore[arg-type]  # checked there


def show(plan: Plan, samples: Samples, uptimes: list[int], rejected: Reasons) -> None:
    """Make the last sample the value of each series of the plan. Every sample is checked and seen by thresholds."""
    if samples.n == 1:
        _show_single(plan, samples.columns, rejected)
        if plan.watched:
            _watch(plan, uptimes[0])
    else:
        _show_many(plan, samples, uptimes, rejected)
    for start, stop, histogram in plan.histograms:
        _show_histogram(histogram, samples.columns[start:stop], samples.n, rejected)


def _show_single(plan: Plan, columns: list[Any], rejected: Reasons) -> None:
    for series, value in zip(plan.gauges, plan.pick_gauges(columns), strict=False):
        if type(value) is int and series.least <= value <= series.greatest:
            series.value = value
        else:
            series.value = _gauge(series, value[0] if type(value) is list else value, rejected)
    for series, value in zip(plan.counters, plan.pick_counters(columns), strict=False):
        if type(value) is int and series.last <= value <= MAX_VALUE:
            series.last = value
            series.value = series.base + value
        else:
            series.value = _counter(series, value[0] if type(value) is list else value, rejected)


def _watch(plan: Plan, uptime_ms: int) -> None:
    for series in (*plan.gauges, *plan.counters):
        for watch in series.watches:
            watch.observe(series.value, uptime_ms)  # type: ignore[arg-type]  # only histograms have tuples


def _gauge(series: Series, value: Value, rejected: Reasons) -> Value:
    """The value, if it may stand on the page; else None, counted unless it was missing already."""
    if value is None:
        return None
    if isinstance(value, float):
        if value != value or value in (float("inf"), float("-inf")):
            return value
        rejected.add(INTEGER)
        return None
    if series.least <= value <= series.greatest:
        return value
    rejected.add(RANGE)
    return None


def _counter(series: Series, value: Value, rejected: Reasons) -> int | None:
    """The total over all boots; None for a value that cannot be right."""
    if value is None:
        return None
    if isinstance(value, float):
        rejected.add(SPECIAL if value != value or abs(value) == float("inf") else INTEGER)
        return None
    if not 0 <= value <= MAX_VALUE:
        rejected.add(RANGE)
        return None
    if value < series.last:
        rejected.add(DECREASING)
        return None
    series.last = value
    return series.base + value


def _show_many(plan: Plan, samples: Samples, uptimes: list[int], rejected: Reasons) -> None:
    columns, n = samples.columns, samples.n
    for check, serieses, picked in (
        (_gauges, plan.gauges, plan.pick_gauges(columns)),
        (_counters, plan.counters, plan.pick_counters(columns)),
    ):
        for series, column in zip(serieses, picked, strict=False):
            values = check(series, column, n, rejected)
            series.value = values[-1]
            for watch in series.watches:
                for value, uptime_ms in zip(values, uptimes, strict=True):
                    watch.observe(value, uptime_ms)


def _gauges(series: Series, column: Any, n: int, rejected: Reasons) -> list[Any]:
    if type(column) is list:
        try:
            values = list(accumulate(column))
            if series.least <= min(values) and max(values) <= series.greatest and type(values[-1]) is int:
                return values
        except TypeError:  # a null among the deltas
            pass
    return [_gauge(series, value, rejected) for value in expand(column, n)]


def _counters(series: Series, column: Any, n: int, rejected: Reasons) -> list[Any]:
    return [_counter(series, value, rejected) for value in expand(column, n)]


def _show_histogram(histogram: HistogramSeries, columns: list[Any], n: int, rejected: Reasons) -> None:
    value: tuple[int, ...] | None = None
    for row in zip(*(expand(column, n) for column in columns), strict=True):
        value = _histogram(histogram, row, rejected)
    histogram.value = value


def _histogram(histogram: HistogramSeries, row: tuple[Value, ...], rejected: Reasons) -> tuple[int, ...] | None:
    """Totals over all boots, when every column has one that can be right."""
    if None in row:
        return None
    if any(isinstance(value, float) for value in row):
        rejected.add(SPECIAL)
        return None
    totals: tuple[int, ...] = row  # type: ignore[assignment]  # neither null nor float is left
    if min(totals[:-1]) < 0 or max(totals) > MAX_VALUE or abs(totals[-1]) > MAX_VALUE:
        rejected.add(RANGE)
        return None
    # With bounds below zero the sum of the observations may fall.
    rising = totals if histogram.bounds[0] >= 0 else totals[:-1]
    if any(map(int.__lt__, rising, histogram.lasts)):
        rejected.add(DECREASING)
        return None
    histogram.lasts = totals
    return tuple(map(int.__add__, histogram.bases, totals))
