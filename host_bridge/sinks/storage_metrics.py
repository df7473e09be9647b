"""boardpulse_history_* and, where it is configured, boardpulse_remote_write_*: what became of what was taken."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Protocol

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from host_bridge.sinks.history import StoreWriter

if TYPE_CHECKING:
    from host_bridge.sinks.remote_write.writer import RemoteWriter


class StorageNumbers(Protocol):
    """What is exposed of a storage."""

    @property
    def writer(self) -> StoreWriter | None: ...

    @property
    def remote(self) -> RemoteWriter | None: ...


class StorageMetrics:
    """A collector; reads the counts when it is scraped."""

    def __init__(self, storage: StorageNumbers) -> None:
        self._storage = storage

    def describe(self) -> Iterable[Metric]:
        """Names, for the registry."""
        return self.collect()

    def collect(self) -> Iterable[Metric]:
        """All metrics, as they are now."""
        writer = self._storage.writer
        text = "1 while the history store commits; 0: frames are shown, but not acknowledged."
        available = writer is not None and writer.available
        yield GaugeMetricFamily("boardpulse_history_available", text, value=int(available))
        if writer is not None:
            yield from _history(writer)
        if self._storage.remote is not None:
            yield from self._storage.remote.stats.collect()


def _history(writer: StoreWriter) -> Iterable[Metric]:
    text = "1 once damage was found in the history's file, also while the store commits."
    yield GaugeMetricFamily("boardpulse_history_damaged", text, value=int(bool(writer.damage.text)))
    yield _counter("unavailable_seconds", "Time for which the store could not commit.", writer.unavailable_seconds)
    yield _counter("commits", "Transactions of the store.", writer.commits)
    yield _counter("commit_seconds", "Time spent in transactions.", writer.commit_seconds)
    yield _counter("records", "Frames and states that are committed.", writer.records)
    yield _counter("values", "Single values of samples that are committed.", writer.samples)
    yield _counter("deleted_samples", "Samples deleted for their age, or for room.", writer.upkeep.deleted_samples)
    yield _counter("deleted_events", "Events deleted for their age, or for room.", writer.upkeep.deleted_events)
    text = "Size of the store's files."
    yield GaugeMetricFamily("boardpulse_history_size_bytes", text, value=writer.upkeep.size_bytes)
    text = "Records that wait for their transaction."
    yield GaugeMetricFamily("boardpulse_history_queue_records", text, value=writer.queue_depth)
    text = "For how long nothing of what waits was committed; it grows while the disk does not answer."
    yield GaugeMetricFamily("boardpulse_history_waiting_seconds", text, value=writer.waits_s)
    text = "When the last transaction succeeded."
    yield GaugeMetricFamily("boardpulse_history_last_commit_timestamp_seconds", text, value=writer.last_commit_at)


def _counter(name: str, text: str, value: float) -> Metric:
    return CounterMetricFamily(f"boardpulse_history_{name}", text, value=value)
