"""How long ingest pauses while a large page is scraped: by a probe among the bridge's sources (probed_bridge.py)."""

from __future__ import annotations

import array
import sys
import time
from pathlib import Path
from typing import Any

from boardpulse_tools.bench.exposition.probed_bridge import PERIOD_S
from boardpulse_tools.bench.exposition.rig import Rig
from boardpulse_tools.bench.stats import summary
from boardpulse_tools.bridge import Bridge
from boardpulse_tools.network import LOOPBACK
from boardpulse_tools.processes import Process

STOP_S = 10.0
Window = tuple[float, float]


class ProbedRig(Rig):
    """A rig whose bridge has the probe for a source."""

    def make_bridge(self, folder: Path, broker_port: int) -> Bridge:
        """The same bridge, run by another program."""
        bridge = super().make_bridge(folder, broker_port)
        self.out = folder / "probe.bin"
        program = [sys.executable, "-m", "boardpulse_tools.bench.exposition.probed_bridge"]
        bridge.process = Process("bridge", [*program, bridge.config, self.out], folder / "bridge.log")
        return bridge

    def taken(self) -> array.array[float]:
        """End the bridge: pairs of when a frame was due, and how long until the engine had taken it."""
        self.bridge.process.stop(STOP_S)
        pairs = array.array("d")
        pairs.frombytes(self.out.read_bytes())
        return pairs


def measure(folder: Path, devices: int, rounds: int) -> dict[str, Any]:
    """Milliseconds: for each scrape of which all values have changed the longest pause; and without any scrape."""
    scraped: list[Window] = []
    quiet: list[Window] = []
    with ProbedRig(folder, devices) as rig, rig.stopwatch(LOOPBACK) as watch:
        rig.next_round(1)
        first = watch.scrape()  # another matter: every line is drawn for the first time
        for _ in range(rounds):
            who = rig.next_round(1)
            scrape = watch.scrape()
            scraped.append((scrape.began, scrape.began + scrape.seconds))
            rig.check(scrape, who)
            began = time.monotonic()
            time.sleep(scrape.seconds)
            quiet.append((began, began + scrape.seconds))
        pairs = rig.taken()
    first_ms = longest_ms(pairs, (first.began, first.began + first.seconds))
    pauses = [longest_ms(pairs, window) for window in scraped]
    return {
        "scraped_ms": summary(pauses),
        "quiet_ms": summary([longest_ms(pairs, window) for window in quiet]),
        "first_ms": first_ms,
        "first_scrape_s": first.seconds,
        "scrape_s": summary([end - began for began, end in scraped]),
        "frames_per_s": 1 / PERIOD_S,
        "frames_in_scrapes": sum(_within(pairs, window) for window in scraped),
    }


def longest_ms(pairs: array.array[float], window: Window) -> float:
    """The longest that a frame which was due within the window waited for the engine, in milliseconds."""
    began, end = window
    waits = [pairs[i + 1] for i in range(0, len(pairs), 2) if began <= pairs[i] <= end]
    if not waits:
        raise ValueError("no frame was due while the page was scraped: the scrape is shorter than the probe's period")
    return max(waits) * 1000


def _within(pairs: array.array[float], window: Window) -> int:
    return sum(window[0] <= pairs[i] <= window[1] for i in range(0, len(pairs), 2))
