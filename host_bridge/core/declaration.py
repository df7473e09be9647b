"""From the groups of a hello to plans: which series there are, which are new, which have gone."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from sys import intern

from host_bridge.core.catalogue import Metric
from host_bridge.core.columns import label_text
from host_bridge.core.plan import Place, Plan
from host_bridge.core.registry import RefusedSeriesError, Registry, Unlisted, series_weight
from host_bridge.core.series import HistogramSeries, Series
from shared_schema import messages as m
from shared_schema.hello import Group
from shared_schema.hello import Series as Declared

Key = tuple[str, str]  # exposed name and label text: what makes a series itself


@dataclass(slots=True)
class Resolved:
    """What became of a declaration."""

    plans: list[Plan] = field(default_factory=list)
    series: list[Series] = field(default_factory=list)  # all that are in use, old and new
    new: list[Series] = field(default_factory=list)
    gone: list[Series] = field(default_factory=list)
    refused: list[tuple[str, str]] = field(default_factory=list)  # (reason, detail)


def resolve(groups: list[Group], device_labels: str, present: list[Series], registry: Registry) -> Resolved:
    """Plans for `groups`. Series that are `present` already keep their values; those no longer declared are removed."""
    return _Resolver(device_labels, present, registry).run(groups)


def unlisted(groups: list[Group], device_labels: str, registry: Registry) -> list[Plan]:
    """Plans for `groups` whose series take no place on the page, and count under no cap but a declaration's own."""
    return _Resolver(device_labels, [], Unlisted(registry)).run(groups).plans


class _Resolver:
    def __init__(self, device_labels: str, present: list[Series], registry: Registry | Unlisted) -> None:
        self._device_labels = device_labels
        self._left: dict[Key, Series] = {(series.family.name, series.labels): series for series in present}
        self._used: set[Key] = set()
        self._weight = 0
        self._registry = registry
        self._out = Resolved()

    def run(self, groups: list[Group]) -> Resolved:
        # First what goes, then what comes: a name, or a place under the caps, may pass from one to the other.
        self._remove_all_but([declared for group in groups for declared in group.series])
        for group in groups:
            self._out.plans.append(self._plan(group))
        return self._out

    def _remove_all_but(self, wanted: list[Declared]) -> None:
        stays: dict[Key, Metric] = {}
        for declared in wanted:
            with suppress(RefusedSeriesError):
                metric, values = self._registry.metric(declared)
                stays[self._key(metric, values)] = metric
        for key, series in list(self._left.items()):
            if key not in stays or not _same(series, stays[key]):
                self._registry.remove(series)
                self._out.gone.append(series)
                del self._left[key]

    def _key(self, metric: Metric, values: tuple[str, ...]) -> Key:
        return metric.name, self._device_labels + label_text(metric.labels, values)

    def _plan(self, group: Group) -> Plan:
        places: list[Place] = []
        position = 0
        unsure = -1
        for declared in group.series:
            if unsure < 0 and declared.custom is None and not self._known(declared):
                unsure = len(places)
            places.append((position, self._series(declared)))
            position += self._width(declared)
        shapes = self._registry.shapes
        plan = Plan(shapes, group.interval_ms, places, position)
        if unsure >= 0:
            plan.narrow = Plan(shapes, group.interval_ms, places[:unsure], position, plan.block)
        return plan

    def _known(self, declared: Declared) -> bool:
        try:
            self._registry.metric(declared)
        except RefusedSeriesError as error:
            return bool(error.args[0] != "unknown")
        return True

    def _width(self, declared: Declared) -> int:
        """Columns that a series takes, refused or not. A key that the catalogue lacks is taken to have one."""
        if declared.custom is not None:
            return len(declared.custom.bounds) + 2 if declared.custom.type == m.HISTOGRAM else 1
        return self._registry.columns(declared.key)

    def _series(self, declared: Declared) -> Series | None:
        try:
            metric, values = self._registry.metric(declared)
            series = self._present_or_new(metric, values)
        except RefusedSeriesError as error:
            self._out.refused.append((error.args[0], error.args[1]))
            return None
        self._weight += series_weight(series)
        self._out.series.append(series)
        return series

    def _present_or_new(self, metric: Metric, values: tuple[str, ...]) -> Series:
        key = self._key(metric, values)
        if key in self._used:
            raise RefusedSeriesError("repeated", f"{metric.name} is declared twice with the same labels")
        series = self._left.get(key)
        if series is None:
            series = self._registry.add(metric, tuple(map(intern, values)), self._device_labels, self._weight)
            self._out.new.append(series)
        self._used.add(key)
        return series


def _same(series: Series, metric: Metric) -> bool:
    bounds = series.bounds if isinstance(series, HistogramSeries) else ()
    return series.family.type == metric.type and series.scale == metric.scale and bounds == metric.bounds
