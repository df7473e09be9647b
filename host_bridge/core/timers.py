"""What the passing of time makes due: acks, silence, hello?, the end of earlier boots."""

from __future__ import annotations

from host_bridge.core.context import Context
from host_bridge.core.device import AT_ONCE, Boot, Device
from host_bridge.core.held import ASK_EVERY_S, Held, Waiting
from host_bridge.core.ingest import Ingest
from host_bridge.core.presence import Presence
from host_bridge.core.registration import settle
from host_bridge.core.time_down import TimeDown
from shared_schema.commands import encode_hello_request

SWEEP_S = 1.0  # how often devices are looked at of which time may have changed something
LOOK_S = (
    10.0  # how often every device is: by then it is found that one whose counters were kept long ago was heard again
)
KEEP_BOOT_S = 600.0  # how long frames of an earlier boot may still come, out of a broker's queue or a board's flash
KEEP_COUNTERS_S = 30.0  # how far what a restarted bridge knows of a device, but for its frames, may be behind
MAX_ASKS_DOUBLED = 10  # about a gap: after one cadence, then after twice as long each time


class Timers:
    """Run at each tick."""

    __slots__ = ("_context", "_devices", "_held", "_ingest", "_presence", "_swept_at", "time")

    def __init__(
        self, context: Context, presence: Presence, ingest: Ingest, devices: dict[str, Device], held: Held
    ) -> None:
        self._context = context
        self._presence = presence
        self._ingest = ingest
        self._devices = devices
        self._held = held
        self._swept_at = float("-inf")
        self.time = TimeDown(context, ingest, devices)
        presence.woken = self.time.woken

    def run(self, now: float, wall: float | None) -> None:
        """Do what is due. `wall` is the time now, where it is known."""
        for boot, device in () if self._context.keeping.live_only else list(self._context.ack_due.items()):
            self._ingest.acknowledge(device, boot)
        for waiting in self._held.due(now):
            self.ask(waiting)
        if wall is not None:
            self.time.run(now, wall)
        if 0 <= now - self._swept_at < SWEEP_S:
            return
        back, self._swept_at = now < self._swept_at, now
        self._expire(now)
        later = now + LOOK_S  # one object for all of them
        for device in self._devices.values():
            if now >= device.look_at or back:
                self._look_at(device, now, later)

    def ask(self, waiting: Waiting) -> None:
        """Send hello? for frames that wait, sealed for the device that sealed them."""
        source, port, device_id = waiting.route
        request = encode_hello_request(waiting.boot)
        self._ingest.send_to(source, port, device_id, request, waiting.proven or device_id)

    def may_ask(self, waiting: Waiting, now: float) -> bool:
        """Whether a second has passed since the last hello? for them; if so, this counts as the next."""
        if 0 <= now - waiting.asked_at < ASK_EVERY_S:
            return False
        waiting.asked_at = now
        return True

    def _expire(self, now: float) -> None:
        let_go = self._held.expire(now)
        if let_go:
            self._context.tally.let_go += let_go
            for device in self._devices.values():
                if device.held:
                    device.held = 0
                    self._context.mark_status(device)

    def _look_at(self, device: Device, now: float, later: float) -> None:
        device.look_at = later  # before what is done here has it looked at sooner
        self._presence.check(device, now)
        self.time.look_at(device, now)
        self._keep_counters(device, now)
        for boot in list(device.boots.values()):
            self._look_at_boot(device, boot, now)
        if len(device.boots) > 1 or device.boot is None or self._unsettled(device.boot):
            device.look_at = AT_ONCE
        if device.look_at > now:
            dues = self._presence.due(device), device.kept_at + KEEP_COUNTERS_S, device.time_at
            device.look_at = min([device.look_at, *(due for due in dues if due > now)])

    def _unsettled(self, boot: Boot) -> bool:
        return boot.report is not None or boot.sequence.gap or boot.clock.doubtful

    def _look_at_boot(self, device: Device, boot: Boot, now: float) -> None:
        settled = settle(self._context, device, boot, now)
        if boot.superseded_at is not None:
            if self._context.keeping.live_only:
                boot.superseded_at = now  # its frames can only come when that is over
            elif now - boot.superseded_at > KEEP_BOOT_S:
                with device.change():
                    device.forget(boot.id)
                self._context.keeping.device(device)
                self._context.mark_status(device)
        elif settled and device.shown and boot.sequence.gap:
            self._ask_about_gap(device, boot, now)
        else:
            boot.asked, boot.gap_since = 0, None

    def _keep_counters(self, device: Device, now: float) -> None:
        if now - device.kept_at >= KEEP_COUNTERS_S and device.heard_at > device.kept_at:
            device.kept_at = now
            self._context.keeping.device(device)
            self._context.mark_status(device)  # a change that was not marked, an own bug, is on the page by now

    def _ask_about_gap(self, device: Device, boot: Boot, now: float) -> None:
        if boot.gap_since is None:
            boot.gap_since = now
        elif now - boot.gap_since >= device.cadence_s * 2 ** min(boot.asked, MAX_ASKS_DOUBLED):
            boot.asked += 1
            boot.gap_since = now
            self._ingest.send(device, encode_hello_request(boot.id))
