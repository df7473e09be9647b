"""What the history store takes, and what it costs: the recorded hour, over and over until a day is full."""

import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from boardpulse_tools.bench import trace
from boardpulse_tools.bench.report import Goal
from boardpulse_tools.bench.stats import percentile
from host_bridge.core.catalogue import BY_KEY
from host_bridge.core.records import BootRecord, DeviceRecord, KeptGroup, KeptSeries, Record, SamplesRecord
from host_bridge.sinks.history import Store
from host_bridge.sinks.history.query import History

DAY = 86_400  # samples of each metric, one a second
BATCH = 256  # frames that the engine hands over at once, under load
QUERIES = 5
STATE = bytes(300)  # what the core keeps of a boot and a device, about
FIRST_MS = 1_700_000_000_000
METRIC = "device_temperature_celsius"


def history_numbers(samples: int = DAY, folder: Path | None = None) -> dict[str, float]:
    """`history_samples_per_s`: values committed and compacted in a second of one thread's time, frames of ten metrics.

    `history_bytes_per_sample`: of the file, all of it in columns. `history_day_query_ms`: the median time in which all
    `samples` of one metric are read. `folder`: on which disk.
    """
    where = Path(tempfile.mkdtemp(prefix="boardpulse-bench-", dir=folder))
    try:
        return _measure(where / "history.db", samples)
    finally:
        shutil.rmtree(where)


def _measure(path: Path, samples: int) -> dict[str, float]:
    batches = list(_batches(samples))
    values = sum(len(record.values) for batch in batches for record in batch if isinstance(record, SamplesRecord))
    with closing(Store.open(path)) as store:
        began = time.perf_counter()
        for batch in batches:
            store.commit(batch)
            store.compact(FIRST_MS)
        while store.compact(FIRST_MS + 2 * DAY * 1000):  # by their age, the last ones too
            pass
        took = time.perf_counter() - began
        if store.journal_rows:
            raise RuntimeError(f"{store.journal_rows} frames are not compacted: this does not measure what it should")
    return {
        "history_samples_per_s": values / took,
        "history_bytes_per_sample": path.stat().st_size / values,
        "history_day_query_ms": _query_ms(path, samples),
    }


def _batches(samples: int) -> Iterator[list[Record]]:
    """Frames of one sample, as a board sends them that is not to be late, and the states that go with each batch."""
    recorded = trace.load()
    group = KeptGroup("bench", "esp32", tuple(_series(trace.CATALOGUE_NAMES[name]) for name in recorded.columns))
    rows = list(zip(*recorded.columns.values(), strict=True))
    for first in range(0, samples, BATCH):
        batch: list[Record] = [
            SamplesRecord(group, 1, i, [FIRST_MS + 1000 * i], list(rows[i % len(rows)]), FIRST_MS / 1000 + i)
            for i in range(first, min(first + BATCH, samples))
        ]
        yield [*batch, BootRecord("bench", 1, STATE), DeviceRecord("bench", "esp32", STATE, (1,))]


def _series(name: str) -> KeptSeries:
    metric = next(metric for metric in BY_KEY.values() if metric.name == name)
    return KeptSeries(name, (), metric.type, metric.scale)


def _query_ms(path: Path, samples: int) -> float:
    took = []
    with closing(History.open(path)) as history:
        for _ in range(QUERIES):
            began = time.perf_counter()
            (found,) = history.samples("bench", METRIC, FIRST_MS, FIRST_MS + 1000 * samples)
            took.append((time.perf_counter() - began) * 1000)
            if len(found.values) != samples:
                raise RuntimeError(f"{len(found.values)} of {samples} samples came back")
    return percentile(took, 50)


def goals(measured: dict[str, float]) -> list[Goal]:
    """What is to be reached."""
    return [
        Goal("history_samples_per_s", measured["history_samples_per_s"], 50_000, at_least=True),
        Goal("history_bytes_per_sample", measured["history_bytes_per_sample"], 32),
        Goal("history_day_query_ms", measured["history_day_query_ms"], 50),
    ]
