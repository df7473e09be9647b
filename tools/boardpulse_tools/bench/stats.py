"""Summaries of measured values."""

import math
import statistics
from collections.abc import Sequence


def percentile(values: Sequence[float], percent: float) -> float:
    """The least of `values` that `percent` of them do not exceed (nearest rank): one that was measured."""
    if not values:
        raise ValueError("no values to take a percentile of")
    rank = max(1, math.ceil(len(values) * percent / 100))
    return sorted(values)[rank - 1]


def summary(values: Sequence[float]) -> dict[str, float]:
    """Count, mean, median, p95, p99, least, greatest and standard deviation, in the unit of the values."""
    return {
        "count": len(values),
        "mean": statistics.fmean(values),
        "median": statistics.median(values),
        "p95": percentile(values, 95),
        "p99": percentile(values, 99),
        "min": min(values),
        "max": max(values),
        "stdev": statistics.pstdev(values),
    }
