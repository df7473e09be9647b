"""Thresholds bound to series, their state as series, their changes as actions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from host_bridge.core.actions import Alert
from host_bridge.core.catalogue import bridge_metric
from host_bridge.core.columns import Column
from host_bridge.core.device import Device
from host_bridge.core.rows import Exchange
from host_bridge.core.series import Block, Series
from host_bridge.core.thresholds import LEVEL, OK, Watch, applies
from host_bridge.settings import Threshold
from shared_schema import messages as m

if TYPE_CHECKING:
    from host_bridge.core.context import Context

_METRIC = bridge_metric("device_alert_state")


class BoundWatch(Watch):
    """A watch that knows its device and the series that shows its state."""

    __slots__ = ("device", "shown")

    def __init__(self, rule: Threshold, device: Device, series: Series, alerts: Alerts) -> None:
        super().__init__(rule, series, alerts.changed)
        self.device = device
        self.shown = Series(alerts.column(rule.name, _joined(series.label_values)), device.labels)


def _joined(values: tuple[str, ...]) -> str:
    """Label values as one text that no other values make."""
    return ",".join(value.replace("\\", "\\\\").replace(",", "\\,") for value in values)


class Alerts:
    """Binds rules to series as these come and go."""

    def __init__(self, context: Context, rules: Sequence[Threshold]) -> None:
        self._context = context
        self._family = context.registry.bridge(_METRIC.name)
        self._rules: dict[str, list[Threshold]] = {}
        self.replace(rules)

    def column(self, alert: str, series: str) -> Column:
        """Of the states of an alert about a series, whichever device's."""
        return self._context.registry.column(self._family, _METRIC, (alert, series))

    def replace(self, rules: Sequence[Threshold]) -> None:
        """Other rules from now on; the caller binds every series anew."""
        self._rules = {}
        for rule in rules:
            self._rules.setdefault(rule.metric, []).append(rule)

    def bind(self, device: Device, serieses: Sequence[Series]) -> None:
        """Watch those of the new series that a rule applies to. Histograms have no single value to watch."""
        watches: list[BoundWatch] = []
        for series in serieses:
            if series.family.type != m.HISTOGRAM:
                rules = [
                    rule for rule in self._rules.get(series.family.name, ()) if applies(rule, device.device_id, series)
                ]
                series.watches = tuple(BoundWatch(rule, device, series, self) for rule in rules)
                watches += series.watches  # type: ignore[arg-type]  # they were made in the line before
        if watches:
            new = [watch.shown for watch in watches]
            self._show(device, [*device.alert_block.series, *new], new)

    def unbind(self, device: Device, serieses: Sequence[Series]) -> None:
        """The series have gone, or are to be bound anew: their alerts end."""
        watches = [watch for series in serieses for watch in series.watches if isinstance(watch, BoundWatch)]
        if not watches:
            return
        for watch in watches:
            watch.no_data(0)
        gone = {id(watch.shown) for watch in watches}
        for series in serieses:
            series.watches = ()
        self._show(device, [series for series in device.alert_block.series if id(series) not in gone])

    def _show(self, device: Device, serieses: list[Series], new: Sequence[Series] = ()) -> None:
        before, device.alert_block = device.alert_block, Block(serieses)
        for series in new:
            series.value = LEVEL[OK]
        self._context.dirty.mark(Exchange((device.alert_block,), (before,)))

    def no_data(self, device: Device) -> None:
        """The device is silent: no alert about its values can be upheld."""
        for series in device.series:
            for watch in series.watches:
                if isinstance(watch, BoundWatch) and watch.state != OK:
                    watch.no_data(0)

    def changed(self, watch: Watch, before: str, after: str, value: float | None, uptime_ms: int) -> None:
        """Called by a watch."""
        assert isinstance(watch, BoundWatch)  # noqa: S101  # Alerts makes no others
        device, series = watch.device, watch.series
        watch.shown.value = LEVEL[after]
        self._context.dirty.mark(device.alert_block)
        boot = device.boot
        at = device.last_seen if boot is None or value is None else boot.clock.wall(uptime_ms, device.last_seen)
        self._context.actions.append(
            Alert(
                watch.rule.name,
                device.device_id,
                device.platform,
                series.family.name,
                series.label_values,
                before,
                after,
                value,
                at,
            )
        )
