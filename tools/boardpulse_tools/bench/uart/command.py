"""From the command's options to its report."""

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from boardpulse_tools.bench.report import Goal, Report, Table
from boardpulse_tools.bench.stats import summary
from boardpulse_tools.bench.uart.measure import LINES, measure

SECONDS = 10.0
SHORT_SECONDS = 2.0
ROUNDS = 5
SHAPES = {"single": 1, "batch10": 10}
HOW = (
    "Eight pseudo-terminals, each written to by a process at 92,160 bytes a second, as 921,600 baud have them: what a "
    "line does not take when it is due is lost. A real bridge reads; lost: frames sent less frames in its ledger. "
    "single: frames of one sample of twelve series; batch10: of ten. cpu_share: of one core, while the lines are busy."
)
LATE = "The writer itself was late by up to {late:.0f} ms on this machine: it then wrote as much at once."


def uart_report(seconds: float, rounds: int, tell: Callable[[str], None] = lambda _: None) -> Report:
    """Every shape, with history and without, in rounds that alternate. `tell` hears how far it is."""
    found: dict[str, list[dict[str, Any]]] = {}
    for number in range(rounds):
        for shape, batch in SHAPES.items():
            for history in (False, True):
                name = f"{shape}_history" if history else shape
                tell(f"round {number + 1}: {name}")
                with tempfile.TemporaryDirectory(prefix="boardpulse-bench-") as folder:
                    found.setdefault(name, []).append(measure(Path(folder), batch, history, seconds))
    results = {name: _combined(ones) for name, ones in found.items()}
    late = max(one["late_s"] for one in results.values()) * 1000
    return Report(
        results={"seconds": seconds, "rounds": rounds, "lines": LINES, "scenarios": results},
        goals=[Goal(f"uart_lost_{name}", one["lost"], 0) for name, one in results.items()],
        tables=tables(results),
        notes=[HOW, *([LATE.format(late=late)] if late > 20 else [])],
    )


_SUMS = ("frames", "bytes", "received", "lost", "ledger_lost", "refused", "dropped_queue_full", "lost_bytes")
_SUMMARIES = ("cpu_share", "cpu_us_per_frame", "cpu_us_per_value", "backlog_s", "rss_bytes")


def _combined(rounds: list[dict[str, Any]]) -> dict[str, Any]:
    """Counts over all rounds, and statistics of the rest."""
    return {
        **{name: sum(one[name] for one in rounds) for name in _SUMS},
        **{name: summary([one[name] for one in rounds]) for name in _SUMMARIES},
        "frames_per_s": sum(one["frames"] for one in rounds) / sum(one["seconds"] for one in rounds),
        "late_s": max(one["late_s"] for one in rounds),
    }


def tables(results: dict[str, Any]) -> list[Table]:
    """For people: what was lost and what it took, and statistics over the rounds."""
    return [_table(results), *_statistics(results)]


def _table(results: dict[str, Any]) -> Table:
    columns = ("", "frames", "frames/s", "lost", "queue full", "lost bytes", "CPU share", "µs a frame", "backlog s")
    rows = [
        (
            name,
            f"{one['frames']:,}",
            f"{one['frames_per_s']:,.0f}",
            *(f"{one[key]:,}" for key in ("lost", "dropped_queue_full", "lost_bytes")),
            f"{one['cpu_share']['median']:.2f}",
            f"{one['cpu_us_per_frame']['median']:.1f}",
            f"{one['backlog_s']['median']:.1f}",
        )
        for name, one in results.items()
    ]
    return Table("Eight lines at 921,600 baud, saturated at once", columns, rows)


def _statistics(results: dict[str, Any]) -> list[Table]:
    keys = ("median", "mean", "p95", "p99", "min", "max", "stdev")
    titles = {"cpu_share": "Share of one core", "cpu_us_per_frame": "Microseconds of processor time a frame"}
    return [
        Table(title, ("", *keys), [(name, *(f"{one[what][key]:.3g}" for key in keys)) for name, one in results.items()])
        for what, title in titles.items()
    ]
