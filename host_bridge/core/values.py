"""Samples into their series: range checks, specials, counters that must not decrease (SPEC.md section 17)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from host_bridge.core import rows
from host_bridge.core.plan import Plan, integers
from host_bridge.core.series import CounterSeries, HistogramSeries, Series
from host_bridge.core.tally import DECREASING, INTEGER, RANGE, SPECIAL, Reasons
from shared_schema.columns import expand, offsets
from shared_schema.errors import SchemaError
from shared_schema.messages import MAX_VALUE
from shared_schema.parse import Samples

Value = int | float | None


def sample_uptimes(plan: Plan, samples: Samples) -> Sequence[int]:
    """Milliseconds of uptime of each sample. SchemaError when the frame does not fit its declaration."""
    if len(samples.columns) < plan.width:
        raise SchemaError(f"{len(samples.columns)} columns where the declaration has {plan.width}")
    if samples.n == 1:
        return [samples.uptime]
    first, interval_ms = samples.uptime, plan.interval_ms
    if interval_ms and type(samples.times) is int:
        return range(first, first + samples.n * interval_ms, interval_ms)
    return [first + offset for offset in offsets(samples.times, interval_ms)]  # type: ignore[arg-type]  # checked there


def show(plan: Plan, samples: Samples, uptimes: Sequence[int], rejected: Reasons) -> None:
    """Make the last sample the value of each series of the plan. Every sample is checked and seen by thresholds."""
    columns, n = samples.columns, samples.n
    values = (_single if n == 1 else _last_of_many)(plan, columns, uptimes, rejected)
    for start, stop, histogram in plan.histograms:
        values.append(_of_histogram(histogram, columns[start:stop], n, rejected))
    plan.put(values)


def _single(plan: Plan, columns: list[Any], uptimes: Sequence[int], rejected: Reasons) -> list[rows.Value]:
    """Gauges, then counters. Nearly always all is in order, and then neither gauge nor watch is looked at alone."""
    shape, quiet = plan.shape, plan.quiet
    values = shape.plain_gauges(columns, quiet) if plan.calm and quiet is not None else None
    calm = values is not None
    if values is None:
        values = shape.plain_gauges(columns, shape.bounds)
    if values is None:
        flat = [value[0] if type(value) is list else value for value in shape.pick_gauges(columns)]
        values = [_gauge(series, value, rejected) for series, value in zip(plan.gauges, flat, strict=False)]
    for series, value in zip(plan.counters, shape.pick_counters(columns), strict=False):
        values.append(_counter(series, value[0] if type(value) is list else value, rejected))
    if plan.watches and not calm:
        for place, watch in plan.watches:
            watch.observe(values[place], uptimes[0])  # type: ignore[arg-type]  # none of them watches a histogram
        plan.look()
    return values


def _gauge(series: Series, value: Value, rejected: Reasons) -> Value:
    """The value, if it may stand on the page; else None, counted unless it was missing already."""
    if value is None:
        return None
    if isinstance(value, float):
        if value != value or value in (float("inf"), float("-inf")):
            return value
        rejected.add(INTEGER)
        return None
    if series.metric.least <= value <= series.metric.greatest:
        return value
    rejected.add(RANGE)
    return None


def _counter(series: CounterSeries, value: Value, rejected: Reasons) -> int | None:
    """The total over all boots; None for a value that cannot be right."""
    if type(value) is int and series.last <= value <= MAX_VALUE:
        series.last = value
        return series.base + value
    if value is None:
        return None
    if isinstance(value, float):
        rejected.add(SPECIAL if value != value or abs(value) == float("inf") else INTEGER)
        return None
    if not 0 <= value <= MAX_VALUE:
        rejected.add(RANGE)
        return None
    rejected.add(DECREASING)
    return None


def _last_of_many(plan: Plan, columns: list[Any], uptimes: Sequence[int], rejected: Reasons) -> list[rows.Value]:
    """The last value of each gauge, then counter; calm as in _single()."""
    n, shape = len(uptimes), plan.shape
    bounds = plan.quiet if plan.calm and plan.quiet is not None else None if plan.watches else shape.bounds
    values = None if bounds is None else shape.plain_ends(columns, bounds)
    if values is not None:
        for series, column in zip(plan.counters, shape.pick_counters(columns), strict=False):
            values.append(_counters(series, column, n, rejected)[-1])
        return values
    every = [
        _gauges(series, column, n, rejected)
        for series, column in zip(plan.gauges, shape.pick_gauges(columns), strict=False)
    ]
    for series, column in zip(plan.counters, shape.pick_counters(columns), strict=False):
        every.append(_counters(series, column, n, rejected))
    for place, watch in plan.watches:
        watch.observe_all(every[place], uptimes)
    plan.look()
    return [one[-1] for one in every]


def _gauges(series: Series, column: Any, n: int, rejected: Reasons) -> list[Any]:
    values = integers(column, n, series.metric.least, series.metric.greatest)
    return [_gauge(series, value, rejected) for value in expand(column, n)] if values is None else values


def _counters(series: CounterSeries, column: Any, n: int, rejected: Reasons) -> list[Any]:
    """The totals; when nobody watches them perhaps the last alone."""
    totals = integers(column, n, series.last, MAX_VALUE)
    if totals is None or totals != sorted(totals):
        return [_counter(series, value, rejected) for value in expand(column, n)]
    series.last, base = totals[-1], series.base
    return [base + total for total in totals] if series.watches else [base + totals[-1]]


def _of_histogram(histogram: HistogramSeries, columns: list[Any], n: int, rejected: Reasons) -> tuple[int, ...] | None:
    """The last sample of it."""
    value: tuple[int, ...] | None = None
    for row in zip(*(expand(column, n) for column in columns), strict=True):
        value = _histogram(histogram, row, rejected)
    return value


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
