"""The node: samples, encodes, keeps and sends, one step at a time, so that nothing that fails stops the rest.

Here is what runs all the time. What is rare is in events.py, declaration.py, lifecycle.py and commands.py, and loaded
when it is needed.
"""

from boardpulse.clock import add, diff
from boardpulse.compat import const, random_boot, ticks_diff, ticks_us
from boardpulse.down import HELLO_EVERY_MS, answer_hello_request
from boardpulse.emit import emit
from boardpulse.outbox import CRASH
from boardpulse.receive import receive
from shared_schema.encode import boot_bytes

TYPE_CHECKING = const(0)
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from boardpulse.clock import Clock
    from boardpulse.commands import Commands
    from boardpulse.custom import Custom
    from boardpulse.events import Crashes
    from boardpulse.group import Slot
    from boardpulse.outbox import Outbox
    from boardpulse.protocols import Link, Sensor
    from boardpulse.sampler import Sampler
    from boardpulse.sensors.health import Health
    from boardpulse.sensors.loop_lag import LoopLag

VERSION = "0.1.0"

_LONGEST_WAIT_MS = const(1000)
_CHECK_EVERY_MS = const(10000)
_CLOCK_STEP_MS = const(500)


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
        self.crashes: Crashes | None = None
        self.commands: Commands | None = None
        self.hello_at = add(clock.now, -HELLO_EVERY_MS)
        self._check_at = clock.now
        self._drops_told = 0
        self._offset_told = 0
        self._slept_from = 0
        self._slept_ms = -1
        link.node = self
        sampler.start(clock.now)

    def step(self) -> int:
        """Sample what is due and serve the link. Milliseconds until it wants to be called again."""
        if self.lag is not None and self._slept_ms >= 0:
            self.lag.note(ticks_diff(ticks_us(), self._slept_from) - self._slept_ms * 1000)
        self.clock.update()
        wait = self._step_sampler()
        if self.hello_asked:
            answer_hello_request(self)
        link_wait = self._step_link()
        if link_wait < wait:
            wait = link_wait
        if diff(self.clock.now, self._check_at) >= 0:
            self._check_at = add(self.clock.now, _CHECK_EVERY_MS)
            self._step_check()
        if self.reset_mode >= 0:
            self._restart()
        self._slept_ms = wait
        self._slept_from = ticks_us()
        return wait

    def _step_sampler(self) -> int:
        try:
            return self.sampler.step(self)
        except Exception as error:  # noqa: BLE001  # a fault of ours there shall not silence the link
            self.crash("sampler", error)
            return _LONGEST_WAIT_MS

    def _step_link(self) -> int:
        try:
            return self.link.step(self.clock.now)
        except Exception as error:  # noqa: BLE001  # a fault of ours there shall not stop the sampling
            self.crash(self.link.name, error)
            self.link.fail()
            return _LONGEST_WAIT_MS

    def _step_check(self) -> None:
        try:
            self._check()
        except Exception as error:  # noqa: BLE001  # a clock that cannot be read shall stop nothing
            self.crash("check", error)

    def emit_all(self) -> None:
        """Encode the samples of all groups, full or not."""
        for group in self.sampler.groups:
            emit(self, group)

    def hello(self) -> bytes:
        """The present hello; what asked for it is satisfied."""
        from boardpulse.declaration import hello

        self.hello_due = self.hello_asked = False
        self.hello_at = self.clock.now
        self._drops_told = self.outbox.drops
        self._offset_told = self.clock.offset_ms()
        return hello(self)

    def capacity_s(self) -> int:
        """For how many seconds the outbox can take frames at the declared cadence."""
        return self.outbox.free() * 100 // self.sampler.bytes_per_100_s

    def receive(self, buf: bytearray, start: int, end: int) -> None:
        """Take a down frame that stands in buf[start:end]."""
        receive(self, buf, start, end)

    def _check(self) -> None:
        """What is looked at now and then: drops that the bridge does not know of, a clock that was set, repeated
        crashes."""
        if diff(self.clock.now, self.hello_at) >= HELLO_EVERY_MS:
            self.hello_at = add(
                self.clock.now, -HELLO_EVERY_MS
            )  # never so long ago that diff() takes it for the future
        if self.outbox.drops != self._drops_told or abs(self.clock.offset_ms() - self._offset_told) > _CLOCK_STEP_MS:
            self.hello_due = True
        if self.crashes is not None:
            self.crashes.tell_repeats(self)

    def _restart(self) -> None:
        mode = self.reset_mode
        self.reset_mode = -1
        self.close(reason=3)
        if self.reset is not None:
            self.reset(mode)

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
            if self.crashes is None:
                from boardpulse.events import Crashes

                self.crashes = Crashes()
            self.crashes.note(self, source, error)
        except Exception:  # noqa: BLE001  # no heap for the report, say: the node lives on, and the count tells
            self.outbox.give_up(CRASH)

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

    def close(self, timeout_ms: int = 1500, reason: int = 0) -> bool:
        """Say bye, wait until everything is acknowledged or the time is over, close the link. Whether everything
        was."""
        from boardpulse.lifecycle import close

        return close(self, timeout_ms, reason)

    async def run(self) -> None:
        """Step until stop(), as a task of whatever asyncio loop is running."""
        from boardpulse import tasks

        tasks.watch_loop(self)
        while not self.stopped:
            await tasks.sleep_ms(self.step())

    async def flush(self, timeout_ms: int = 5000) -> bool:
        """Send what was sampled, and wait until everything is acknowledged. False when the time was over first."""
        from boardpulse.tasks import flush

        return await flush(self, timeout_ms)

    async def stop(self, timeout_ms: int = 1500) -> bool:
        """Say bye, flush, close the link and end run(). Whether everything was acknowledged."""
        from boardpulse.tasks import stop

        return await stop(self, timeout_ms)
