"""Reliable frames of a known boot: counted, dated, used, acknowledged."""

from __future__ import annotations

from collections.abc import Sequence

from host_bridge.core import liveness
from host_bridge.core.actions import LogLine, Send
from host_bridge.core.context import Context
from host_bridge.core.decode import Message
from host_bridge.core.device import Boot, Device
from host_bridge.core.envelope import seal
from host_bridge.core.kept_values import Bases, kept_values
from host_bridge.core.plan import Plan
from host_bridge.core.presence import Presence
from host_bridge.core.received import Received
from host_bridge.core.records import EventRecord, SamplesRecord
from host_bridge.core.sequence import RECEIVED, REPEATED
from host_bridge.core.twins import Twins
from host_bridge.core.values import sample_uptimes, show
from shared_schema import messages as m
from shared_schema.commands import encode_ack
from shared_schema.errors import SchemaError
from shared_schema.frame import Up
from shared_schema.parse import Bye, Event, Samples

ACK_FRAMES = 16  # SPEC.md section 11: at least one ack for so many frames


class Ingest:
    """Takes frames for devices, and sends frames to them. Whoever calls acknowledges to the transport."""

    __slots__ = ("_context", "_presence", "_twins")

    def __init__(self, context: Context, presence: Presence, twins: Twins) -> None:
        self._context = context
        self._twins = twins
        self._presence = presence

    def samples(self, device: Device, boot: Boot, samples: Samples, received: Received, now: float) -> bool:
        """Take a samples frame; False when it is to be held for its declaration. SchemaError: it does not fit."""
        plans = boot.plans.get(samples.declaration)
        if plans is None:
            if device.boot is boot:
                return False
            raise SchemaError(f"declaration {samples.declaration} of boot {boot.id}, which is over, was never heard")
        if samples.group >= len(plans):
            raise SchemaError(f"group {samples.group} of a declaration with {len(plans)}")
        plan = plans[samples.group]
        uptimes = sample_uptimes(plan, samples)
        # First, so that a device that comes back comes back with its values.
        self._heard(device, boot, samples, received, now)
        live_only = self._context.keeping.live_only
        sequence = boot.sequence
        missing = sequence.missing
        took = RECEIVED if live_only else sequence.take(samples.seq)
        # A frame may move the window past others, which are lost by that. About a gap the board is asked in time.
        expected = took == RECEIVED and missing == sequence.missing and not sequence.gap
        as_expected = expected and device.boot is boot and not samples.removed
        if took < REPEATED:
            if samples.removed and not live_only:
                sequence.thinned += samples.removed
            as_expected &= self._use(device, boot, plan, samples, uptimes, received, now)
        self._finish(device, boot, now, as_expected)
        return True

    def _use(
        self,
        device: Device,
        boot: Boot,
        plan: Plan,
        samples: Samples,
        uptimes: Sequence[int],
        received: Received,
        now: float,
    ) -> bool:
        """Date, keep and show the samples. False when any of them, or a column, could not be used."""
        if not received.retained:
            if boot is device.boot:
                clock, source = boot.clock, boot.clock.source
                clock.observe(uptimes[-1], received.at)
                if clock.source is not source:  # it may have to be told the time
                    self._context.mark_status(device)
            else:
                self._over(device, boot, uptimes[-1], received, now)
        surplus = len(samples.columns) - plan.width
        if surplus or plan.refused:
            device.fields_skipped += surplus + plan.refused
        used = plan.narrow if surplus and plan.narrow else plan
        if used.kept is not None and not self._context.keeping.live_only:
            self._keep(used, boot, samples, uptimes, received.at, None if device.boot is boot else boot.bases)
        rejected = device.rejected.total
        if samples.seq >= plan.newest and samples.declaration == boot.declaration and plan.block.shown:
            plan.newest = samples.seq
            show(used, samples, uptimes, device.rejected)
            block = plan.block
            self._context.dirty.mark(block.place or block)  # one mark for all boards whose lines are drawn together
        return not surplus and not plan.refused and rejected == device.rejected.total

    def _keep(
        self, plan: Plan, boot: Boot, samples: Samples, uptimes: Sequence[int], at: float, bases: Bases | None
    ) -> None:
        times = boot.clock.dates(uptimes, at)
        assert plan.kept is not None  # noqa: S101  # the caller's contract
        values = kept_values(plan, samples, bases)
        self._context.keeping.frame(SamplesRecord(plan.kept, boot.id, samples.seq, times, values, at))

    def other(self, device: Device, boot: Boot, message: Message, received: Received, now: float) -> None:
        """Take any other reliable frame, or samples of a boot that another has followed."""
        assert isinstance(message, Up)  # noqa: S101  # a state frame never comes here
        if self._context.keeping.live_only:
            self._heard(device, boot, message, received, now)
            if isinstance(message, Bye) and device.boot is boot:
                self._bye(device, boot, message, received, now)
            return
        if boot.sequence.take(message.seq) < REPEATED:
            device.fields_skipped += message.skipped
            if not isinstance(message, Samples) and not received.retained:
                if boot is device.boot:
                    boot.clock.observe(message.uptime, received.at)
                else:
                    self._over(device, boot, message.uptime, received, now)
            if isinstance(message, Event):
                self._event(device, boot, message, received)
            elif isinstance(message, Bye) and device.boot is boot:
                self._heard(device, boot, message, received, now)
                self._bye(device, boot, message, received, now)
                self._finish(device, boot, now)
                return
        self._done(device, boot, message, received, now)

    def commit(self, device: Device, boot: Boot, header: Up, received: Received, now: float) -> None:
        """A reliable frame whose body is of no use: it is counted and acknowledged all the same."""
        if self._context.keeping.live_only:
            return
        boot.sequence.take(header.seq)
        self._done(device, boot, header, received, now)

    def _done(self, device: Device, boot: Boot, message: Up, received: Received, now: float) -> None:
        self._heard(device, boot, message, received, now)
        self._finish(device, boot, now)

    def _heard(self, device: Device, boot: Boot, message: Up, received: Received, now: float) -> None:
        if received.retained or (
            device.state in (liveness.ASLEEP, liveness.STOPPED)
            and boot.id == device.bye_boot
            and message.seq <= device.bye_seq
        ):
            return
        self._presence.heard(device, received.at, now)

    def _finish(self, device: Device, boot: Boot, now: float, as_expected: bool = False) -> None:
        context = self._context
        if not as_expected:
            context.mark_status(device)
        elif device.status is not None:
            context.dirty.mark(device.status)
        if context.keeping.live_only:
            return
        if context.keeping.on:
            context.keeping.boot(device, boot)
            if boot.superseded_at is not None:
                boot.superseded_at = now  # its frames still come
        if boot.acks:
            boot.unacknowledged += 1
            self._context.ack_due[boot] = device
            if boot.unacknowledged >= ACK_FRAMES:
                self.acknowledge(device, boot)

    def acknowledge(self, device: Device, boot: Boot) -> None:
        """Send the cumulative ack of a boot."""
        boot.unacknowledged = 0
        self._context.ack_due.pop(boot, None)
        self.send(device, encode_ack(boot.id, boot.sequence.next), boot, after_commit=True)

    def send(self, device: Device, frame: bytes, boot: Boot | None = None, after_commit: bool = False) -> None:
        """A frame down to a device, or to where one of its boots is; authenticated when it has a key."""
        key = self._context.settings.keys.get(device.device_id)
        if key is not None:
            frame = seal(key, device.device_id, frame)
        self._context.actions.append(Send(*self._twins.place(device, boot), frame, after_commit))

    def send_to(self, source: str, port: str, device_id: str, frame: bytes, sealed_for: str) -> None:
        """A frame down to whoever is at a port or topic, sealed when `sealed_for` has a key."""
        key = self._context.settings.keys.get(sealed_for)
        if key is not None:
            frame = seal(key, sealed_for, frame)
        self._context.actions.append(Send(source, port, device_id, frame))

    def _event(self, device: Device, boot: Boot, event: Event, received: Received) -> None:
        kind = event.type if event.type < len(m.EVENT_TYPES) else 0
        severity = event.severity if event.severity < len(m.SEVERITIES) else 0
        device.events[kind, severity] = device.events.get((kind, severity), 0) + event.repeats
        at = boot.clock.wall(event.uptime, received.at)
        self._keep_event(device, boot, event, at)
        fields: dict[str, object] = {
            "device_id": device.device_id,
            "platform": device.platform,
            "type": m.EVENT_TYPES[kind],
            "message": event.message,
            "at": at,
        }
        for name, value in (("source", event.source), ("fields", event.fields), ("traceback", event.traceback)):
            if value:
                fields[name] = value
        if event.repeats > 1:
            fields["repeats"] = event.repeats
        if event.command is not None:
            fields["command"], fields["code"] = event.command, event.code
        self._context.actions.append(LogLine(m.SEVERITIES[severity], "board_event", fields))

    def _keep_event(self, device: Device, boot: Boot, event: Event, at: float) -> None:
        keeping = self._context.keeping
        if not keeping.on:
            return
        fields = dict(event.fields)
        if event.command is not None:
            fields |= {"command": event.command, "code": event.code}
        kind = m.EVENT_TYPES[event.type if event.type < len(m.EVENT_TYPES) else 0]
        severity = m.SEVERITIES[event.severity if event.severity < len(m.SEVERITIES) else 0]
        texts = event.message, event.source, fields, event.traceback
        keeping.frame(
            EventRecord(device.device_id, boot.id, event.seq, round(at * 1000), kind, severity, *texts, event.repeats)
        )
        keeping.device(device)

    def _bye(self, device: Device, boot: Boot, bye: Bye, received: Received, now: float) -> None:
        # A bye that arrives behind frames made after it is withdrawn already.
        if received.retained or bye.seq + 1 < boot.sequence.top:
            return
        device.bye_boot, device.bye_seq = boot.id, bye.seq
        wake_in_ms = bye.wake_in_ms
        if bye.reason == 0:
            self._presence.step(device, liveness.BYE_STOP, now)
        elif wake_in_ms is not None:
            device.wake_by = now + liveness.awake_after(wake_in_ms)
            self._context.mark_status(device)
            self._presence.step(device, liveness.BYE_SLEEP, now)

    def _over(self, device: Device, boot: Boot, uptime_ms: int, received: Received, now: float) -> None:
        """Frames of a boot that another has followed were made before that began, unless it lives."""
        following, at = device.boot, received.at
        if self._twins.lives(device, boot, uptime_ms, received, now):
            boot.clock.observe(uptime_ms, at)
        else:
            boot.clock.before(uptime_ms, at if following is None else min(at, following.clock.wall(0, at)))
