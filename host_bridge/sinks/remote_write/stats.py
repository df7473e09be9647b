"""What the writer has done, for any thread, and as metrics of the bridge about itself."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from host_bridge.sinks.remote_write.answer import REASONS

PREFIX = "boardpulse_remote_write_"


class Stats:
    """Counts since the start. The writer's thread writes; it is a collector for SelfMetrics.registry, too."""

    def __init__(self, wall: Callable[[], float]) -> None:
        self._wall = wall
        self._lock = threading.Lock()
        self._dropped = dict.fromkeys(REASONS, 0)
        self._sent = 0
        self._retries = 0
        self._spool_rows = 0
        self._spool_bytes = 0
        self._oldest_ms: int | None = None
        self._working = True

    @property
    def sent(self) -> int:
        """Samples that the server has taken."""
        return self._sent

    @property
    def dropped(self) -> dict[str, int]:
        """Samples that will never be sent, by reason."""
        with self._lock:
            return dict(self._dropped)

    @property
    def retries(self) -> int:
        """Requests that have to be made again."""
        return self._retries

    @property
    def spool_rows(self) -> int:
        """Frames that waited when the writer last looked."""
        return self._spool_rows

    @property
    def spool_bytes(self) -> int:
        """What they took of the file."""
        return self._spool_bytes

    @property
    def working(self) -> bool:
        """Whether the last request was answered in a way that lets us go on; true before the first."""
        return self._working

    @property
    def lag_s(self) -> float:
        """The age of the oldest sample in hand; 0 when all are sent. An outage's samples are as old as it was long."""
        oldest_ms = self._oldest_ms
        return 0.0 if oldest_ms is None else max(0.0, self._wall() - oldest_ms / 1000)

    def count_sent(self, samples: int) -> None:
        """So many samples were taken."""
        with self._lock:
            self._sent += samples
            self._working = True

    def answered(self) -> None:
        """The server works, though it refused what it was sent."""
        with self._lock:
            self._working = True

    def count_dropped(self, reason: str, samples: int) -> None:
        """So many samples were given up."""
        with self._lock:
            self._dropped[reason] += samples

    def count_retry(self) -> None:
        """A request has to be made again."""
        with self._lock:
            self._retries += 1
            self._working = False

    def waiting(self, rows: int, size: int, oldest_ms: int | None) -> None:
        """What is still to be sent."""
        with self._lock:
            self._spool_rows = rows
            self._spool_bytes = size
            self._oldest_ms = oldest_ms

    def describe(self) -> Iterable[Metric]:
        """Names, for the registry."""
        return self.collect()

    def collect(self) -> Iterable[Metric]:
        """All metrics, as they are now."""
        sent = "Samples that the server of remote write has taken."
        yield CounterMetricFamily(f"{PREFIX}samples_sent", sent, value=self.sent)
        text = "Samples that were to be sent by remote write and never will be, by reason."
        dropped = CounterMetricFamily(f"{PREFIX}samples_dropped", text, labels=("reason",))
        for reason, samples in self.dropped.items():
            dropped.add_metric((reason,), samples)
        yield dropped
        retries = "Requests of remote write that had to be made again."
        yield CounterMetricFamily(f"{PREFIX}retries", retries, value=self.retries)
        lag = "Age of the oldest sample that waits for remote write; 0 when none waits."
        yield GaugeMetricFamily(f"{PREFIX}lag_seconds", lag, value=self.lag_s)
        rows = "Frames that wait for remote write."
        yield GaugeMetricFamily(f"{PREFIX}spool_rows", rows, value=self.spool_rows)
        size = "What frames that wait for remote write take of the history's file."
        yield GaugeMetricFamily(f"{PREFIX}spool_bytes", size, value=self.spool_bytes)
        up = "0 while requests of remote write fail."
        yield GaugeMetricFamily(f"{PREFIX}up", up, value=int(self.working))
