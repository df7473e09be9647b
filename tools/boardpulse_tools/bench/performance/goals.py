"""The numbers to reach, in the order of the page, with what each is. Limits are those of the benches."""

from __future__ import annotations

from dataclasses import dataclass

from boardpulse_tools.bench.compare import at_least
from boardpulse_tools.bench.exposition import goals as exposition
from boardpulse_tools.bench.ingest import results as ingest
from boardpulse_tools.bench.performance.stored import Reports
from boardpulse_tools.bench.report import Goal
from boardpulse_tools.bench.scale import goals as scale
from boardpulse_tools.bench.uart.command import SHAPES

_SINGLE = "CPU a message, ten metrics, one sample a frame, QoS 0, thresholds on, history off, ÷ "
_BATCH = "CPU a metric sample, ten samples a frame, ÷ that of "
_SCRAPE = "a scrape of 12,000 series over HTTP, every value changed, ÷ "
_EXPORTER, _PROMETHEUS = "mqtt-exporter", "mqtt2prometheus"

WHAT = {
    "cpu_vs_paho_single": f"{_SINGLE}that of a paho subscriber with an empty callback",
    "cpu_vs_mqtt_exporter_single": f"{_SINGLE}that of {_EXPORTER}, same data as JSON",
    "cpu_vs_mqtt2prometheus_single": f"{_SINGLE}that of {_PROMETHEUS}, same data as JSON",
    "cpu_sample_vs_mqtt_exporter_batch": f"{_BATCH}{_EXPORTER}, which has one sample a message",
    "cpu_sample_vs_mqtt2prometheus_batch": f"{_BATCH}{_PROMETHEUS}, which has one sample a message",
    "cpu_vs_paho_durable": "CPU a message, history and acknowledgement on, QoS 1, one sample a frame, ÷ that of a paho "
    "subscriber with an empty callback at QoS 1",
    "scrape_12k_vs_mqtt_exporter": f"{_SCRAPE}that of {_EXPORTER}",
    "scrape_12k_vs_mqtt2prometheus": f"{_SCRAPE}that of {_PROMETHEUS}",
    "scrape_12k_vs_prometheus_client": f"{_SCRAPE}`generate_latest` of as many labelled gauges, without HTTP",
    "scrape_120k_s": "seconds of a scrape of 120,000 series, every value changed",
    "ingest_stall_ms": "the longest pause of ingest during a scrape of 120,000 series, median of scrapes, milliseconds",
    "bytes_per_device": "memory of a device with 12 series and its part of the page, bytes, the most over all messages",
    "memory_growth": "memory of 10,000 devices after ten million messages ÷ after a quarter of them",
    "cost_growth": "cost of a message at 10,000 devices ÷ at 100",
    **{
        f"uart_lost_{shape}{suffix}": f"frames lost on eight saturated lines, samples a frame: {batch}, history {how}"
        for shape, batch in SHAPES.items()
        for suffix, how in (("", "off"), ("_history", "on"))
    },
}
LIMITS: dict[str, float] = {
    **{limit.name: limit.limit for limit in (*ingest.PAHO_LIMITS, *ingest.PEER_LIMITS)},
    **{f"scrape_12k_vs_{name}": limit for name, limit in exposition.PEER_LIMITS.items()},
    "scrape_120k_s": exposition.SCRAPE_120K_S,
    "ingest_stall_ms": exposition.INGEST_STALL_MS,
    "bytes_per_device": scale.BYTES_PER_DEVICE,
    "memory_growth": scale.MEMORY_GROWTH,
    "cost_growth": scale.COST_GROWTH,
    **{name: 0 for name in WHAT if name.startswith("uart_")},
}


@dataclass(frozen=True, slots=True)
class Told:
    """A goal and what it is, for people."""

    goal: Goal
    what: str


def told(reports: Reports) -> list[Told]:
    """Every goal of the page: without a value where no report has one. What only the reports know comes last."""
    found = {name: goal for report in reports.values() for name, goal in report["goals"].items()}
    known = [Told(Goal(name, found.get(name, {}).get("value"), LIMITS[name]), what) for name, what in WHAT.items()]
    others = [
        Told(Goal(name, goal["value"], goal["limit"], at_least(goal)), "")
        for name, goal in found.items()
        if name not in WHAT
    ]
    return known + others
