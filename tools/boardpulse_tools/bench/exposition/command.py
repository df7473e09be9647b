"""From the command's options to its report."""

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from boardpulse_tools.bench.exposition import goals, measure, stall
from boardpulse_tools.bench.exposition.peer_pages import installed
from boardpulse_tools.bench.fleet_load import SERIES
from boardpulse_tools.bench.report import Report

ROUNDS = 5
SIZES = (1_200, 12_000, 120_000)
SHORT_SIZES = (1_200, 12_000)

HOW = (
    "The bridge is a process of its own, filled through its MQTT source by mosquitto. Times are from the request to "
    "the last byte, over HTTP on a connection that stays open. Each page was compared with what was sent."
)
BESIDES = "Besides the twelve series of a device the page has what the bridge says about each"
OTHERS = "prometheus_client draws the twelve alone; the peers draw as many: ten of a fifth more devices."
PAUSES = (
    "Pauses of ingest: a source of its own has a frame due each 2 ms; the longest that one waits, from when it was due "
    "until the engine has taken it. The goal is the median over the scrapes."
)


def exposition_report(
    sizes: tuple[int, ...], rounds: int, peers: bool, tell: Callable[[str], None] = lambda _: None
) -> Report:
    """Scrapes of each size in series, then the pauses of ingest at the largest. `tell` hears how far it is."""
    subjects, missing = installed(tell) if peers else ([], {"the peers": "--peers was not given"})
    measured: dict[int, dict[str, Any]] = {}
    for series in sizes:
        tell(f"{series:,} series")
        with tempfile.TemporaryDirectory(prefix="boardpulse-bench-") as folder:
            measured[series] = measure.measure(Path(folder), series // SERIES, rounds, subjects)
    tell("pauses of ingest")
    with tempfile.TemporaryDirectory(prefix="boardpulse-bench-") as folder:
        stalled = stall.measure(Path(folder), max(sizes) // SERIES, rounds)
    return Report(
        results={
            "rounds": rounds,
            "sizes": {str(series): {**size, "ratios": goals.ratios(size)} for series, size in measured.items()},
            "stall": stalled,
            "gate": goals.gated(measured),
        },
        goals=goals.goals(measured, stalled if max(sizes) == max(SIZES) else None),
        tables=goals.tables(measured, stalled),
        notes=notes(measured, missing),
    )


def notes(measured: dict[int, dict[str, Any]], missing: dict[str, str]) -> list[str]:
    """What a reader must know to judge the numbers."""
    lines = "; ".join(f"{size['lines']:,} lines for {series:,} series" for series, size in measured.items())
    said = [HOW, f"{BESIDES} ({lines}). {OTHERS}", PAUSES]
    if not any(condition.packed for condition in measure.conditions()):
        said.append("gzip was not measured: a bridge does not compress for loopback, and this machine has only that.")
    return [*said, *(f"Not measured: {name}: {why}" for name, why in missing.items())]
