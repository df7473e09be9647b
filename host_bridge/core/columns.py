"""Families, and the columns of the page: what series of many devices have in common."""

from __future__ import annotations

from host_bridge.core.catalogue import Metric
from shared_schema import messages as m


class Family:
    """What series of one name share. `users` counts its live series."""

    __slots__ = ("help", "label_names", "name", "type", "unit", "users")

    def __init__(self, metric: Metric) -> None:
        self.name = metric.name
        self.type = metric.type
        self.unit = metric.unit
        self.help = metric.help
        self.label_names = metric.labels
        self.users = 0


class Column:
    """Series that differ in nothing but the device that they are of: one object for a whole fleet.

    labels   behind a device's own, as they stand on the page
    head     what stands on a line before the device's labels
    tail     what stands between these and the value
    form     the same three for `%` of bytes, in which the device's labels are still to be put
    """

    __slots__ = ("__weakref__", "family", "form", "head", "label_values", "labels", "metric", "scale", "tail")

    def __init__(self, family: Family, metric: Metric, label_values: tuple[str, ...]) -> None:
        self.family = family
        self.metric = metric
        self.scale = metric.scale
        self.label_values = label_values
        self.labels = label_text(metric.labels, label_values)
        self.head = f"{family.name}{{"
        self.tail = f"{self.labels}}} "
        self.form = b"%b".join(text.replace("%", "%%").encode(errors="replace") for text in (self.head, self.tail))


def label_text(names: tuple[str, ...], values: tuple[str, ...]) -> str:
    """`,name="value"` for each name; values left out at the end are empty, and empty labels are not written."""
    return "".join(f',{name}="{escape(value)}"' for name, value in zip(names, values, strict=False) if value)


def escape(value: str) -> str:
    """A label's value as it stands between quotes, in both formats."""
    return value.replace("\\", "\\\\").replace("\n", "\\n").replace('"', '\\"')


def weight(metric: Metric) -> int:
    """How many series Prometheus makes of it."""
    return len(metric.bounds) + 3 if metric.type == m.HISTOGRAM else 1
