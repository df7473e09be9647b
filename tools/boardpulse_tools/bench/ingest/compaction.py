"""What a message costs the history later: its place in a chunk.

The store compacts a board's rows when it has ENOUGH_ROWS of them, which at one a second is after minutes: no stream of
this bench is long enough to meet it. So it is measured apart, in this process, on the same samples, and added.
"""

from __future__ import annotations

import tempfile
import time
from contextlib import closing
from pathlib import Path

from boardpulse_tools.bench import trace
from boardpulse_tools.bench.ingest.fleet import ROW_STEP
from boardpulse_tools.processes import ProcessError
from host_bridge.core.catalogue import BY_KEY
from host_bridge.core.records import KeptGroup, KeptSeries, SamplesRecord
from host_bridge.sinks.history import Store
from host_bridge.sinks.history.journal import ENOUGH_ROWS

DEVICES = 50


def cpu_us_per_message() -> float:
    """Microseconds of processor time that compaction takes for a frame of one sample of ten metrics."""
    now_ms = time.time_ns() // 1_000_000
    with (
        tempfile.TemporaryDirectory(prefix="boardpulse-bench-") as folder,
        closing(Store.open(Path(folder) / "history.db")) as store,
    ):
        for records in _commits(now_ms):
            store.commit(records)
        before_s = time.process_time()
        while store.compact(now_ms):
            pass
        used_s = time.process_time() - before_s
        if store.journal_rows:
            raise ProcessError(f"{store.journal_rows} frames are not compacted: ENOUGH_ROWS means something else now")
    return used_s / (DEVICES * ENOUGH_ROWS) * 1e6


def _commits(now_ms: int) -> list[list[SamplesRecord]]:
    recorded = trace.load()
    rows = list(zip(*recorded.columns.values(), strict=True))
    groups = [KeptGroup(f"bench-{device}", "esp32", _series()) for device in range(DEVICES)]
    return [
        [
            SamplesRecord(group, 1, seq, [at], list(rows[(seq + device * ROW_STEP) % len(rows)]), at / 1000)
            for device, group in enumerate(groups)
        ]
        for seq, at in enumerate(range(now_ms - 1000 * ENOUGH_ROWS, now_ms, 1000))
    ]


def _series() -> tuple[KeptSeries, ...]:
    by_name = {metric.name: metric for metric in BY_KEY.values()}
    metrics = [by_name[name] for name in trace.CATALOGUE_NAMES.values()]
    return tuple(KeptSeries(metric.name, (), metric.type, metric.scale) for metric in metrics)
