"""What the parts of the core share: settings, families, counts, and the actions that the present call will return."""

from __future__ import annotations

from host_bridge.core.actions import Action, LogLine
from host_bridge.core.alerts import Alerts
from host_bridge.core.device import AT_ONCE, Boot, Device
from host_bridge.core.keeping import Keeping
from host_bridge.core.ratelimit import RateLimit
from host_bridge.core.registry import Registry
from host_bridge.core.rows import Dirty
from host_bridge.core.tally import Tally
from host_bridge.settings import Settings


class Context:
    """One for each fleet. `actions` is replaced at each call of the fleet."""

    __slots__ = ("_said", "ack_due", "actions", "alerts", "dirty", "keeping", "limits", "registry", "settings", "tally")

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.limits = settings.limits
        self.registry = Registry(settings.limits)
        self.tally = Tally()
        self.dirty = Dirty()
        self.actions: list[Action] = []
        self.alerts = Alerts(self, settings.thresholds)
        self.ack_due: dict[Boot, Device] = {}
        self.keeping = Keeping(settings.keep)
        self._said = RateLimit(settings.limits.log_lines_per_minute)

    def mark_status(self, device: Device) -> None:
        """What the bridge says about a device has changed, or when time will change it. After the change, as the page
        may be drawn at any moment."""
        device.look_at = AT_ONCE
        status = device.status
        if status is not None:
            status.anew = True
            self.dirty.mark(status)

    def say(self, level: str, event: str, now: float, device_id: str, **fields: object) -> None:
        """A line for the log; lines of one kind are limited in their rate, about one device and in all."""
        if self._said.allow((event, device_id), now, crowd=event):
            self.actions.append(LogLine(level, event, {"device_id": device_id, **fields}))
