"""A row's columns into samples of remote write: names, labels and values as the page of /metrics has them."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator, Sequence

from host_bridge.core.numerals import canonical
from host_bridge.core.records import KeptSeries, Value
from host_bridge.sinks.remote_write.outgoing import Outgoing
from host_bridge.sinks.remote_write.protobuf import encode_labels

# Time in Unix milliseconds, the series' labels as they are sent, value. The labels tell series apart.
Sample = tuple[int, bytes, float]

# Prometheus marks the end of a series with one special NaN (0x7ff0000000000002, model/value/value.go) and writes this
# one for every other. A NaN of a board may carry any payload; it must never say that the series has ended.
NAN: float = struct.unpack("<d", bytes.fromhex("010000000000f87f"))[0]
MAX_NAMES = 100_000  # series whose encoded labels are kept; the bridge's own limit on series is of this order


def float64(value: int | float, scale: int) -> float:
    """value * 10**scale, rounded once: Python divides integers, and makes floats of them, correctly rounded."""
    if isinstance(value, float):
        return NAN if value != value else value
    return value / 10**-scale if scale < 0 else float(value * 10**scale)


class Names:
    """Labels of series, encoded. `external`: labels of every series, such as job and instance."""

    def __init__(self, external: Iterable[tuple[str, str]] = ()) -> None:
        self._external = dict(external)
        self._known: dict[tuple[str, str, KeptSeries], tuple[bytes, ...]] = {}

    def of(self, device_id: str, platform: str, series: KeptSeries) -> tuple[bytes, ...]:
        """One for a series with one value; of a histogram those of its buckets, of its sum and of its count."""
        key = device_id, platform, series
        found = self._known.get(key)
        if found is None:
            if len(self._known) >= MAX_NAMES:
                self._known.clear()
            found = self._known[key] = tuple(
                encode_labels(self._labels(key, suffix, le)) for suffix, le in _members(series)
            )
        return found

    def _labels(self, key: tuple[str, str, KeptSeries], suffix: str, le: str) -> dict[str, str]:
        device_id, platform, series = key
        labels = {"device_id": device_id, "platform": platform, **dict(series.labels), "le": le}
        # What a scrape does with a label that the target has already (honor_labels: false): so both give one series.
        labels = {f"exported_{name}" if name in self._external else name: value for name, value in labels.items()}
        labels = {**labels, **self._external, "__name__": series.name + suffix}
        return {name: value for name, value in labels.items() if value}


def _members(series: KeptSeries) -> list[tuple[str, str]]:
    """Suffix and `le` of each series that the page has for this one."""
    if not series.bounds:
        return [("", "")]
    bounds = [canonical(bound, series.scale) for bound in series.bounds]
    return [*(("_bucket", bound) for bound in (*bounds, "+Inf")), ("_sum", ""), ("_count", "")]


def samples_of(row: Outgoing, names: Names) -> Iterator[Sample]:
    """The samples of a row. Missing values have none; a histogram has all of its lines or none."""
    n, first = len(row.times), 0
    for series in row.series:
        labels = names.of(row.device_id, row.platform, series)
        columns = [row.values[n * column : n * (column + 1)] for column in range(first, first + series.width)]
        first += series.width
        if series.bounds:
            yield from _histogram(row.times, columns, labels, series.scale)
        else:
            for time, value in zip(row.times, columns[0], strict=True):
                if value is not None:
                    yield time, labels[0], float64(value, series.scale)


def _histogram(
    times: Sequence[int], columns: Sequence[Sequence[Value]], labels: Sequence[bytes], scale: int
) -> Iterator[Sample]:
    """Buckets become cumulative; the columns are not: those of the bounds, of what is beyond, of the sum."""
    for time, *row in zip(times, *columns, strict=True):
        totals = [value for value in row if isinstance(value, int)]
        if len(totals) < len(row):
            continue
        below = 0
        for bucket, observations in zip(labels, totals[:-1], strict=False):
            below += observations
            yield time, bucket, float(below)
        yield time, labels[-2], float64(totals[-1], scale)
        yield time, labels[-1], float(below)
