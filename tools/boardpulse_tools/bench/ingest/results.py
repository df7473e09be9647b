"""From turns to numbers, goals and tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from boardpulse_tools.bench.ingest.fleet import METRICS_A_SAMPLE
from boardpulse_tools.bench.ingest.peers import MQTT2PROMETHEUS, MQTT_EXPORTER
from boardpulse_tools.bench.ingest.rounds import Measured
from boardpulse_tools.bench.ingest.subjects import BATCH, DURABLE, OURS, PAHO_QOS_0, PAHO_QOS_1
from boardpulse_tools.bench.report import NO_VALUE, Goal, Table
from boardpulse_tools.bench.stats import summary

Results = Mapping[str, Mapping[str, Any]]

MESSAGE, SAMPLE = "cpu_us_per_message", "cpu_us_per_sample"


@dataclass(frozen=True, slots=True)
class Limit:
    """A goal: the median of `key` of one subject over that of another, in one run, at most `limit`."""

    name: str
    ours: str
    other: str
    limit: float
    key: str = MESSAGE

    def goal(self, results: Results) -> Goal:
        """With its value: none when one of both was not measured, or ours lost or refused messages of the stream."""
        ours, other = results.get(self.ours, {}), results.get(self.other, {})
        if not ours.get(self.key) or not other.get(self.key) or ours["lost"] or ours["wrong"]:
            return Goal(self.name, None, self.limit)
        return Goal(self.name, ours[self.key]["median"] / other[self.key]["median"], self.limit)


PAHO_LIMITS = (
    Limit("cpu_vs_paho_single", OURS, PAHO_QOS_0, 1.5),
    Limit("cpu_vs_paho_durable", DURABLE, PAHO_QOS_1, 2.5),
)
PEER_LIMITS = (
    Limit("cpu_vs_mqtt_exporter_single", OURS, MQTT_EXPORTER, 0.2),
    Limit("cpu_vs_mqtt2prometheus_single", OURS, MQTT2PROMETHEUS, 0.6),
    Limit("cpu_sample_vs_mqtt_exporter_batch", BATCH, MQTT_EXPORTER, 0.03, SAMPLE),
    Limit("cpu_sample_vs_mqtt2prometheus_batch", BATCH, MQTT2PROMETHEUS, 0.09, SAMPLE),
)


def results(measured: Mapping[str, Measured]) -> dict[str, dict[str, Any]]:
    """Per subject: summaries over its rounds, what was lost in all of them, and the rounds themselves."""
    return {name: _result(one) for name, one in measured.items()}


def _result(one: Measured) -> dict[str, Any]:
    subject, turns = one.subject, one.turns
    said: dict[str, Any] = {
        "qos": subject.qos,
        "payload": "json" if subject.json else "frame",
        "samples_per_message": subject.batch,
        "failures": one.failures,
    }
    if not turns:
        return said
    a_message = [turn.cpu_us for turn in turns if turn.cpu_us is not None]
    flood = [turn.flood.cpu_us for turn in turns if turn.flood.cpu_us is not None]
    latencies = [latency for turn in turns for latency in turn.latencies_ms]
    return said | {
        MESSAGE: _summary(a_message),
        SAMPLE: _summary([cpu_us / (METRICS_A_SAMPLE * subject.batch) for cpu_us in a_message]),
        "cpu_us_apart": _summary([turn.apart_us for turn in turns]),
        "flood_cpu_us_per_message": _summary(flood),
        "flood_messages_per_s": _summary([turn.flood.per_s for turn in turns]),
        "peak_mib": _summary([turn.peak_mib for turn in turns]),
        "flood_peak_mib": _summary([turn.flood_peak_mib for turn in turns]),
        "latency_ms": _summary(latencies),
        "latency_unseen": sum(turn.unseen for turn in turns),
        "sent": sum(turn.paced.sent for turn in turns),
        "lost": sum(turn.paced.lost for turn in turns),
        "flood_sent": sum(turn.flood.sent for turn in turns),
        "flood_lost": sum(turn.flood.lost for turn in turns),
        "wrong": sum(turn.wrong for turn in turns),
        "series": min(turn.series for turn in turns),
        "series_expected": turns[0].series_expected,
        "publisher_late_ms": max(turn.paced.late_ms for turn in turns),
        "rounds": [asdict(turn) for turn in turns],
    }


def _summary(values: Sequence[float]) -> dict[str, float] | None:
    return {key: round(value, 4) for key, value in summary(values).items()} if values else None


def goals(found: Results, peers: bool) -> list[Goal]:
    """Each ratio, met or not; those to the peers only where they were asked for."""
    return [limit.goal(found) for limit in (*PAHO_LIMITS, *(PEER_LIMITS if peers else ()))]


def tables(found: Results) -> list[Table]:
    """What was measured, for people."""
    shown = {name: one for name, one in found.items() if one.get("rounds")}
    return [_costs(shown), _spread(shown), _latencies(shown)]


def _costs(found: Results) -> Table:
    """Medians, and sums of what went wrong."""
    columns = (MESSAGE, SAMPLE, "flood_cpu_us_per_message", "flood_messages_per_s", "peak_mib", "flood_peak_mib")
    names = (
        "CPU µs/message",
        "µs/sample",
        "flood: µs/message",
        "messages/s",
        "peak MiB",
        "flood: MiB",
        "lost",
        "refused",
    )
    rows = [
        (
            name,
            *(_cell(one[key], "median") for key in columns),
            f"{one['lost'] + one['flood_lost']:,}",
            str(one["wrong"]),
        )
        for name, one in found.items()
    ]
    return Table("Medians over the rounds: the steady stream, and the flood", ("subject", *names), rows)


def _spread(found: Results) -> Table:
    columns = ("mean", "median", "p95", "p99", "min", "max", "stdev")
    rows = [(name, *(_cell(one[MESSAGE], key) for key in columns)) for name, one in found.items()]
    return Table("CPU µs a message of the steady stream, over the rounds", ("subject", *columns), rows)


def _latencies(found: Results) -> Table:
    columns = ("count", "median", "p95", "p99", "max")
    rows = [
        (name, *(_cell(one["latency_ms"], key) for key in columns), str(one["latency_unseen"]))
        for name, one in found.items()
        if one["latency_ms"]
    ]
    return Table(
        "Milliseconds from PUBLISH to the last byte of a page that shows it", ("subject", *columns, "unseen"), rows
    )


def _cell(numbers: Mapping[str, float] | None, key: str) -> str:
    if numbers is None:
        return NO_VALUE
    value = numbers[key]
    return f"{value:,.0f}" if value >= 1000 or key == "count" else f"{value:.3g}"
