"""How long a bridge takes to start that finds all of its devices, and a few frames of each, in its history."""

import time
from contextlib import closing
from pathlib import Path
from typing import Any

from boardpulse_tools.bench.process_use import cpu_seconds, rss_bytes
from boardpulse_tools.bench.scale.fleet import MadeFleet
from boardpulse_tools.bench.stats import summary
from boardpulse_tools.bridge import Bridge
from boardpulse_tools.processes import ProcessError
from host_bridge.sinks.history import Store

FRAMES = 5  # of each device in the history


def measure(folder: Path, devices: int, rounds: int) -> dict[str, Any]:
    """Seconds from the process' start until it answers over HTTP with every device restored, and processor seconds."""
    history = Bridge(folder).history
    fill(history, devices)
    seconds, cpu_s = [], []
    for _ in range(rounds):
        bridge = Bridge(folder)
        began = time.monotonic()
        try:
            bridge.start()
            seconds.append(time.monotonic() - began)
            cpu_s.append(cpu_seconds(bridge.process.pid))
            memory = rss_bytes(bridge.process.pid)
            known = bridge.page("/api/devices").count('"device_id"')
        finally:
            bridge.stop()
        if known != devices:
            raise ProcessError(f"{known} of {devices} devices were restored\n{bridge.process.last_lines()}")
    return {
        "seconds": summary(seconds),
        "cpu_seconds": summary(cpu_s),
        "rss_bytes": memory,
        "history_bytes": history.stat().st_size,
    }


def fill(path: Path, devices: int) -> None:
    """A store with `devices` boards: hellos, states and frames, as the core asks for them to be kept."""
    made = MadeFleet(devices, keep=True)
    with closing(Store.open(path)) as store:
        made.greet()
        for _ in range(FRAMES):
            made.run(devices)
            store.commit(made.fleet.to_keep(time.monotonic(), time.time()))
