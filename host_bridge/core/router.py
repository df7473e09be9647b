"""The way of a frame: decoded, led to the device and boot that it is from, held while these are not known."""

from __future__ import annotations

from collections.abc import Iterable

from host_bridge.core import liveness
from host_bridge.core.actions import Acknowledge, Refused, Withhold
from host_bridge.core.authentication import open_frame
from host_bridge.core.context import Context
from host_bridge.core.decode import BodyError, Message, decode
from host_bridge.core.device import Boot, Device
from host_bridge.core.held import Held
from host_bridge.core.ingest import Ingest
from host_bridge.core.presence import Presence
from host_bridge.core.received import Received
from host_bridge.core.records import KeptDevice
from host_bridge.core.registration import Registration, refuse_replay
from host_bridge.core.restore import Restore
from host_bridge.core.snapshot import UNREADABLE
from host_bridge.core.timers import Timers
from host_bridge.core.twins import Twins
from shared_schema import messages as m
from shared_schema.commands import encode_hello_request
from shared_schema.errors import AuthError, IdentityError, PeerError, SchemaError
from shared_schema.hello import Hello
from shared_schema.parse import Samples, State

_SHOWN_ID = 80  # characters of a hostile device id that a log line shows


class Router:
    """Knows which device speaks on which topic or port.

    devices   by device id
    ports     (source, port) → the device that said hello there last
    """

    __slots__ = ("_context", "_ingest", "_presence", "_registration", "_twins", "devices", "held", "ports", "timers")

    def __init__(self, context: Context, presence: Presence) -> None:
        self._context = context
        self._presence = presence
        self._twins = Twins(context)
        self._ingest = Ingest(context, presence, self._twins)
        self._registration = Registration(context, presence, self._twins)
        self.devices: dict[str, Device] = {}
        self.ports: dict[tuple[str, str], Device] = {}
        self.held = Held(context.limits.max_held_in_all)
        self.timers = Timers(context, presence, self._ingest, self.devices, self.held)
        self._registration.greeted = self.timers.time.hello

    def restore(self, devices: Iterable[KeptDevice], now: float, wall: float) -> None:
        """Know the devices that a store has kept. Before any frame is taken; some may have been shown."""
        restore = Restore(self._context, self._registration)
        for kept in devices:
            known = self.devices.get(kept.device_id)
            try:
                if known is not None:
                    restore.merge(known, kept, now, wall)
                    continue
                device = restore.device(kept, now, wall)
            except UNREADABLE as error:  # written by another version: no reason not to start
                told = "it is met anew; frames that it sends again may be kept twice"
                self._context.say(
                    "error", "device_not_restored", now, kept.device_id, problem=repr(error), consequence=told
                )
                continue
            if device is None:
                continue
            self.devices[device.device_id] = device
            self._twins.restored(device)
            if not device.by_topic:
                before = self.ports.get((device.source, device.port))
                if before is None or before.last_seen <= device.last_seen:
                    self.ports[device.source, device.port] = device

    def frame(self, received: Received, now: float) -> None:
        """Take a frame. PeerError: it is to be refused."""
        named = received.device_id
        device = self.devices.get(named) if named else self.ports.get((received.source, received.port))
        payload = received.payload
        assert isinstance(payload, bytes)  # noqa: S101  # what == FRAME
        if named and device is None:
            m.check_device_id(named)
        keys, proven = self._context.settings.keys, ""
        if keys or payload[:1] == b"\xd1":
            payload, proven = open_frame(payload, named, "" if device is None else device.device_id, keys)
            if proven:
                device = self.devices.get(proven)
                received = received._replace(payload=payload)
        try:
            message = decode(payload)
        except BodyError as error:
            self._unusable(device, error, received, now)
            raise
        self._context.tally.kinds(received.source)[message.kind] += 1
        if isinstance(message, Samples):
            self._reliable(device, message, received, now, proven)
        elif isinstance(message, Hello):
            self._hello(message, proven, received, now)
        elif isinstance(message, State):
            self._state(device, message, received, now)
        elif message.kind in m.RELIABLE_KINDS:
            self._reliable(device, message, received, now, proven)
        else:
            self._skip(device, message, received, now)

    def _reliable(
        self, device: Device | None, message: Message, received: Received, now: float, proven: str = ""
    ) -> None:
        boot = None if device is None else device.boot
        if device is not None and (boot is None or boot.id != message.boot):
            boot = device.boots.get(message.boot)
        if device is None or boot is None:
            self._hold(device, message, received, now, proven)
            return
        try:
            self._use(device, boot, message, received, now)
        except PeerError as error:
            if isinstance(message, Samples):
                self._ingest.commit(device, boot, message, received, now)
            raise error

    def _use(self, device: Device, boot: Boot, message: Message, received: Received, now: float) -> None:
        if not isinstance(message, Samples):
            self._ingest.other(device, boot, message, received, now)
        elif not self._ingest.samples(device, boot, message, received, now):
            self._hold(device, message, received, now)
            return
        self._acknowledge(received)
        if boot.retained and boot.asked_at < 0:
            boot.asked_at = now
            self._ingest.send(device, encode_hello_request(boot.id))

    def _unusable(self, device: Device | None, error: BodyError, received: Received, now: float) -> None:
        """The body is wrong, the header right: counted in the sequence, so that it is not asked for again."""
        boot = None if device is None else device.boots.get(error.header.boot)
        if device is not None and boot is not None:
            self._ingest.commit(device, boot, error.header, received, now)

    def _skip(self, device: Device | None, message: Message, received: Received, now: float) -> None:
        """A kind of a later version that is not reliable: a sign of life, no more."""
        if device is not None:
            device.fields_skipped += 1
            self._context.mark_status(device)
            if not received.retained and message.boot in device.boots:
                self._presence.heard(device, received.at, now)
        self._acknowledge(received)

    def _state(self, device: Device | None, state: State, received: Received, now: float) -> None:
        if received.channel != "state" or not received.device_id:
            raise SchemaError("a state frame belongs on MQTT's state topic")
        self._acknowledge(received)
        if device is None or device.boot is None or device.boot.id != state.boot or not device.by_topic:
            return  # of nobody whose declaration is known, or the late will of an earlier boot
        if state.status == m.LINK_CONNECTED:
            if not received.retained:
                self._presence.heard(device, received.at, now)
        else:
            self._presence.step(device, liveness.LINK_LOST, now)

    def _hello(self, hello: Hello, proven: str, received: Received, now: float) -> None:
        named = received.device_id
        if named and named != hello.device_id:
            raise IdentityError(f"{hello.device_id} said hello on the topic of {named[:_SHOWN_ID]}")
        keyed = hello.device_id in self._context.settings.keys
        if (keyed or proven) and proven != hello.device_id:
            raise AuthError(f"a hello of {hello.device_id} that it did not sign")
        device = self._find(hello, received, now)
        if device is None:
            self._acknowledge(received)
            return
        if keyed:
            refuse_replay(device, hello, received)
        self._bind(device, received, now)
        route = received.source, received.port, named
        try:
            with device.change():
                boot = self._registration.take(device, hello, received, now, self.held.peek(route, hello.boot))
        finally:
            self._context.mark_status(device)
        self._twins.here(device, boot, received)
        self._acknowledge(received)
        device.held = 0
        for earlier, message in self.held.release(route, hello.boot):
            self._again(device, boot, hello, message, earlier, now)
        self._context.mark_status(device)

    def _find(self, hello: Hello, received: Received, now: float) -> Device | None:
        device = self.devices.get(hello.device_id)
        if device is not None:
            return device
        if len(self.devices) >= self._context.limits.max_devices:
            self._context.tally.devices_refused += 1
            limit = self._context.limits.max_devices
            self._context.say("error", "device_refused", now, "", refused=hello.device_id, max_devices=limit)
            return None
        device = Device(hello, received.source, received.port, bool(received.device_id), self._context.tally)
        self.devices[hello.device_id] = device
        return device

    def _bind(self, device: Device, received: Received, now: float) -> None:
        """The device is where it said hello; whoever was there before is there no longer."""
        if received.retained and device.state != liveness.UNKNOWN:
            return
        place = received.source, received.port
        if not received.device_id:
            before = self.ports.get(place)
            if before is not device:
                if before is not None and (before.source, before.port) == place:
                    self._presence.step(before, liveness.LINK_LOST, now)
                self.ports[place] = device
        self._twins.leaves(device, received)
        device.source, device.port, device.by_topic = received.source, received.port, bool(received.device_id)

    def _again(
        self, device: Device, boot: Boot, hello: Hello, message: Message, received: Received, now: float
    ) -> None:
        """A frame that waited for this hello. If that was made later and lacks its declaration, none will come."""
        try:
            if (
                isinstance(message, Samples)
                and message.seq < hello.seq
                and device.boot is boot
                and message.declaration not in boot.plans
            ):
                self._ingest.commit(device, boot, message, received, now)
                raise SchemaError(
                    f"declaration {message.declaration} is no longer known, the board is at {hello.declaration}"
                )
            self._reliable(device, message, received, now)
        except PeerError as error:
            self.refuse(received, error.reason, str(error))

    def _hold(self, device: Device | None, message: Message, received: Received, now: float, proven: str = "") -> None:
        if received.shown:
            return
        waiting, let_go = self.held.add(received, message, now, proven)
        self._context.tally.let_go += let_go
        if received.token is not None and not self._context.keeping.live_only:
            self._context.actions.append(Withhold(received.source, received.token))
        if waiting is None:
            return
        if device is not None:
            device.held = len(waiting.frames)
            self._context.mark_status(device)
        if self.timers.may_ask(waiting, now):
            self.timers.ask(waiting)

    def refuse(self, received: Received, reason: str, detail: str) -> None:
        """Count what is of no use, and let the transport forget it."""
        key = received.source, reason
        self._context.tally.rejected[key] = self._context.tally.rejected.get(key, 0) + 1
        self._context.actions.append(
            Refused(received.source, received.port, received.device_id[:_SHOWN_ID], reason, detail)
        )
        self._acknowledge(received)

    def _acknowledge(self, received: Received) -> None:
        """Let the transport forget it, once it is kept. While nothing can be, all of it is to come again."""
        if received.token is not None and not self._context.keeping.live_only:
            self._context.actions.append(Acknowledge(received.source, received.token))
