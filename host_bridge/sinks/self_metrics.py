"""The bridge's metrics about itself, boardpulse_*, in a registry of their own."""

from __future__ import annotations

import platform
import threading
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Protocol

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.exposition import generate_latest
from prometheus_client.openmetrics.exposition import generate_latest as generate_openmetrics

from host_bridge.core.fleet import Fleet
from host_bridge.core.liveness import STATES
from shared_schema import messages as m
from shared_schema.errors import REASONS

KINDS = {m.HELLO: "hello", m.SAMPLES: "samples", m.EVENT: "event", m.SPAN: "span", m.BYE: "bye", m.STATE: "state"}
OTHER = "other"  # kinds of later versions
SCRAPE_BOUNDS_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)


class EngineNumbers(Protocol):
    """What is exposed of an engine."""

    refused_full: int
    bugs: int

    @property
    def healthy(self) -> bool: ...

    @property
    def queue_depth(self) -> int: ...


class SelfMetrics:
    """Reads the core's plain counts when it is scraped; the core knows nothing of Prometheus. For any thread."""

    def __init__(self, engine: EngineNumbers, fleet: Fleet, version: str) -> None:
        self._engine = engine
        self._fleet = fleet
        self._version = version
        self._lock = threading.Lock()
        self._brokers: dict[str, bool] = {}
        self._dropped: Counter[str] = Counter()
        self._scrapes = [0] * (len(SCRAPE_BOUNDS_S) + 1)
        self._scrape_seconds = 0.0
        self.registry = CollectorRegistry()
        self.registry.register(self)

    def broker_connected(self, broker: str, connected: bool) -> None:
        """Whether the connection to a broker stands."""
        with self._lock:
            self._brokers[broker] = connected

    def source_dropped(self, source: str, n: int = 1) -> None:
        """A source had to drop frames, because the engine's queue was full."""
        with self._lock:
            self._dropped[source] += n

    def scraped(self, seconds: float) -> None:
        """A page was drawn in so many seconds."""
        with self._lock:
            self._scrapes[sum(seconds > bound for bound in SCRAPE_BOUNDS_S)] += 1
            self._scrape_seconds += seconds

    def render(self, openmetrics: bool = False) -> bytes:
        """These metrics alone; with `# EOF` in OpenMetrics."""
        generate = generate_openmetrics if openmetrics else generate_latest
        return generate(self.registry)

    def describe(self) -> Iterable[Metric]:
        """Names, for the registry and for `?name[]=`; without values."""
        return self.collect()

    def collect(self) -> Iterable[Metric]:
        """All metrics, as they are now."""
        yield from self._frames()
        yield from self._refusals()
        yield from self._fleet_numbers()
        yield from self._engine_numbers()
        with self._lock:
            yield self._scrape_duration()
            yield _gauge("broker_connected", "1 while the connection to the broker stands.", "broker", self._brokers)
            yield _counter(
                "frames_dropped", "Frames that a source dropped, because the queue was full.", "source", self._dropped
            )

    def _frames(self) -> Iterable[Metric]:
        tally = self._fleet.tally
        received = CounterMetricFamily(
            "boardpulse_frames_received", "Frames that were decoded, repeats included.", labels=("source", "kind")
        )
        for source, counts in tally.received.copy().items():
            for kind, name in KINDS.items():
                received.add_metric((source, name), counts[kind])
            received.add_metric((source, OTHER), sum(counts) - sum(counts[kind] for kind in KINDS))
        yield received
        rejected = CounterMetricFamily(
            "boardpulse_frames_rejected", "Frames that were refused, by reason.", labels=("source", "reason")
        )
        counts_by = tally.rejected.copy()
        for source in sorted({*tally.received, *(source for source, _ in counts_by)}):
            for reason in REASONS:
                rejected.add_metric((source, reason), counts_by.get((source, reason), 0))
        yield rejected

    def _refusals(self) -> Iterable[Metric]:
        tally = self._fleet.tally
        yield _counter("values_refused", "Single values that became missing, by reason.", "reason", tally.values.copy())
        yield _counter("series_refused", "Series that were not exposed, by reason.", "reason", tally.series.copy())
        yield _counter("console_lines", "Lines of console text between frames.", "source", tally.console_lines.copy())
        yield _counter("state_errors", "Events that a state table does not know.", "table", tally.table_errors.copy())
        let_go = "Frames that waited for a declaration in vain, and were let go without acknowledgement."
        yield CounterMetricFamily("boardpulse_frames_let_go", let_go, value=tally.let_go)
        refused = "Hellos of devices beyond the limit on devices."
        yield CounterMetricFamily("boardpulse_devices_refused", refused, value=tally.devices_refused)

    def _fleet_numbers(self) -> Iterable[Metric]:
        states = dict.fromkeys(STATES, 0) | self._fleet.states()
        yield _gauge("devices", "Devices by state.", "state", states)
        yield GaugeMetricFamily("boardpulse_series", "Series of all devices.", value=self._fleet.series_total)
        held = "Frames that wait for a declaration."
        yield GaugeMetricFamily("boardpulse_frames_held", held, value=self._fleet.held_total)

    def _engine_numbers(self) -> Iterable[Metric]:
        engine = self._engine
        yield GaugeMetricFamily("boardpulse_up", "1 while the engine takes frames.", value=int(engine.healthy))
        yield GaugeMetricFamily("boardpulse_queue_frames", "Frames that wait for the engine.", value=engine.queue_depth)
        full = "Times that a source found the engine's queue full."
        yield CounterMetricFamily("boardpulse_queue_full", full, value=engine.refused_full)
        bugs = "Errors of the bridge itself; the log has their tracebacks."
        yield CounterMetricFamily("boardpulse_internal_errors", bugs, value=engine.bugs)
        info = GaugeMetricFamily(
            "boardpulse_build_info", "What is running; the value is always 1.", labels=("version", "python")
        )
        info.add_metric((self._version, platform.python_version()), 1)
        yield info

    def _scrape_duration(self) -> Metric:
        below = 0
        buckets: list[tuple[str, float]] = []
        for bound, n in zip((*map(str, SCRAPE_BOUNDS_S), "+Inf"), self._scrapes, strict=True):
            below += n
            buckets.append((bound, below))
        text = "How long it took to draw the page for Prometheus."
        return HistogramMetricFamily("boardpulse_scrape_duration_seconds", text, buckets, self._scrape_seconds)


def _counter(name: str, text: str, label: str, counts: Mapping[str, int]) -> Metric:
    family = CounterMetricFamily(f"boardpulse_{name}", text, labels=(label,))
    for key in sorted(counts):
        family.add_metric((key,), counts[key])
    return family


def _gauge(name: str, text: str, label: str, values: Mapping[str, int]) -> Metric:
    family = GaugeMetricFamily(f"boardpulse_{name}", text, labels=(label,))
    for key in sorted(values):
        family.add_metric((key,), values[key])
    return family
