"""What is measured: each a process that subscribes to the load and counts on a page what it takes."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from boardpulse_tools.bench.ingest import compaction, counting, floor
from boardpulse_tools.bench.trace import CATALOGUE_NAMES
from boardpulse_tools.bridge import Bridge
from boardpulse_tools.network import LOOPBACK, free_port, listening
from boardpulse_tools.processes import Process, wait_until
from boardpulse_tools.scrape import Scraper

START_TIMEOUT_S = 20.0
OURS, DURABLE, BATCH = "boardpulse", "boardpulse with history", "boardpulse, ten samples"
PAHO_QOS_0, PAHO_QOS_1 = "paho, QoS 0", "paho, QoS 1"
TEN = 10

# Five of the ten metrics are watched, as somebody would who has read docs/metrics.md; none is beyond its limit.
THRESHOLDS = """
[[threshold]]
metric = "temperature_celsius"
warning_above = 70
critical_above = 85
clear_below = 65
for_seconds = 60

[[threshold]]
metric = "memory_free_bytes"
warning_below = 8192
critical_below = 2048

[[threshold]]
metric = "voltage_volts"
warning_below = 2.9
critical_below = 2.7
for_seconds = 10

[[threshold]]
metric = "loop_lag_seconds"
warning_above = 5

[[threshold]]
metric = "wifi_signal_dbm"
warning_below = -95
for_seconds = 120
"""

Count = Callable[[str], float]  # of a page


@dataclass(frozen=True, slots=True)
class Running:
    """A subject's process and its page. `taken`: the messages that it has counted; `wrong`: those that it has refused,
    or believes to have missed."""

    process: Process
    start: Callable[[], None]
    http_port: int
    taken: Count
    wrong: Count = lambda page: 0

    def page(self) -> str:
        """Its /metrics."""
        with Scraper(LOOPBACK, self.http_port) as scraper:
            return scraper.get()


@dataclass(frozen=True, slots=True)
class Subject:
    """Something to measure. `make`, with a folder and a broker's port, makes it, not started.

    json: it is sent objects of one sample, else our frames of `batch` samples. topic: the filter that it subscribes to.
    apart: what a message costs besides, in microseconds, which a short stream does not show.
    prefix: of the ten metrics on its page; empty: it has none of them. probed: what a board sends shows on its page.
    """

    name: str
    make: Callable[[Path, int], Running]
    qos: int = 0
    batch: int = 1
    json: bool = False
    topic: str = counting.TOPIC
    prefix: str = ""
    probed: bool = False
    apart: Callable[[], float] = lambda: 0.0

    def series(self, page: str) -> int:
        """How many series of the ten metrics are on its page."""
        if not self.prefix:
            return 0
        starts = tuple(f"{self.prefix}{name.removeprefix('device_')}{{" for name in CATALOGUE_NAMES.values())
        return sum(line.startswith(starts) for line in page.splitlines())


def own_subjects() -> list[Subject]:
    """All but the peers."""
    return [
        boardpulse(OURS),
        boardpulse(DURABLE, durable=True),
        boardpulse(BATCH, batch=TEN),
        paho(PAHO_QOS_0, 0),
        paho(PAHO_QOS_1, 1),
    ]


def boardpulse(name: str, *, batch: int = 1, durable: bool = False) -> Subject:
    """Our bridge with thresholds. `durable`: with history, so that QoS 1 is acknowledged after the commit."""

    def make(folder: Path, broker_port: int) -> Running:
        bridge = Bridge(folder, mqtt_port=broker_port, more=THRESHOLDS, history="" if durable else None)
        return Running(bridge.process, bridge.start, bridge.port, _frames, _frames_wrong)

    own = Subject(name, make, batch=batch, prefix="device_", probed=True)
    return replace(own, qos=1, apart=compaction.cpu_us_per_message) if durable else own


def paho(name: str, qos: int) -> Subject:
    """The floor."""

    def make(folder: Path, broker_port: int) -> Running:
        port = free_port()
        command = [sys.executable, "-m", floor.__name__, str(broker_port), str(port), str(qos)]
        process = Process("paho", command, folder / "paho.log")
        return Running(process, starter(process, port), port, lambda page: sum_of(page, counting.COUNTER))

    return Subject(name, make, qos=qos)


def starter(process: Process, http_port: int) -> Callable[[], None]:
    """What starts a process and waits until it answers."""

    def start() -> None:
        process.start()
        wait_until(lambda: listening(LOOPBACK, http_port), START_TIMEOUT_S, f"page of {process.name}", process)

    return start


def sum_of(page: str, start: str) -> float:
    """The sum over all series that begin so. Lines are not looked at further: pages are long, and read often."""
    return sum(float(line.rpartition(" ")[2]) for line in page.splitlines() if line.startswith(start))


def _frames(page: str) -> float:
    """By the ledgers of all boards: each frame once, however often it came."""
    return sum(sum_of(page, f"device_frames_{part}_total{{") for part in ("received", "recovered"))


def _frames_wrong(page: str) -> float:
    return sum_of(page, "boardpulse_frames_rejected_total{") + sum_of(page, "device_frames_lost_total{")
