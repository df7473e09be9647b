"""Stored reports, real ones, of a machine that was busy, and what is known about them."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from boardpulse_tools.bench.performance import page, plots, stored

REPORTS = Path(__file__).parent / "reports"
PROFILE = "What is left is **mostly** `json.loads`:\n\n- slots were tried, and gained nothing.\n"

# Of exposition.json it is not known when it was made: this stands in for it.
RUN = {
    "command": "boardpulse bench exposition --peers --json",
    "form": "short",
    "began": "2026-11-20T08:15:30+00:00",
    "seconds": 119,
    "commit": "0123456789",
}

# The table of goals, as it was agreed on.
LIMITS = {
    "cpu_vs_paho_single": 1.5,
    "cpu_vs_mqtt_exporter_single": 0.2,
    "cpu_vs_mqtt2prometheus_single": 0.6,
    "cpu_sample_vs_mqtt_exporter_batch": 0.03,
    "cpu_sample_vs_mqtt2prometheus_batch": 0.09,
    "cpu_vs_paho_durable": 2.5,
    "scrape_12k_vs_mqtt_exporter": 0.1,
    "scrape_12k_vs_mqtt2prometheus": 0.35,
    "scrape_12k_vs_prometheus_client": 0.08,
    "scrape_120k_s": 0.5,
    "ingest_stall_ms": 50,
    "bytes_per_device": 4096,
    "cost_growth": 1.3,
    "memory_growth": 1.01,
}
LINES = {"uart_lost_single": 0, "uart_lost_single_history": 0, "uart_lost_batch10": 0, "uart_lost_batch10_history": 0}


def written(out: Path) -> str:
    """The page from the reports as they are now, without drawing pictures, which takes longer."""
    return page.render(stored.load(out / page.REPORTS), plots.PLOTS, PROFILE)


def changed(out: Path, name: str, change: Callable[[dict[str, Any]], object]) -> None:
    """Change a stored report."""
    report = json.loads(stored.path(out / page.REPORTS, name).read_text())
    change(report)
    stored.path(out / page.REPORTS, name).write_text(json.dumps(report))


def stored_goals(out: Path) -> dict[str, dict[str, Any]]:
    """As the reports have them."""
    return {name: goal for one in stored.load(out / page.REPORTS).values() for name, goal in one["goals"].items()}
