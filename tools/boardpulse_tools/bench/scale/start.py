"""How long a bridge takes to start that finds all of its devices, and many frames, in its history."""

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

FRAMES = 5  # of each device in the history at least


def measure(folder: Path, devices: int, rounds: int, frames: int) -> dict[str, Any]:
    """Seconds from the process' start until it answers over HTTP with every device restored, and processor seconds.

    The history has so many frames of all devices together, and FRAMES of each at least.
    """
    history = Bridge(folder).history
    kept = fill(history, devices, frames)
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
        "history_frames": kept,
    }


def fill(path: Path, devices: int, frames: int) -> int:
    """A store with `devices` boards: hellos, states and frames, as the core asks for them to be kept, in columns where
    a bridge would have made columns of them. How many frames."""
    made = MadeFleet(devices, keep=True)
    kept = 0
    with closing(Store.open(path)) as store:
        made.greet()
        while kept < max(frames, FRAMES * devices):
            made.run(devices)
            kept += devices
            store.commit(made.fleet.to_keep(time.monotonic(), time.time()))
            while store.compact(int(time.time() * 1000)):
                pass
    return kept
