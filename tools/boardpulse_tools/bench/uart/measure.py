"""One scenario: eight lines saturated at once, a real bridge at their other ends, and whether it has every frame."""

import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from boardpulse_tools.bench import fleet_load
from boardpulse_tools.bench.process_use import cpu_seconds, rss_bytes
from boardpulse_tools.bench.programs import Asked
from boardpulse_tools.bench.uart.writer import BYTES_PER_S
from boardpulse_tools.bridge import Bridge
from boardpulse_tools.processes import ProcessError, wait_until
from boardpulse_tools.scrape import Scraper, total

LINES = 8
ONLINE_S = 20.0
SETTLED_S = 60.0  # for what waits in the queue when the lines fall silent
QUIET_S = 1.5  # without a further frame nothing more will come
_POLL_S = 0.1
_RECEIVED = "device_frames_received_total"


def measure(folder: Path, batch: int, history: bool, seconds: float, lines: int = LINES) -> dict[str, Any]:
    """Frames that were sent and counted, and processor time of the bridge."""
    with ExitStack() as stack:
        writer = stack.enter_context(Asked("uart.writer", lines, seconds, batch))
        bridge = Bridge(folder, serial_ports=writer.read(), history="" if history else None)
        stack.callback(bridge.stop)
        bridge.start()
        scraper = stack.enter_context(bridge.scraper())
        # What comes before a port is open is thrown away.
        wait_until(lambda: bridge.process.output().count('"link_up"') == lines, ONLINE_S, "open ports", bridge.process)
        writer.tell("hello")
        wait_until(lambda: _online(scraper) == lines, ONLINE_S, "hello of every line", bridge.process)
        before = cpu_seconds(bridge.process.pid)
        sent = writer.ask("go")
        busy = cpu_seconds(bridge.process.pid) - before
        backlog_s = _settle(scraper, sent["frames"])
        whole = cpu_seconds(bridge.process.pid) - before
        page = scraper.get()
        memory = rss_bytes(bridge.process.pid)
    received = round(total(page, _RECEIVED) + total(page, "device_frames_recovered_total"))
    if received == 0:
        raise ProcessError(f"nothing has arrived\n{bridge.process.last_lines()}")
    return {
        "lines": lines,
        "batch": batch,
        "history": history,
        "bytes_per_s_and_line": BYTES_PER_S,
        **sent,
        "received": received,
        "lost": sent["frames"] - received,
        "ledger_lost": round(total(page, "device_frames_lost_total")),
        "refused": round(total(page, "boardpulse_frames_rejected_total")),
        "dropped_queue_full": round(total(page, "boardpulse_frames_dropped_total")),
        "cpu_share": busy / sent["seconds"],
        "cpu_us_per_frame": whole / sent["frames"] * 1e6,
        "cpu_us_per_value": whole / sent["frames"] / batch / fleet_load.SERIES * 1e6,
        "backlog_s": backlog_s,
        "rss_bytes": memory,
    }


def _online(scraper: Scraper) -> int:
    return round(total(scraper.get(), "device_connection_status"))


def _settle(scraper: Scraper, frames: int) -> float:
    """Seconds until the bridge has taken all that it will, to within the distance of two looks."""
    began = changed = time.monotonic()
    before = -1
    while time.monotonic() - began < SETTLED_S:
        received = round(total(scraper.get(), _RECEIVED))
        now = time.monotonic()
        if received != before:
            before, changed = received, now
        if received >= frames or now - changed > QUIET_S:
            break
        time.sleep(_POLL_S)
    return changed - began
