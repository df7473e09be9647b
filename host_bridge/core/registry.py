"""All families and the caps on series. The first declaration of a custom metric decides what its name means."""

from __future__ import annotations

from weakref import WeakValueDictionary

from host_bridge.core.catalogue import BY_KEY, TAKEN, Metric, bridge_metric, sample_names
from host_bridge.core.columns import Column, Family, weight
from host_bridge.core.naming import NameRefusedError, exposed
from host_bridge.core.plan import Shapes
from host_bridge.core.series import HistogramSeries, Series, make
from host_bridge.settings import Limits
from shared_schema.hello import Series as Declared
from shared_schema.messages import HISTOGRAM


class RefusedSeriesError(Exception):
    """A declared series is not exposed. The first argument is the reason, as counted; the second says more."""


class Registry:
    """Families by name. Keeps a custom family as long as it has a series."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._catalogue: dict[str, Family] = {}
        self._custom: dict[str, Family] = {}
        self._claimed: dict[str, Family] = {}  # sample names that custom families take
        self.total = 0
        self.shapes = Shapes()
        self._columns: WeakValueDictionary[object, Column] = WeakValueDictionary()

    def bridge(self, name: str) -> Family:
        """The family of a metric that the bridge makes."""
        return self._built_in(bridge_metric(name))

    def metric(self, declared: Declared) -> tuple[Metric, tuple[str, ...]]:
        """What a declared series is, and its label values. RefusedSeriesError: reasons unknown, labels, name."""
        if declared.custom is None:
            metric = BY_KEY.get(declared.key)
            if metric is None:
                raise RefusedSeriesError("unknown", f"metric key {declared.key} is not in this bridge's catalogue")
            if len(declared.labels) > len(metric.labels):
                raise RefusedSeriesError("labels", f"{metric.name} has {len(metric.labels)} labels")
            return metric, declared.labels
        try:
            return exposed(declared.custom), tuple(value for _, value in sorted(declared.custom.labels))
        except NameRefusedError as error:
            raise RefusedSeriesError(*error.args) from None

    def columns(self, key: int) -> int:
        """Columns that the built-in metric takes; one for a key that is not in the catalogue."""
        metric = BY_KEY.get(key)
        return len(metric.bounds) + 2 if metric is not None and metric.type == HISTOGRAM else 1

    def column(self, family: Family, metric: Metric, values: tuple[str, ...]) -> Column:
        """What series of these label values have in common, of whichever device; known as long as there is one."""
        key = family, metric, values
        column = self._columns.get(key)
        if column is None:
            column = self._columns[key] = Column(family, metric, values)
        return column

    def add(self, metric: Metric, values: tuple[str, ...], owner: str, device_weight: int) -> Series:
        """A new series, counted, of the device with the labels `owner`. RefusedSeriesError: reasons conflict,
        device_limit, total_limit."""
        if device_weight + weight(metric) > self._limits.max_series_per_device:
            raise RefusedSeriesError("device_limit", f"more than {self._limits.max_series_per_device} series")
        if self.total + weight(metric) > self._limits.max_series:
            raise RefusedSeriesError("total_limit", f"more than {self._limits.max_series} series in all")
        family = self._built_in(metric) if metric.key else self._custom_family(metric)
        family.users += 1
        self.total += weight(metric)
        return make(self.column(family, metric, values), owner)

    def remove(self, series: Series) -> None:
        """Forget a series that add() made."""
        family = series.family
        family.users -= 1
        self.total -= series_weight(series)
        if not family.users and self._custom.get(family.name) is family:
            del self._custom[family.name]
            for name in sample_names(family.name, family.type):
                self._claimed.pop(name, None)

    def _built_in(self, metric: Metric) -> Family:
        family = self._catalogue.get(metric.name)
        if family is None:
            family = self._catalogue[metric.name] = Family(metric)
        return family

    def _custom_family(self, metric: Metric) -> Family:
        family = self._custom.get(metric.name)
        if family is not None:
            if (family.type, family.unit, set(family.label_names)) != (metric.type, metric.unit, set(metric.labels)):
                raise RefusedSeriesError("conflict", f"{metric.name} means something else to another board")
            return family
        names = sample_names(metric.name, metric.type)
        if not TAKEN.isdisjoint(names):
            raise RefusedSeriesError("conflict", f"{metric.name} is a name of the catalogue")
        if any(name in self._claimed for name in names):
            raise RefusedSeriesError("conflict", f"{metric.name} is taken by another custom metric")
        family = self._custom[metric.name] = Family(metric)
        self._claimed.update(dict.fromkeys(names, family))
        return family


class Unlisted:
    """Makes series that are only kept, never shown: they belong to boots that are over."""

    def __init__(self, registry: Registry) -> None:
        self.metric = registry.metric
        self.shapes = registry.shapes
        self.columns = registry.columns

    def add(self, metric: Metric, values: tuple[str, ...], owner: str, device_weight: int) -> Series:
        """A series with a family of its own."""
        return make(Column(Family(metric), metric, values), owner)

    def remove(self, series: Series) -> None:
        """Nothing: there is none that could go."""


def series_weight(series: Series) -> int:
    """weight() of the metric that the series was made for."""
    return len(series.bounds) + 3 if isinstance(series, HistogramSeries) else 1
