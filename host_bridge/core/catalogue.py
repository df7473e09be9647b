"""The catalogue by key, and the sample names that it takes."""

from __future__ import annotations

from typing import NamedTuple

from shared_schema import messages as m
from shared_schema._generated import BRIDGE_METRICS, METRICS


class Metric(NamedTuple):
    """One metric. Values are integers in 10**scale of the unit, least and greatest the range that is believed."""

    key: int
    name: str  # as exposed, with _total
    type: int
    unit: str
    scale: int
    least: int
    greatest: int
    labels: tuple[str, ...]
    help: str
    bounds: tuple[int, ...]


def bridge_metric(name: str) -> Metric:
    """The metric `name` that the bridge itself makes about each device."""
    return _BRIDGE[name]


def sample_names(name: str, kind: int) -> tuple[str, ...]:
    """Every name that a family takes on the page, in the text format and in OpenMetrics."""
    if kind == m.COUNTER:
        family = name.removesuffix("_total")
        return name, family, family + "_created"
    if kind == m.HISTOGRAM:
        return name, name + "_bucket", name + "_sum", name + "_count", name + "_created"
    return (name,)


BY_KEY: dict[int, Metric] = {row[0]: Metric(*row) for row in METRICS}
_BRIDGE: dict[str, Metric] = {
    name: Metric(0, name, kind, unit, 0, 0, m.MAX_VALUE, labels, text, ())
    for name, kind, unit, labels, text in BRIDGE_METRICS
}
TAKEN: frozenset[str] = frozenset(
    name for metric in (*BY_KEY.values(), *_BRIDGE.values()) for name in sample_names(metric.name, metric.type)
)
