"""What the comparison of client libraries says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from boardpulse_tools.bench.ingest.clients import LIBRARIES, PAHO, PROTOTYPE, QOS, SOURCE, named
from boardpulse_tools.bench.ingest.results import MESSAGE
from boardpulse_tools.bench.report import NO_VALUE, Table

FLOOD = "flood_cpu_us_per_message"
_STREAMS = (MESSAGE, FLOOD)
_SELF = dict.fromkeys(_STREAMS, 1.0)

Results = Mapping[str, Mapping[str, Any]]


def ratios(found: Results) -> dict[str, dict[str, float]]:
    """By subject: what a message takes it, in the steady stream and in the flood, ÷ what it takes the bridge's source
    with the same QoS, by the medians. Only those of which both were measured."""
    said = {}
    for qos in QOS:
        source = found.get(named(SOURCE, qos), {})
        for name in _others(qos):
            one = found.get(name, {})
            if all(side.get(key) for side in (source, one) for key in _STREAMS):
                said[name] = {key: one[key]["median"] / source[key]["median"] for key in _STREAMS}
    return said


def table(found: Results) -> Table:
    """For people."""
    over = ratios(found)
    rows = []
    for qos in QOS:
        for name in (named(SOURCE, qos), *_others(qos)):
            one = found.get(name, {})
            if all(one.get(key) for key in _STREAMS):
                rows.append((name, *_cells(one, _SELF if name == named(SOURCE, qos) else over.get(name))))
    columns = ("subject", "CPU µs/message", "min", "max", "÷ source", "flood: µs/message", "min", "max", "÷ source")
    return Table("Clients with an empty callback, and the bridge's source without its core", columns, rows)


def _others(qos: int) -> list[str]:
    return [named(client, qos) for client in (PAHO, *LIBRARIES, PROTOTYPE)]


def _cells(one: Mapping[str, Any], over: Mapping[str, float] | None) -> Iterator[str]:
    for key in _STREAMS:
        numbers = one[key]
        yield from (f"{numbers[which]:.1f}" for which in ("median", "min", "max"))
        yield f"{over[key]:.2f}" if over else NO_VALUE
