"""The fleet: what a source received goes to the device that it is from. Bytes in, actions out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from host_bridge.core import liveness
from host_bridge.core.actions import Action, LogLine
from host_bridge.core.context import Context
from host_bridge.core.presence import Presence
from host_bridge.core.ratelimit import RateLimit
from host_bridge.core.received import BAD, FRAME, LINK_DOWN, TEXT, Received
from host_bridge.core.records import KeptDevice, Record
from host_bridge.core.router import Router
from host_bridge.core.rows import Dirty
from host_bridge.core.snapshot import last_seen
from host_bridge.core.tally import Tally, bump
from host_bridge.core.view import DeviceView, Reading, readings, view
from host_bridge.settings import Settings, Threshold
from shared_schema.errors import REASONS, PeerError


class Fleet:
    """All that the bridge knows of its boards. One thread calls handle(), tick() and reload(); views are for any."""

    def __init__(self, settings: Settings | None = None) -> None:
        self._context = Context(settings or Settings())
        self._console = RateLimit(self._context.limits.console_lines_per_minute)
        self._too_much = RateLimit(1)
        self._presence = Presence(self._context)
        self._router = Router(self._context, self._presence)
        self._devices = self._router.devices

    @property
    def tally(self) -> Tally:
        """What the bridge counts about itself."""
        return self._context.tally

    @property
    def dirty(self) -> Dirty:
        """The blocks that the exposition has to draw anew."""
        return self._context.dirty

    @property
    def series_total(self) -> int:
        """Series of all boards, as Prometheus counts them."""
        return self._context.registry.total

    @property
    def held_total(self) -> int:
        """Frames that wait for a declaration."""
        return self._router.held.total

    @property
    def live_only(self) -> bool:
        """Whether frames are shown, but neither counted nor acknowledged, because nothing can be kept at present."""
        return self._context.keeping.live_only

    @live_only.setter
    def live_only(self, on: bool) -> None:
        self._context.keeping.live_only = on

    def restore(
        self, devices: Iterable[KeptDevice], now: float, wall: float, seen_after: float = 0.0
    ) -> Sequence[Action]:
        """Know the devices that a store has kept. Before any frame is taken; `wall` is the time of arrivals.

        Those that were last seen before `seen_after` are forgotten: they must not take the place of others for ever.
        """
        actions = self._context.actions = []
        self._router.restore([one for one in devices if last_seen(one) >= seen_after], now, wall)
        return actions

    def to_keep(self, now: float, wall: float) -> list[Record]:
        """What is to be committed, as a whole, before the acknowledgements of the actions so far are carried out."""
        return self._context.keeping.take(now, wall)

    def handle(self, received: Received, now: float) -> Sequence[Action]:
        """Take one thing that a source received. Never raises for what a peer sent."""
        if received.shown and not self.live_only:
            return self._show(received, now)
        actions = self._context.actions = []
        if received.what == FRAME:
            try:
                self._router.frame(received, now)
            except PeerError as error:
                self._router.refuse(received, error.reason, str(error))
        elif received.what == TEXT:
            self._text(received, now)
        elif received.what == BAD:
            reason = str(received.payload)
            self._router.refuse(received, reason if reason in REASONS else "framing", "")
        elif received.what == LINK_DOWN:
            self._link_down(received, now)
        return actions

    def tick(self, now: float, wall: float | None = None) -> Sequence[Action]:
        """What is due by now: acks, silence, hello?. To be called about every 0.1 s. `wall`: the time, Unix seconds,
        for boards that have none; None: they are told nothing."""
        actions = self._context.actions = []
        self._router.timers.run(now, wall)
        return actions

    def clock_set(self, seconds: float, now: float) -> Sequence[Action]:
        """The host's wall clock, which dates arrivals, was set forward by `seconds`, or back."""
        actions = self._context.actions = []
        for device in self._devices.values():
            for boot in device.boots.values():
                boot.clock.shift(seconds)
            self._context.mark_status(device)
        self._router.timers.time.host_clock_set(now)
        self._context.say("warning", "host_clock_set", now, "", by_seconds=round(seconds, 3))
        return actions

    def reload(self, thresholds: tuple[Threshold, ...]) -> Sequence[Action]:
        """Other thresholds from now on. Alerts begin anew."""
        actions = self._context.actions = []
        alerts = self._context.alerts
        alerts.replace(thresholds)
        for device in self._devices.values():
            alerts.unbind(device, device.series)
            alerts.bind(device, device.series)
            for boot in device.boots.values():
                for plans in boot.plans.values():
                    for plan in plans:
                        plan.watch()
        return actions

    def states(self) -> dict[str, int]:
        """How many devices there are in each state. Any thread may call it."""
        return Counter(device.state for device in self._devices.copy().values())

    def devices(self) -> list[DeviceView]:
        """Every device, by id. Any thread may call it."""
        return [view(device) for device in sorted(self._devices.copy().values(), key=lambda device: device.device_id)]

    def readings(self, device_id: str) -> list[Reading]:
        """The present values of a device; empty for an unknown or silent one. Any thread may call it."""
        device = self._devices.get(device_id)
        return [] if device is None else readings(device)

    def _show(self, received: Received, now: float) -> Sequence[Action]:
        """A frame that comes another time to be counted, ahead of others that are kept."""
        self.live_only = True
        try:
            return self.handle(received, now)
        finally:
            self.live_only = False

    def _link_down(self, received: Received, now: float) -> None:
        device = self._router.ports.get((received.source, received.port))
        if device is not None and (device.source, device.port) == (received.source, received.port):
            self._presence.step(device, liveness.LINK_LOST, now)

    def _text(self, received: Received, now: float) -> None:
        bump(self.tally.console_lines, received.source)
        device = self._router.ports.get((received.source, received.port))
        fields = {
            "device_id": "" if device is None else device.device_id,
            "port": received.port,
            "line": received.payload,
        }
        if self._console.allow(received.port, now):
            self._context.actions.append(LogLine("info", "console", fields))
        elif self._too_much.allow(received.port, now):
            fields["line"] = (
                f"more than {self._context.limits.console_lines_per_minute} a minute: the rest is counted only"
            )
            self._context.actions.append(LogLine("warning", "console_limited", fields))
