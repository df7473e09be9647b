"""What there is of each series, without reading the samples."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from host_bridge.core.records import KeptSeries
from host_bridge.sinks.history.groups import series_of

# Rows of the journal up to grp.compacted are in chunks already.
_SQL = """
WITH extent (grp, t0, t1, n) AS (
    SELECT grp, min(t0), max(t1), sum(n) FROM chunk GROUP BY grp
    UNION ALL
    SELECT grp, min(t0), max(t1), sum(n) FROM journal JOIN grp ON grp.id = journal.grp
        WHERE journal.id > compacted GROUP BY grp
)
SELECT device.device_id, name, labels, type, scale, bounds, min(t0), max(t1), sum(n)
    FROM extent JOIN grp_series USING (grp)
        JOIN series ON series.id = grp_series.series
        JOIN device ON device.id = series.device
    WHERE ?1 = '' OR device.device_id = ?1
    GROUP BY series.id ORDER BY device.device_id, name, labels, series.id
"""


@dataclass(frozen=True, slots=True)
class Extent:
    """Of a series: its first and last sample, Unix milliseconds, and how many there are."""

    device_id: str
    series: KeptSeries
    first_ms: int
    last_ms: int
    samples: int


def read_extents(connection: sqlite3.Connection, device_id: str) -> list[Extent]:
    """Of a device, or of all where the id is empty, in the order of names; series without samples are left out.

    Those that differ in scale, type or bounds alone are one, of the last of these.
    """
    found: dict[tuple[object, ...], Extent] = {}
    for device, *row, first, last, samples in connection.execute(_SQL, (device_id,)):
        series = series_of(row)
        first, last, samples = int(first), int(last), int(samples)
        key = (device, series.name, series.labels)
        before = found.get(key)
        if before is not None:
            first, last = min(first, before.first_ms), max(last, before.last_ms)
            samples += before.samples
        found[key] = Extent(str(device), series, first, last, samples)
    return list(found.values())
