"""Runs the state table of liveness.py for devices, and does what a change of state brings with it."""

from __future__ import annotations

from collections.abc import Callable

from host_bridge.core import liveness
from host_bridge.core.actions import StateChange
from host_bridge.core.context import Context
from host_bridge.core.device import Device
from host_bridge.core.tally import bump


class Presence:
    """Liveness of all devices."""

    __slots__ = ("_context", "woken")

    def __init__(self, context: Context) -> None:
        self._context = context
        self.woken: Callable[[Device, float, float], None] | None = None  # device, now, the time: it can hear again

    def heard(self, device: Device, at: float, now: float) -> None:
        """A valid frame came that was not retained."""
        device.heard_at = now
        device.last_seen = at
        if device.status is not None:
            self._context.dirty.mark(device.status)
        if device.state != liveness.ONLINE:
            self.step(device, liveness.HEARD, now)
            if self.woken is not None:
                self.woken(device, now, at)

    def step(self, device: Device, event: str, now: float) -> None:
        """Apply `event`. A pair that the table does not know is our own error: counted, and nothing changes."""
        before, shown = device.state, device.shown
        try:
            device.state = liveness.after(before, event)
        except liveness.UnknownPairError:
            bump(self._context.tally.table_errors, "liveness")
            return
        if device.state == before:
            return
        if device.shown != shown:
            self._show(device)
        self._context.keeping.device(device)
        self._context.mark_status(device)
        self._context.actions.append(
            StateChange(device.device_id, device.platform, device.port, before, device.state, now)
        )

    def _show(self, device: Device) -> None:
        """Put a device's values on the page, or take them off. Values of before a silence do not come back with it."""
        context = self._context
        for block in device.blocks:
            block.shown = device.shown
            if not device.shown:
                block.clear()
            context.dirty.mark(block)
        if not device.shown:
            context.alerts.no_data(device)

    def due(self, device: Device) -> float:
        """When silence will next change its state."""
        return liveness.deadline(device.state, device.heard_at, device.cadence_s, device.wake_by)

    def check(self, device: Device, now: float) -> None:
        """What silence has done to a device by now."""
        if now < self.due(device):
            return
        if device.state == liveness.ASLEEP:
            self.step(device, liveness.OVERSLEPT, now)
            return
        event = liveness.silence(device.state, now - device.heard_at, device.cadence_s)
        if event is not None:
            self.step(device, event, now)
