"""What a store has kept becomes devices again: their boots, declarations, numbers and clocks. Nothing is shown."""

from __future__ import annotations

import json
from collections.abc import Iterable

from host_bridge.core.context import Context
from host_bridge.core.decode import decode
from host_bridge.core.device import Boot, Device
from host_bridge.core.records import KeptDevice
from host_bridge.core.registration import Registration
from host_bridge.core.snapshot import (
    Named,
    add_totals,
    in_order,
    matched,
    place,
    restore_boot,
    restore_device,
    restore_totals,
)
from shared_schema.errors import PeerError
from shared_schema.hello import Hello

Hellos = list[tuple[Hello, bytes]]


class Restore:
    """Makes devices. A frame that this version no longer understands is left out: the board will say hello again."""

    def __init__(self, context: Context, registration: Registration) -> None:
        self._context = context
        self._registration = registration

    def device(self, kept: KeptDevice, now: float, wall: float) -> Device | None:
        """A device as it was kept. None: no hello of it is there that could say who it is."""
        hellos = {boot.boot: _hellos(boot.hellos) for boot in in_order(kept)}
        any_hello = next((pairs[-1][0] for pairs in reversed(hellos.values()) if pairs), None)
        if any_hello is None:
            return None
        source, port, by_topic = place(kept.state)
        device = Device(any_hello, source, port, by_topic, self._context.tally)
        with device.change():
            self._fill(device, kept, hellos, now, wall)
        self._context.mark_status(device)
        return device

    def _fill(self, device: Device, kept: KeptDevice, hellos: dict[int, Hellos], now: float, wall: float) -> None:
        present, counters = restore_device(device, kept.state, now, wall)
        counters = _latest(kept, present, counters)
        boots = [(kept_boot, *restore_boot(kept_boot.boot, kept_boot.state, now)) for kept_boot in in_order(kept)]
        for kept_boot, boot, bases, marks in boots:
            if kept_boot.boot != present:
                self._earlier(device, boot, hellos[kept_boot.boot], bases, marks, now)
        for kept_boot, boot, _, _ in boots:
            if kept_boot.boot == present:
                self._present(device, boot, hellos[kept_boot.boot], counters, now)
        for _, boot, _, marks in boots:
            boot.marks |= matched(device.series, marks)

    def merge(self, device: Device, kept: KeptDevice, now: float, wall: float) -> None:
        """Give a device that was met while nothing could be kept what is known of it. Nothing of it is counted yet."""
        try:
            with device.change():
                self._merge(device, kept, now, wall)
        finally:
            self._context.mark_status(device)

    def _merge(self, device: Device, kept: KeptDevice, now: float, wall: float) -> None:
        known = set(device.boots)
        for kept_boot in in_order(kept):
            if kept_boot.boot in known:
                device.boots[kept_boot.boot].kept = True
        state = device.state, device.heard_at, device.last_seen, device.bye_boot, device.bye_seq, device.wake_by
        present, counters = restore_device(device, kept.state, now, wall)
        counters = _latest(kept, present, counters)
        device.state, device.heard_at, device.last_seen, device.bye_boot, device.bye_seq, device.wake_by = state
        for kept_boot in in_order(kept):
            before, bases, marks = restore_boot(kept_boot.boot, kept_boot.state, now)
            boot = device.boots.get(kept_boot.boot)
            if boot is None:
                if kept_boot.boot == present:
                    bases, marks = ({name: total[at] for name, total in counters.items()} for at in (0, 1))
                self._earlier(device, before, _hellos(kept_boot.hellos), bases, marks, now)
                before.marks |= matched(device.series, marks)
                continue
            boot.sequence, boot.clock = before.sequence, before.clock
            boot.hello_uptime = max(boot.hello_uptime, before.hello_uptime)
            self._declared_before(device, boot, _hellos(kept_boot.hellos), now)
            self._context.keeping.boot(device, boot)
        device.arrange([kept_boot.boot for kept_boot in in_order(kept)])
        same = device.boot is not None and device.boot.id == present
        add_totals(device.series, counters, present=same, over=present not in known)
        self._context.keeping.device(device)

    def _declared_before(self, device: Device, boot: Boot, hellos: Hellos, now: float) -> None:
        """Have a boot know its earlier declarations; the present one stays the present one."""
        frames = dict(boot.undeclared_frames)
        unknown = [(hello, frame) for hello, frame in hellos if hello.declaration not in boot.plans]
        for hello, frame in [*unknown, *_hellos(frames.values())] if unknown else ():
            if boot is device.boot:
                self._registration.declare(device, boot, hello, frame, now)
            else:
                self._registration.explain(device, boot, hello, frame)
        boot.undeclared_frames = frames

    def _earlier(self, device: Device, boot: Boot, hellos: Hellos, bases: Named, marks: Named, now: float) -> None:
        device.boots[boot.id] = boot
        boot.superseded_at = now
        for hello, frame in hellos:
            self._registration.explain(device, boot, hello, frame)
        boot.undeclared_frames = {}
        serieses = [series for plans in boot.plans.values() for plan in plans for series in plan.series]
        boot.bases, boot.marks = matched(serieses, bases), matched(serieses, marks)

    def _present(self, device: Device, boot: Boot, hellos: Hellos, counters: Named, now: float) -> None:
        device.boots[boot.id] = device.boot = boot
        for hello, frame in hellos:
            self._registration.describe(device, hello)
            self._registration.declare(device, boot, hello, frame, now)
        boot.undeclared_frames = {}
        restore_totals(device.series, counters)


def _latest(kept: KeptDevice, present: int | None, counters: Named) -> Named:
    """Totals as the last frame has left them: the device's record may be half a minute older (timers.py)."""
    states = (json.loads(boot.state) for boot in kept.boots if boot.boot == present)
    lasts = next((state.get("lasts", ()) for state in states), ())
    if len(lasts) != len(counters):
        return counters  # of an older version
    return {
        name: (base, max(last, newer) if isinstance(newer, int) else list(map(max, last, newer)))
        for (name, (base, last)), newer in zip(counters.items(), lasts, strict=True)
    }


def _hellos(frames: Iterable[bytes]) -> Hellos:
    out = []
    for frame in frames:
        try:
            message = decode(frame)
        except PeerError:
            continue
        if isinstance(message, Hello):
            out.append((message, frame))
    return out
