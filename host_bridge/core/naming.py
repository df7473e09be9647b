"""From a board's custom metric to the family under which it is exposed."""

from __future__ import annotations

from host_bridge.core.catalogue import Metric
from shared_schema import messages as m
from shared_schema.hello import CustomMetric

PREFIX = "device_"
_NOT_A_GAUGE = ("_total", "_created", "_bucket")  # OpenMetrics keeps these for counters and histograms


class NameRefusedError(Exception):
    """A custom metric cannot be exposed. The first argument is the reason, as counted; the second says more."""


def exposed_name(custom: CustomMetric) -> str:
    """device_<name>[_<unit>][_total]; what already stands at the name's end is not repeated."""
    counter = custom.type == m.COUNTER
    name = PREFIX + (custom.name.removesuffix("_total") if counter else custom.name)
    if custom.unit and not name.endswith("_" + custom.unit):
        name += "_" + custom.unit
    if not counter and name.endswith(_NOT_A_GAUGE):
        raise NameRefusedError("name", f"{name}: a {m.METRIC_TYPES[custom.type]} must not end like a counter or bucket")
    return name + "_total" if counter else name


def exposed(custom: CustomMetric) -> Metric:
    """The custom metric as if it stood in the catalogue. NameRefusedError when its name cannot be exposed.

    Its labels are in the order of their names: in whichever order boards declare them, it is the same metric.
    """
    return Metric(
        key=0,
        name=exposed_name(custom),
        type=custom.type,
        unit=custom.unit,
        scale=custom.scale,
        least=-m.MAX_VALUE if custom.type == m.GAUGE else 0,
        greatest=m.MAX_VALUE,
        labels=tuple(name for name, _ in sorted(custom.labels)),
        help=custom.help or f"Custom metric {custom.name} of the boards.",
        bounds=custom.bounds,
    )
