"""What history gets of a samples frame: every sample, checked as for the page, counters as totals over the boots."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from host_bridge.core.plan import Plan, integers
from host_bridge.core.records import Value
from host_bridge.core.series import CounterSeries, HistogramSeries, Series
from shared_schema.columns import expand
from shared_schema.messages import MAX_VALUE
from shared_schema.parse import Samples

Bases = Mapping[Series, int | tuple[int, ...]]  # what the boots before one had counted, by counter and histogram
NO_BASES: Bases = {}


def kept_values(plan: Plan, samples: Samples, bases: Bases | None) -> list[Value]:
    """The columns of plan.kept, one after the other. `bases`: those of an earlier boot; None for the present one."""
    columns = samples.columns
    out = _single(plan, columns, bases) if samples.n == 1 else _many(plan, columns, samples.n, bases)
    for start, stop, histogram in plan.histograms:
        out += _histogram(histogram, columns[start:stop], samples.n, bases)
    return out


def _single(plan: Plan, columns: list[Any], bases: Bases | None) -> list[Value]:
    shape = plan.shape
    out: list[Any] | None = shape.plain_gauges(columns, shape.bounds)
    if out is None:
        flat = [value[0] if type(value) is list else value for value in shape.pick_gauges(columns)]
        out = [_gauge(series, value) for series, value in zip(plan.gauges, flat, strict=False)]
    for series, value in zip(plan.counters, shape.pick_counters(columns), strict=False):
        out.append(_counter(value[0] if type(value) is list else value, _base(series, bases)))
    return out


def _many(plan: Plan, columns: list[Any], n: int, bases: Bases | None) -> list[Value]:
    out: list[Value] = []
    for series, column in zip(plan.gauges, plan.shape.pick_gauges(columns), strict=False):
        values = integers(column, n, series.metric.least, series.metric.greatest)
        out += [_gauge(series, value) for value in expand(column, n)] if values is None else values
    for one, column in zip(plan.counters, plan.shape.pick_counters(columns), strict=False):
        base = _base(one, bases)
        totals = integers(column, n, 0, MAX_VALUE - base)
        if totals is None:
            out += [_counter(value, base) for value in expand(column, n)]
        else:
            out += [base + total for total in totals] if base else totals
    return out


def _gauge(series: Series, value: Value) -> Value:
    if value is None:
        return None
    if isinstance(value, float):
        return value if value != value or abs(value) == float("inf") else None
    return value if series.metric.least <= value <= series.metric.greatest else None


def _counter(value: Value, base: int) -> int | None:
    """Whether it rises is not looked at: frames of history may come in any order."""
    return base + value if type(value) is int and 0 <= value <= MAX_VALUE - base else None


def _base(series: CounterSeries, bases: Bases | None) -> int:
    base = series.base if bases is None else bases.get(series, 0)
    return base if isinstance(base, int) else 0


def _histogram(histogram: HistogramSeries, columns: list[Any], n: int, bases: Bases | None) -> list[Value]:
    """Its columns; a sample of which one column cannot be right is missing in all."""
    width = len(histogram.bounds) + 2
    base = histogram.bases if bases is None else bases.get(histogram, ())
    if not isinstance(base, tuple) or len(base) != width:
        base = (0,) * width
    rows: list[tuple[Value, ...]] = []
    for row in zip(*(expand(column, n) for column in columns), strict=True):
        pairs = zip(row, base, strict=True)
        right = all(type(value) is int and abs(value) + start <= MAX_VALUE for value, start in pairs)
        whole = right and min(row[:-1]) >= 0
        rows.append(tuple(map(int.__add__, row, base)) if whole else (None,) * width)
    return [value for column in zip(*rows, strict=True) for value in column]
