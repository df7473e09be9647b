"""hello: who is there, on which port, in which boot, with what series."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Sequence as Messages
from sys import intern

from host_bridge.core.anchors import DIRECT, KEPT, QUEUED
from host_bridge.core.clock import Clock
from host_bridge.core.context import Context
from host_bridge.core.declaration import resolve, unlisted
from host_bridge.core.decode import Message
from host_bridge.core.device import Boot, Device, device_labels
from host_bridge.core.plan import Plan
from host_bridge.core.presence import Presence
from host_bridge.core.received import Received
from host_bridge.core.rows import Exchange
from host_bridge.core.sequence import Dropped, Sequence
from host_bridge.core.series import CounterSeries, HistogramSeries
from host_bridge.core.status import Statuses, StatusLines
from host_bridge.core.twins import Twins
from shared_schema import messages as m
from shared_schema.errors import AuthError
from shared_schema.frame import Up
from shared_schema.hello import Hello

FRESH_S = 60.0  # a board whose first hello comes at so small an uptime has just started
OVERTAKEN_MS = 30_000  # by which a hello may be older than frames that a broker delivered before it
SETTLE_S = 5.0  # a broker may deliver frames that the board has ticked off already a little after a hello


class Registration:
    """Takes hellos for devices that the fleet has found or made."""

    __slots__ = ("_context", "_presence", "_statuses", "_twins", "greeted")

    def __init__(self, context: Context, presence: Presence, twins: Twins) -> None:
        self._context = context
        self._statuses = Statuses(context.registry)
        self._twins = twins
        self._presence = presence
        # device, boot, hello, arrival, now, whether the boot is new: a present boot said hello, live
        self.greeted: Callable[[Device, Boot, Hello, float, float, bool], None] | None = None

    def take(self, device: Device, hello: Hello, received: Received, now: float, waiting: Messages[Message]) -> Boot:
        """Apply a hello; the boot that it is of."""
        boot = device.boots.get(hello.boot)
        if boot is not None and _drawn_again(boot, hello, received):
            self._context.say("warning", "boot_id_repeated", now, device.device_id, boot=boot.id)
            self._context.ack_due.pop(boot, None)
            device.forget(boot.id)
            device.over.pop(boot.id)
            boot = None
        if hello.ended and boot is not device.boot:
            return self._former(device, boot, hello, received, now, waiting)
        new = boot is None
        if boot is None:
            boot = Boot(hello.boot, _sequence(device, hello, received, waiting))
            if device.boot is not None:
                boot.clock = Clock(device.boot.clock)
            self._count_start(device, hello, received)
        elif received.retained and hello.uptime <= boot.hello_uptime:
            return boot
        if not new and boot is not device.boot and _way(hello, received) != KEPT:
            self._twins.hello(device, boot, hello.uptime, received, now)
        if not received.retained or device.boot is None or device.boot is boot or (new and device.boot.retained):
            self.describe(device, hello)
            if device.boot is not None and device.boot is not boot:  # what it had counted is part of its state now
                self._context.keeping.boot(device, device.boot)
            device.enter(boot, now)
            self.declare(device, boot, hello, received.payload, now)
        elif new:
            return boot  # retained, and of a boot that another has followed: nothing is known of it that is of use
        self._note(device, boot, hello, received, now)
        if not received.retained and self.greeted is not None:
            self.greeted(device, boot, hello, received.at, now, new)
        return boot

    def _former(
        self,
        device: Device,
        boot: Boot | None,
        hello: Hello,
        received: Received,
        now: float,
        waiting: Messages[Message],
    ) -> Boot:
        """A later boot tells of one that is over, whose frames follow. The present one stays the present one."""
        if boot is None:
            boot = Boot(hello.boot, _sequence(device, hello, received, waiting))
            if device.boot is None:
                self.describe(device, hello)
            else:
                boot.clock = Clock(device.boot.clock)
        device.remember(boot, now)
        self._twins.over(device, boot)
        self.explain(device, boot, hello, received.payload)
        self._note(device, boot, hello, received, now)
        if boot.acks:  # the board keeps what it says until it is answered
            self._context.ack_due[boot] = device
        return boot

    def explain(self, device: Device, boot: Boot, hello: Hello, frame: object) -> None:
        """Know what the columns of a boot mean whose values do not come on the page."""
        if hello.declaration in boot.plans:
            return
        plans = unlisted(hello.groups, device.labels, self._context.registry)
        for plan in plans:
            plan.block.shown = False
        self._keep(device, plans)
        boot.explain(hello.declaration, plans)
        self._remember(boot, hello, frame)

    def _keep(self, device: Device, plans: list[Plan]) -> None:
        if self._context.keeping.on:
            for plan in plans:
                plan.keep(device.device_id, device.platform)

    def _remember(self, boot: Boot, hello: Hello, frame: object) -> None:
        if self._context.keeping.on and isinstance(frame, bytes):
            boot.undeclared_frames[hello.declaration] = frame

    def _count_start(self, device: Device, hello: Hello, received: Received) -> None:
        fresh = device.boot is not None or (not received.retained and hello.uptime < FRESH_S * 1000)
        # A later version's number is read as the first (SPEC.md section 18).
        cause = hello.reset_cause if hello.reset_cause < len(m.RESET_CAUSES) else 0
        device.causes[cause] = device.causes.get(cause, 0) + int(fresh)

    def describe(self, device: Device, hello: Hello) -> None:
        """Take over who the board says it is."""
        device.info = {key: intern(text) for key, text in hello.info.items()}  # a fleet has few different ones
        device.cadence_s = hello.cadence_ms / 1000
        if hello.platform != device.platform:  # every series of the device changes its labels
            device.platform = hello.platform
            device.labels = device_labels(device.device_id, hello.platform)
            for boot in device.boots.values():
                boot.declaration = -1
            before = device.status
            device.status = StatusLines(device, self._statuses, before)
            if before is not None:
                before.closed = True
        if device.status is None:
            device.status = StatusLines(device, self._statuses)
        self._context.mark_status(device)

    def declare(self, device: Device, boot: Boot, hello: Hello, frame: object, now: float) -> None:
        """Put what the present boot has declared on the page."""
        if hello.declaration == boot.declaration:
            return
        context = self._context
        resolved = resolve(hello.groups, device.labels, device.series, context.registry)
        context.alerts.unbind(device, resolved.gone)
        device.series = resolved.series
        device.counted = [one for one in resolved.series if isinstance(one, (CounterSeries, HistogramSeries))]
        context.alerts.bind(device, resolved.new)
        for plan in resolved.plans:
            plan.watch()
            plan.block.shown = device.shown
        before, device.blocks = device.blocks, [plan.block for plan in resolved.plans]
        context.dirty.mark(Exchange(device.blocks, before))
        boot.declare(hello.declaration, resolved.plans)
        self._keep(device, resolved.plans)
        self._remember(boot, hello, frame)
        self._refusals(device, resolved.refused, now)

    def _refusals(self, device: Device, refused: list[tuple[str, str]], now: float) -> None:
        for reason, _ in refused:
            device.refused.add(reason)
        if refused:
            details = [f"{reason}: {detail}" for reason, detail in refused[:5]]
            self._context.say("warning", "series_refused", now, device.device_id, count=len(refused), first=details)

    def _note(self, device: Device, boot: Boot, hello: Hello, received: Received, now: float) -> None:
        """What a hello says besides the declaration: outbox, clock, acknowledgement; that the device lives."""
        self._context.keeping.boot(device, boot)
        self._context.keeping.device(device)
        boot.hello_uptime = max(boot.hello_uptime, hello.uptime)
        boot.acks = hello.ack_mode == 1 if hello.ack_mode is not None else not device.by_topic
        device.fields_skipped += hello.skipped
        if not received.retained:
            self._live(device, boot, hello, received, now)
        way = _way(hello, received)
        if hello.anchor is not None and not boot.clock.anchor(hello.uptime, hello.anchor, received.at, way):
            self._context.say("warning", "clock_refused", now, device.device_id, anchor=list(hello.anchor))

    def _live(self, device: Device, boot: Boot, hello: Hello, received: Received, now: float) -> None:
        if boot is device.boot:
            boot.clock.hello(hello.uptime, received.at)
        first, dropped = _outbox(hello)
        if boot.retained and boot.sequence.received:
            boot.dropped_before = dropped
        boot.retained = False
        # While nothing can be kept, a broker keeps what the board has ticked off: this hello comes again behind it.
        if hello.outbox is not None and not (device.by_topic and self._context.keeping.live_only):
            told: Dropped = tuple(max(0, d - b) for d, b in zip(dropped, boot.dropped_before, strict=True))  # type: ignore[assignment]
            given_up = _made(hello, first)
            boot.report = (first, told, given_up, now + (SETTLE_S if device.by_topic else 0.0))
            if boot.sequence.base < 0:
                boot.sequence.report(first, told, given_up)
            settle(self._context, device, boot, now)
        boot.sequence.heard_of(hello.seq)
        self._presence.heard(device, received.at, now)


def _way(hello: Hello, received: Received) -> int:
    """How long a hello may have waited. A board does not keep those of the boot that it is in; captures are old."""
    if received.retained or received.again or hello.ended or received.source == "replay":
        return KEPT
    return QUEUED if received.device_id else DIRECT


def _drawn_again(boot: Boot, hello: Hello, received: Received) -> bool:
    """Whether the board has started anew and drawn the number of an earlier boot: it numbers its frames from the
    beginning. A broker may deliver a hello twice, or behind frames that were made after it; a port does not."""
    if received.retained or received.again or hello.ended or hello.uptime >= FRESH_S * 1000:
        return False
    back_ms = max(boot.hello_uptime, boot.clock.uptime_ms) - hello.uptime
    return hello.seq < boot.sequence.came and (not received.device_id or back_ms > OVERTAKEN_MS)


def settle(context: Context, device: Device, boot: Boot, now: float) -> bool:
    """Believe the board's last report on its outbox, once its time has come. True: nothing is left to settle."""
    if boot.report is None:
        return True
    first, dropped, given_up, due = boot.report
    if now < due:
        return False
    if context.keeping.live_only:
        return False
    context.keeping.boot(device, boot)
    before = boot.sequence.next
    boot.sequence.report(first, dropped, given_up)
    boot.report = None
    context.mark_status(device)  # a board that says nothing more must not keep the old counts on the page
    if boot.acks and boot.sequence.next != before:  # a gap that held the ack back is closed
        context.ack_due[boot] = device
    return True


def _outbox(hello: Hello) -> tuple[int, Dropped]:
    """The first number still held, never beyond the header's, and what was dropped by kind."""
    if hello.outbox is None:
        return hello.seq, (0, 0, 0)
    first, _, _, samples, events, crashes, _ = hello.outbox
    return min(first, hello.seq), (samples, events, crashes)


def _made(hello: Hello, first: int) -> tuple[int, ...]:
    """Key 15, without numbers that the board cannot have given up, as by this hello it had not made them."""
    out: list[int] = []
    for run in hello.given_up:
        out.append(min(run, hello.seq - first))
        first += out[-1]
    return tuple(out)


def _sequence(device: Device, hello: Hello, received: Received, waiting: Messages[Message]) -> Sequence:
    """The numbers of a boot that is met, or met again: those of one that was forgotten are known still."""
    before = device.reopen(hello.boot)
    fresh = not (received.retained or received.again or hello.ended) and hello.uptime < FRESH_S * 1000
    if before is not None and not (fresh and hello.seq < before.came):
        first, _ = _outbox(hello)
        before.reopen(0 if hello.outbox is None else first, _made(hello, first))
        return before
    if before is not None:
        device.ledger.close(before)
    return Sequence(None) if received.retained else Sequence(*_beginning(hello, waiting))


def _beginning(hello: Hello, waiting: Messages[Message]) -> tuple[int, Dropped]:
    """Where the bridge begins to answer for a boot: at what the board still holds, or at the oldest frame here."""
    first, dropped = _outbox(hello)
    numbers = [message.seq for message in waiting if isinstance(message, Up)]
    if hello.outbox is None and numbers:
        first = min(first, *numbers)
    return first, dropped


def refuse_replay(device: Device, hello: Hello, received: Received) -> None:
    """AuthError when the hello of a device with a key came before, or is of a boot that is over."""
    boot = device.boots.get(hello.boot)
    if received.retained or boot is None or hello.ended:
        return
    if hello.uptime <= boot.hello_uptime:
        raise AuthError(f"{device.device_id}: a hello of uptime {hello.uptime} ms came before")
    if device.boot is not boot:
        raise AuthError(f"{device.device_id}: a hello of boot {boot.id}, which another has followed")
