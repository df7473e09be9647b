"""Asks a server for samples that were sent to it late, and compares each: is it there, and at its time?"""

import bisect
import json
import math
import struct
import urllib.parse
import urllib.request
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

TIMEOUT_S = 30.0
WITHIN_S = 60.0
STEP_S = 3600.0  # of what is asked for at once: servers bound the samples of an answer


class ExpectedSeries(NamedTuple):
    """What a series is to have. Times in Unix seconds; labels that it has at least."""

    metric: str
    labels: Mapping[str, str]
    times: Sequence[float]
    values: Sequence[float]


def backfill_gaps(base_url: str, expected: Iterable[ExpectedSeries], within_s: float = WITHIN_S) -> tuple[int, float]:
    """(missing, time_error_s) of the server at `base_url`, a Prometheus or VictoriaMetrics.

    A sample is there when its series has its value, bit for bit (NaN as NaN), not further than `within_s` from its
    time; each found sample counts for one. time_error_s: the largest distance among those that are there.
    """
    missing, error_s = 0, 0.0
    for series in expected:
        if not series.times:
            continue
        there = found_samples(base_url, series, within_s)
        for time, value in sorted(zip(series.times, series.values, strict=True)):
            distance_s = _take_nearest(there.get(_bits(value), []), time)
            if distance_s > within_s:
                missing += 1
            else:
                error_s = max(error_s, distance_s)
    return missing, error_s


def found_samples(base_url: str, series: ExpectedSeries, within_s: float) -> dict[bytes, list[float]]:
    """Times in order, by value, of the series that have the labels."""
    found: dict[bytes, set[float]] = {}
    start, end = min(series.times) - within_s, max(series.times) + within_s
    while start <= end:
        # A range selector covers what is after its beginning, or at it, up to its end: versions differ.
        for labels, points in matrix(base_url, selector(series), start + STEP_S, STEP_S + 1):
            for time, text in points:
                found.setdefault(_bits(float(text)) + labels, set()).add(time)
        start += STEP_S
    by_value: dict[bytes, list[float]] = {}
    for key, times in found.items():
        by_value.setdefault(key[:8], []).extend(times)
    return {value: sorted(times) for value, times in by_value.items()}


def matrix(base_url: str, what: str, at: float, window_s: float) -> list[tuple[bytes, list[tuple[float, str]]]]:
    """The raw samples of each series that `what` selects, from `window_s` before `at` on."""
    query = urllib.parse.urlencode({"query": f"{what}[{math.ceil(window_s * 1000)}ms]", "time": f"{at:.3f}"})
    url = f"{base_url}/api/v1/query?{query}"
    with urllib.request.urlopen(url, timeout=TIMEOUT_S) as answer:  # noqa: S310 - the caller's http://
        data = json.load(answer)["data"]
    if data["resultType"] != "matrix":
        raise ValueError(f"{url} gives a {data['resultType']}, not samples")
    return [
        (json.dumps(one["metric"], sort_keys=True).encode(), [(time, text) for time, text in one["values"]])
        for one in data["result"]
    ]


def selector(series: ExpectedSeries) -> str:
    """The series in PromQL."""
    labels = ",".join(f"{name}={json.dumps(value, ensure_ascii=False)}" for name, value in series.labels.items())
    return f"{series.metric}{{{labels}}}"


def _bits(value: float) -> bytes:
    return struct.pack("<d", math.nan if value != value else value)


def _take_nearest(times: list[float], time: float) -> float:
    """Take the nearest of the times out; its distance, or infinity where there is none."""
    if not times:
        return math.inf
    after = bisect.bisect_left(times, time)
    nearest = min(
        (index for index in (after - 1, after) if 0 <= index < len(times)), key=lambda i: abs(times[i] - time)
    )
    return abs(times.pop(nearest) - time)
