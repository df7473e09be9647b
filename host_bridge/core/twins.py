"""Two boards with one device id: a boot that another one has followed speaks on as if it were not over."""

from __future__ import annotations

from typing import TypeVar

from host_bridge.core.anchors import PACE_MS
from host_bridge.core.context import Context
from host_bridge.core.device import Boot, Device
from host_bridge.core.line import AHEAD_MS
from host_bridge.core.received import Received

SAY_EVERY_S = 600.0
ADVICE = "two boards say that they are this one: give each a device id of its own"
Place = tuple[str, str, str]  # source, port, and the id that is its topic there
T = TypeVar("T")


class Twins:
    """Of one fleet. Knows only boots that are over, or were, and only where something was heard of them since.

    What a boot has left, in a broker or on flash, comes faster than it was made, or after a hello with `ended`. So two
    frames of a boot that come as far apart as they were made, PACE_MS at least, show that it lives.
    """

    __slots__ = ("_context", "_places", "_said", "_spoke")

    def __init__(self, context: Context) -> None:
        self._context = context
        # Whether it lives; else the uptime and arrival, in ms, of what it said.
        self._spoke: dict[Device, dict[Boot, bool | tuple[int, float]]] = {}
        self._places: dict[Device, dict[Boot, Place]] = {}  # where boots are that are not where the device is
        self._said: dict[Device, float] = {}

    def over(self, device: Device, boot: Boot) -> None:
        """`boot` has ended: its board says so, or it was over before this bridge began."""
        _remaining(self._spoke, device)[boot] = False

    def restored(self, device: Device) -> None:
        """What a store has kept of a device is known."""
        for boot in device.boots.values():
            if boot is not device.boot:
                self.over(device, boot)

    def hello(self, device: Device, boot: Boot, uptime_ms: int, received: Received, now: float) -> None:
        """A boot that was followed says hello, live, and not as one that has ended."""
        spoke = _remaining(self._spoke, device)
        if spoke.get(boot) is False:
            del spoke[boot]
        self.lives(device, boot, uptime_ms, received, now)

    def lives(self, device: Device, boot: Boot, uptime_ms: int, received: Received, now: float) -> bool:
        """Whether a boot that was followed is none that is over. To be told of each new frame of such a boot."""
        spoke = _remaining(self._spoke, device)
        before = spoke.get(boot)
        if before is True:
            self._say(device, boot, now)
        if isinstance(before, bool) or received.again:
            return before is True
        passed = 0.0 if before is None else uptime_ms - before[0]
        if before is None or not 0 <= passed < PACE_MS:
            spoke[boot] = uptime_ms, received.at * 1000
        if before is None or passed < PACE_MS or abs(received.at * 1000 - before[1] - passed) > AHEAD_MS:
            return False
        spoke[boot] = True
        boot.clock.begin(uptime_ms, received.at)
        self._say(device, boot, now)
        return True

    def _say(self, device: Device, boot: Boot, now: float) -> None:
        if 0 <= now - self._said.get(device, float("-inf")) < SAY_EVERY_S:
            return
        self._said[device] = now
        ports = sorted({device.port, self.place(device, boot)[1]})
        boots = sorted({boot.id} if device.boot is None else {boot.id, device.boot.id})
        self._context.say("warning", "device_id_shared", now, device.device_id, boots=boots, ports=ports, advice=ADVICE)

    def leaves(self, device: Device, hello: Received) -> None:
        """A device says hello, perhaps at another place than before: that is where its boots have been until now."""
        before = device.source, device.port, device.topic_id
        if before != (hello.source, hello.port, hello.device_id):
            places = _remaining(self._places, device)
            for boot in device.boots.values():
                places.setdefault(boot, before)

    def here(self, device: Device, boot: Boot, hello: Received) -> None:
        """The hello was of this boot."""
        places = self._places.get(device)
        if places is not None and (device.source, device.port) == (hello.source, hello.port):
            places.pop(boot, None)

    def place(self, device: Device, boot: Boot | None) -> Place:
        """Where to send what is for `boot`; None: for the device."""
        places = self._places.get(device)
        known = None if places is None or boot is None else places.get(boot)
        return (device.source, device.port, device.topic_id) if known is None else known


def _remaining(of: dict[Device, dict[Boot, T]], device: Device) -> dict[Boot, T]:
    """What is known of the boots that a device still has."""
    known = of.get(device)
    if known is None:
        known = of[device] = {}
    for boot in [boot for boot in known if device.boots.get(boot.id) is not boot]:
        del known[boot]
    return known
