"""The time for boards that have none (SPEC.md section 10): sent when such a board can hear it, and now and again."""

from __future__ import annotations

from host_bridge.core import liveness
from host_bridge.core.anchors import PACE_MS
from host_bridge.core.context import Context
from host_bridge.core.device import Boot, Device
from host_bridge.core.ingest import Ingest
from shared_schema import messages as m
from shared_schema.commands import encode_hello_request, encode_set
from shared_schema.hello import Hello

REPEAT_S = 7200.0  # in which the worst crystal, 100 ppm, goes wrong by 0.7 s
RETRY_S = 60.0  # until the board has shown that it has the time; twice as long after each try
FIRST_S = PACE_MS / 1000 + 1.0  # until a board whose clock is in doubt is asked: an earlier answer tells nothing
UNCERTAINTY_MS = 250  # a tick of the engine, a broker and a line of 115200 baud
GOOD_S = 1.0  # what a board says is the bridge's time, and is wrong by more, it is told again
MAX_PER_TICK = 50  # of a fleet that all starts at once
_TIME = 4
_BRIDGE = m.ANCHOR_SOURCES.index("bridge")
_DEEP_SLEEP = m.RESET_CAUSES.index("deep_sleep")


class TimeDown:
    """Of one fleet. A board with a believed clock of its own is told nothing."""

    __slots__ = ("_context", "_devices", "_ingest", "_waiting")

    def __init__(self, context: Context, ingest: Ingest, devices: dict[str, Device]) -> None:
        self._devices = devices
        self._context = context
        self._ingest = ingest
        self._waiting: dict[Device, None] = {}

    def hello(self, device: Device, boot: Boot, hello: Hello, at: float, now: float, new: bool) -> None:
        """The present boot of a device said hello, live. One that woke from a deep sleep waits for its next turn."""
        anchor = hello.anchor
        if anchor is not None and anchor[2] == _BRIDGE:
            apart = anchor[0] + anchor[1] / 1000 - boot.clock.wall(hello.uptime, at)
            if abs(apart) <= GOOD_S and anchor[3] <= GOOD_S * 1000:
                device.time_tries = 0
                device.time_at = now + REPEAT_S
                return
        if boot.clock.doubtful:
            boot.asked_at = max(boot.asked_at, now - RETRY_S + FIRST_S)
        if new and hello.reset_cause != _DEEP_SLEEP:
            device.time_tries, device.time_at = 0, now
        self.look_at(device, now)

    def look_at(self, device: Device, now: float) -> None:
        """Remember whether a device is to be told the time; ask one whose clock is in doubt."""
        boot = device.boot
        if boot is None or boot.retained or device.state == liveness.STOPPED:
            return
        if self._context.settings.send_time and now >= device.time_at and not boot.clock.own:
            self._waiting[device] = None
        if boot.clock.doubtful and device.shown and now - boot.asked_at >= RETRY_S:
            boot.asked_at = now
            self._ingest.send(device, encode_hello_request(boot.id))

    def host_clock_set(self, now: float) -> None:
        """What was told is wrong."""
        for device in self._devices.values():
            device.time_tries, device.time_at = 0, now

    def run(self, now: float, wall: float) -> None:
        """Tell those who can hear it."""
        able = [device for device in self._waiting if device.state in (liveness.ONLINE, liveness.LATE)]
        for device in able[:MAX_PER_TICK]:
            self.tell(device, now, wall)

    def woken(self, device: Device, now: float, wall: float) -> None:
        """A device that was silent, or slept, can hear now; it may be asleep again before the next tick."""
        if device in self._waiting:
            self.tell(device, now, wall)

    def tell(self, device: Device, now: float, wall: float) -> None:
        """Send it."""
        self._waiting.pop(device, None)
        boot = device.boot
        if boot is None or boot.clock.own:
            return
        device.time_at = now + min(REPEAT_S, RETRY_S * 2**device.time_tries)
        device.time_tries = min(device.time_tries + 1, 10)
        # Numbers that grow within the boot, also over a restart of the bridge.
        boot.clock.command = max(boot.clock.command + 1, int(wall * 1000))
        milliseconds = int(wall * 1000)
        time = [milliseconds // 1000, milliseconds % 1000, UNCERTAINTY_MS]
        self._context.keeping.boot(device, boot)
        self._ingest.send(device, encode_set(boot.id, boot.clock.command, {_TIME: time}))
