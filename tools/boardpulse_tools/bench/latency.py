"""From the sample on a board to its value on /metrics: real firmware, real broker or line, real bridge, real scrapes.

The board samples its wall clock; everything runs on one machine, so the poller reads the same clock. A latency ends
when the last byte of the first page that shows the sample has come, so the pause between two polls counts in full.
"""

import random
import time
from contextlib import ExitStack
from http.client import HTTPException
from pathlib import Path
from typing import Any

from boardpulse_tools import broker as brokers
from boardpulse_tools.bench.first_sight import FirstSights
from boardpulse_tools.bench.report import Goal, Table
from boardpulse_tools.bench.stats import summary
from boardpulse_tools.boards import board, interpreter
from boardpulse_tools.bridge import Bridge
from boardpulse_tools.cable import Cable
from boardpulse_tools.processes import ProcessError
from boardpulse_tools.scrape import Scraper, select

LIMIT_MS = 50
DEVICE = "latency"
INTERVAL_MS = 37
# Between two polls, at random, so that they do not fall into step with the board.
MIN_PAUSE_S, MAX_PAUSE_S = 0.001, 0.003
FIRST_SAMPLE_TIMEOUT_S = 15.0
# Samples to leave out while interpreter and bridge warm up.
WARM_UP = 10

NUMBER = "device_bench_sample"
TAKEN = "device_bench_taken_timestamp_seconds"

# The board's main.py: all that the firmware samples by itself, and a sensor that says when it was read.
PROGRAM = """\
import asyncio
import sys
import time

import boardpulse


class Stamp:
    name = "stamp"
    series = [{1: "bench_sample"}, {1: "bench_taken_timestamp", 3: "seconds", 4: -6}]

    def __init__(self):
        self.number = 0

    def read(self, into, at):
        self.number += 1
        into[at] = self.number
        into[at + 1] = time.time_ns() // 1000


node = boardpulse.start(sys.argv[1])
node.add_sensor(Stamp(), %d)
asyncio.run(node.run())
"""


def measure(link: str, folder: Path, samples: int) -> dict[str, Any]:
    """Latencies in milliseconds over `link`, uart or mqtt, of at least `samples` samples."""
    runs_on = interpreter()
    with ExitStack() as stack:
        options, bridge, broker = _way(link, folder, stack)
        program = folder / "latency_main.py"
        program.write_text(PROGRAM % INTERVAL_MS)
        config = {"device_id": DEVICE, "board": "unix", "link": options, "flush_interval_ms": 0}
        process = stack.enter_context(board("board", folder / "board", config, runs_on, program))
        scraper = stack.enter_context(bridge.scraper())
        try:
            sights = _watch(scraper, samples)
        except (OSError, HTTPException) as error:  # a TimeoutError is an OSError
            said = f"{process.last_lines()}\n{bridge.process.last_lines()}"
            raise ProcessError(f"over {link}: {error}\n{said}") from error
    summed = {key: round(value, 3) for key, value in summary(sights.latencies_ms).items()}
    return {**summed, "missed": sights.missed, "firmware_on": str(runs_on), "broker": broker}


def _way(link: str, folder: Path, stack: ExitStack) -> tuple[dict[str, Any], Bridge, str | None]:
    """The board's link options, the running bridge, and which broker stands between them, if any."""
    if link == "uart":
        cable = stack.enter_context(Cable())
        bridge = Bridge(folder, serial_ports=[cable.bridge_port])
        _run(bridge, stack)
        return {"type": "uart", "path": cable.board_port}, bridge, None
    broker = brokers.started(lambda: brokers.real_or_embedded(folder))
    stack.callback(broker.stop)
    bridge = Bridge(folder, mqtt_port=broker.port)
    _run(bridge, stack)
    return {"type": "mqtt", "host": "127.0.0.1", "port": broker.port}, bridge, broker.kind


def _run(bridge: Bridge, stack: ExitStack) -> None:
    stack.callback(bridge.stop)
    bridge.start()


def _watch(scraper: Scraper, samples: int) -> FirstSights:
    """Poll until enough samples were seen. TimeoutError when they do not come."""
    wait_for_samples(scraper, FirstSights(), WARM_UP, FIRST_SAMPLE_TIMEOUT_S)
    sights = FirstSights()
    wait_for_samples(scraper, sights, samples, 5 + samples * INTERVAL_MS * 2 / 1000)
    return sights


def wait_for_samples(scraper: Scraper, sights: FirstSights, samples: int, timeout_s: float) -> None:
    """Poll until `sights` has that many latencies."""
    chance = random.Random(1)  # noqa: S311 - a jitter, not a secret
    deadline = time.monotonic() + timeout_s
    while len(sights.latencies_ms) < samples:
        page = scraper.get()
        now = time.time()
        numbers = list(select(page, NUMBER, device_id=DEVICE).values())
        taken = list(select(page, TAKEN, device_id=DEVICE).values())
        if numbers and taken:
            sights.see(int(numbers[0]), taken[0], now)
        if time.monotonic() > deadline:
            raise TimeoutError(f"{len(sights.latencies_ms)} of {samples} samples after {timeout_s:.0f} s")
        time.sleep(chance.uniform(MIN_PAUSE_S, MAX_PAUSE_S))


def goals(latencies: dict[str, dict[str, Any]]) -> list[Goal]:
    """99 of 100 samples are to be visible within LIMIT_MS."""
    return [
        Goal(f"visible_p99_ms_{link}", latencies[link]["p99"] if link in latencies else None, LIMIT_MS)
        for link in ("uart", "mqtt")
    ]


def table(latencies: dict[str, dict[str, Any]]) -> Table:
    """The latencies for people."""
    columns = ("link", "samples", "median", "p95", "p99", "max", "missed")
    return Table(
        "Milliseconds from the sample on the board to its value on /metrics",
        columns,
        [
            (
                link,
                f"{one['count']:.0f}",
                *(f"{one[key]:.1f}" for key in ("median", "p95", "p99", "max")),
                str(one["missed"]),
            )
            for link, one in latencies.items()
        ],
    )


def notes(latencies: dict[str, dict[str, Any]]) -> list[str]:
    """What stood in for what, where it did."""
    said = []
    if any(one["firmware_on"].startswith("CPython") for one in latencies.values()):
        said.append("This machine has no MicroPython: the same firmware ran under CPython.")
    if any(one["broker"] == "iotcore" for one in latencies.values()):
        said.append("This machine has no mosquitto: latency over MQTT was measured with the embedded broker.")
    return said
