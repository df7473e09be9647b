"""The node: samples, encodes, keeps and sends, one step at a time, so that nothing that fails stops the rest.

Here is what runs all the time. What is rare is in events.py, declaration.py, lifecycle.py and commands.py, and
loaded when it is needed.
"""

from boardpulse.clock import add, diff
from boardpulse.compat import const, forget, random_boot, sleep_ms, ticks_diff, ticks_us
from boardpulse.emit import emit
from shared_schema.encode import boot_bytes

TYPE_CHECKING = const(0)
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from boardpulse.clock import Clock
    from boardpulse.commands import Commands
    from boardpulse.custom import Custom
    from boardpulse.events import Crashes
    from boardpulse.former import Former
    from boardpulse.group import Slot
    from boardpulse.outbox import Outbox
    from boardpulse.protocols import Link, Sensor
    from boardpulse.sampler import Sampler
    from boardpulse.sealing import Sealing
    from boardpulse.sensors.health import Health
    from boardpulse.sensors.loop_lag import LoopLag
    from boardpulse.sleeping import Sleep
    from boardpulse.watchdog import Watchdog

VERSION = "0.1.0"

_LONGEST_WAIT_MS = const(1000)
_CHECK_EVERY_MS = const(10000)
_HELLO_EVERY_MS = const(1000)  # at most
_CRASH = const(2)
_TEN_YEARS_S = const(315576000)


class Node:
    """One board. step() does what is due and says how long it may sleep; run() does so in an asyncio loop; close()
    ends well.

    The link takes frames from `outbox` and hello(), and gives what came from the bridge to receive().
    """

    def __init__(
        self, device_id: str, platform: str, clock: "Clock", outbox: "Outbox", sampler: "Sampler", link: "Link"
    ) -> None:
        self.device_id = device_id
        self.platform = platform
        self.clock = clock
        self.outbox = outbox
        self.sampler = sampler
        self.link = link
        self.boot = random_boot()
        self.boot_bytes = boot_bytes(self.boot)
        self.declaration = 0
        self.info: dict[int, str] = {1: VERSION}
        self.reset_cause = self.wake_reason = 0
        self.reset: Callable[[int], None] | None = None  # called with a mode; None where it cannot be reset from here
        self.reset_mode = -1
        self.interval_ms = 1000
        self.batch = 1
        self.log_level = 0
        self.lag: LoopLag | None = None
        self.health: Health | None = None
        self.custom: Custom | None = None
        self.hello_due = True
        self.hello_asked = False
        self.stopped = False
        self.task_errors = 0
        self.watching: Callable[..., None] | None = None  # the loop's exception handler, once run() has set it
        self.crashes: Crashes | None = None
        self.crash_folder = ""  # where crashes are written at once; empty where they are not
        self.crash_seq = -1  # of the last one that was, until it is acknowledged
        self.commands: Commands | None = None
        self.sealing: Sealing | None = None  # with a key only
        self.sleep: Sleep | None = None
        self.spill: Former | None = None  # what is on flash, if anything is or may come there
        self.watchdog: Watchdog | None = None
        self.hello_at = add(clock.now, -_HELLO_EVERY_MS)
        self.check_at = clock.now
        self.drops_told = 0
        self._slept_from = 0
        self._slept_ms = -1
        self._step_us = 0
        link.node = self
        outbox.groups = sampler.groups
        sampler.begin_sampling(clock.now)

    def step(self) -> int:
        """Sample what is due and serve the link. Milliseconds until it wants to be called again."""
        self._begin_step()
        wait = link_wait = _LONGEST_WAIT_MS
        try:
            wait = self.sampler.step(self)
        except Exception as error:  # noqa: BLE001  # a fault of ours there shall not silence the link
            self.crash("sampler", error)
        if self.watchdog is not None:
            self.watchdog.step()
        now = self.clock.now
        if self.hello_asked:
            self.ask_hello()
        try:
            link_wait = self.link.step(now)
        except Exception as error:  # noqa: BLE001  # a fault of ours there shall not stop the sampling
            self.crash(self.link.name, error)
            self.link.fail()
        if diff(now, self.check_at) >= 0:
            self._check(now)
        if self.reset_mode >= 0:
            from boardpulse.lifecycle import restart

            restart(self)
        if link_wait < wait:
            wait = link_wait
        self._slept_ms = wait
        self._step_us = ticks_diff(ticks_us(), self._slept_from)
        self._slept_from = ticks_us()
        return wait

    def take_ack(self, following: int) -> None:
        """Frames of this boot with a number below `following` are committed; -1: none of this boot."""
        if following >= 0 and self.outbox.acknowledge_below(following):
            self.link.acknowledged()

    def take_pid(self, pid: int) -> bool:
        """The frame that was sent with an MQTT packet id has arrived. Whether there is such a frame."""
        spill = self.spill
        return self.outbox.acknowledge_pid(pid) or (spill is not None and spill.box.acknowledge_pid(pid))

    def ask_hello(self) -> None:
        """The bridge asks for a hello. It gets one a second at most: a question that comes too soon waits."""
        self.hello_asked = True
        if diff(self.clock.now, self.hello_at) >= _HELLO_EVERY_MS:
            self.hello_due = True

    def _begin_step(self) -> None:
        if self.watchdog is not None:
            self.watchdog.step()
        now_us = ticks_us()
        if self.lag is not None and self._slept_ms >= 0:
            self.lag.note(ticks_diff(now_us, self._slept_from) - self._slept_ms * 1000, self._step_us)
        self._slept_from = now_us
        self.clock.update()

    def _check(self, now: int) -> None:
        """What is looked at now and then: drops that the bridge does not know of, a clock that was set, repeated
        crashes."""
        self.check_at = add(now, _CHECK_EVERY_MS)
        if diff(now, self.hello_at) >= _HELLO_EVERY_MS:
            self.hello_at = add(now, -_HELLO_EVERY_MS)  # never so long ago that diff() takes it for the future
        try:
            if self.outbox.drops != self.drops_told or self.clock.stepped():
                self.hello_due = True
            if self.spill is not None:
                self.spill.tell()
            if self.crash_seq >= 0:
                from boardpulse.crash_file import settle

                settle(self)
            if self.crashes is not None:
                self.crashes.tell_repeats(self)
        except Exception as error:  # noqa: BLE001  # a clock that cannot be read shall stop nothing
            self.crash("check", error)

    def emit_all(self) -> None:
        """Encode the samples of all groups, full or not."""
        for group in self.sampler.groups:
            emit(self, group)

    def hello(self, sealed: bool = False) -> bytes:
        """The present hello, `sealed` in its form on a UART; what asked for it is satisfied."""
        from boardpulse.declaration import hello

        frame = hello(self, sealed)
        forget("boardpulse.declaration")
        self.hello_due = self.hello_asked = False
        return frame

    def held(self) -> int:
        """How many frames wait, in the outbox and on flash; 0 only when none does."""
        return self.outbox.count + (0 if self.spill is None else self.spill.held())

    def unanswered(self) -> int:
        """How many frames were sent and wait for their acknowledgement."""
        return self.outbox.sent + (0 if self.spill is None else self.spill.box.sent)

    def send_again(self) -> None:
        """Have all frames that were sent and not acknowledged sent another time."""
        self.outbox.again = 0
        self.outbox.until = self.outbox.sent
        if self.spill is not None:
            self.spill.box.again = 0
            self.spill.box.until = self.spill.box.sent

    def capacity_s(self) -> int:
        """For how many seconds outbox and flash can take frames at the declared cadence; ten years at most."""
        free = self.outbox.free() + (0 if self.spill is None else self.spill.room())
        rate = self.sampler.bytes_per_100_s()
        return min(free // rate * 100 + free % rate * 100 // rate, _TEN_YEARS_S)

    def sensor_report(self, slot: "Slot", error: "str | None") -> None:
        """Tell that a sensor began to fail (`error`), or that it works again."""
        from boardpulse.events import sensor

        sensor(self, slot, error)

    def link_report(self, severity: int, message: str) -> None:
        """Tell what happened to the link."""
        from boardpulse.events import LINK, body, write

        write(self, body(LINK, severity, message, self.link.name))

    def crash(self, source: str, error: BaseException) -> None:
        """Send the traceback of an exception. The same one again within ten seconds is counted, and told afterwards."""
        self.task_errors += 1
        try:
            from boardpulse.events import crash

            crash(self, source, error)
        except Exception:  # noqa: BLE001  # no heap for the report, say: the node lives on, and the count tells
            self.outbox.give_up(_CRASH)

    def log(self, severity: "str | int", message: str, **fields: object) -> None:
        """Send a log line. Fields are ints, texts, bools or None; anything else is sent as text."""
        from boardpulse.events import log

        log(self, severity, message, fields)

    def metric(self, *declaration: "Any") -> "Any":
        """A custom metric; arguments as of custom.declare."""
        from boardpulse.lifecycle import metric

        return metric(self, *declaration)

    def add_sensor(self, sensor: "Sensor", interval_ms: int = 0) -> None:
        """Have a sensor read from now on, every `interval_ms` (0: as configured)."""
        from boardpulse.lifecycle import add_sensor

        add_sensor(self, sensor, interval_ms)

    def redeclare(
        self, intervals: "list[list[int]] | tuple[()]" = (), batches: "list[list[int]] | tuple[()]" = ()
    ) -> None:
        """Take changed groups into use: what was sampled goes out under the old declaration, a hello with the next
        one follows."""
        from boardpulse.lifecycle import redeclare

        redeclare(self, intervals, batches)

    def end(self, timeout_ms: int = 1500, reason: int = 0) -> bool:
        """Say bye, wait until everything is acknowledged or the time is over, close the link. Whether everything
        was."""
        from boardpulse.lifecycle import close

        return close(self, timeout_ms, reason)

    def loop(self) -> None:
        """Step until stop(); without asyncio, which takes heap. Ctrl-C ends it with a bye."""
        try:
            while self.sleep is not None:
                self.sleep.cycle()
            while not self.stopped:
                sleep_ms(self.step())
        except KeyboardInterrupt:
            self.end()
        except Exception as error:
            self.crash("main", error)
            raise

    async def run(self) -> None:
        """Step until stop(), as a task of whatever asyncio loop is running."""
        from boardpulse.stepping import run

        await run(self)

    async def flush(self, timeout_ms: int = 5000) -> bool:
        """Send what was sampled, and wait until all that was made by now is acknowledged. False when the time was over
        first, or a frame was given up meanwhile."""
        from boardpulse.tasks import flush

        return await flush(self, timeout_ms)

    async def stop(self, timeout_ms: int = 1500) -> bool:
        """Say bye, flush, close the link and end run(). Whether everything was acknowledged."""
        from boardpulse.tasks import stop

        return await stop(self, timeout_ms)
