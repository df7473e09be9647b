"""The node: samples, encodes, keeps and sends, one step at a time, so that nothing that fails stops the rest."""

from shared_schema.cbor import encode
from shared_schema.encode import boot_bytes
from shared_schema.errors import EncodeError

from boardpulse import events
from boardpulse.clock import add, diff
from boardpulse.compat import MICROPYTHON, const, random_boot, sleep_ms, ticks_diff, ticks_us, traceback_text
from boardpulse.outbox import CRASH, EVENT, SAMPLES

VERSION = "0.1.0"

_MAX_FRAME = const(8192)
_HELLO_EVERY_MS = const(1000)
_CHECK_EVERY_MS = const(10000)
_CLOCK_STEP_MS = const(500)
_POLL_MS = const(20)


class Node:
    """One board. step() does what is due and says how long it may sleep; run() does so in an asyncio loop; close() ends well.

    The link has `name`, step(now) → ms, fail(), close(). It takes frames from `outbox` and hello(), and gives what came to receive().
    """

    def __init__(self, device_id: str, platform: str, clock, outbox, sampler, link) -> None:  # type: ignore[no-untyped-def]
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
        self.reset = None  # what a reset command calls with its mode; None where the board cannot be reset from here
        self.log_level = 0
        self.lag = None  # sensors.loop_lag.LoopLag, when the board has it
        self.custom = None
        self.commands = None
        self.task_errors = 0
        self.hello_due = True
        self.hello_asked = False
        self.stopped = False
        self._hello_at = add(clock.now, -_HELLO_EVERY_MS)
        self._check_at = clock.now
        self._drops_told = 0
        self._offset_told = 0
        self._slept_from = 0
        self._slept_ms = -1
        self._crash_text = ""
        self._crash_at = 0
        self._crash_repeats = 0
        link.node = self
        sampler.start(clock.now)

    def step(self) -> int:
        """Sample what is due and serve the link. Milliseconds until it wants to be called again."""
        if self.lag is not None and self._slept_ms >= 0:
            self.lag.note(ticks_diff(ticks_us(), self._slept_from) - self._slept_ms * 1000)
        clock = self.clock
        clock.update()
        wait = self._step_sampler()
        wait = min(wait, self._step_link())
        if diff(clock.now, self._check_at) >= 0:
            self._check_at = add(clock.now, _CHECK_EVERY_MS)
            self._check()
        self._slept_ms = wait
        self._slept_from = ticks_us()
        return wait

    def _step_sampler(self) -> int:
        try:
            return self.sampler.step(self)  # type: ignore[no-any-return]
        except Exception as error:  # noqa: BLE001  # a fault of ours there shall not silence the link
            self.crash("sampler", error)
            return 1000

    def _step_link(self) -> int:
        try:
            return self.link.step(self.clock.now)  # type: ignore[no-any-return]
        except Exception as error:  # noqa: BLE001  # a fault of ours there shall not stop the sampling
            self.crash(self.link.name, error)
            self.link.fail()
            return 1000

    def emit(self, group) -> None:  # type: ignore[no-untyped-def]
        """Encode what a group holds into the outbox."""
        outbox = self.outbox
        while group.n:
            w = outbox.begin(group.room, SAMPLES)
            if w is None:
                group.n = 0
                return
            try:
                group.encode(w, self.boot_bytes, outbox.next_seq, self.declaration)
                outbox.commit(SAMPLES)
                group.n = 0
            except EncodeError as error:
                if group.room >= _MAX_FRAME:
                    outbox.give_up(SAMPLES)
                    group.n = 0
                    self.crash("group %d" % group.number, error)
                group.room = min(group.room * 2, _MAX_FRAME)

    def emit_all(self) -> None:
        """Encode the samples of all groups, full or not."""
        for group in self.sampler.groups:
            self.emit(group)

    def redeclare(self) -> None:
        """Take changed groups into use: what was sampled goes out under the old declaration, a hello with the next one follows."""
        self.emit_all()
        for group in self.sampler.groups:
            group.lay_out()
        self.declaration = (self.declaration + 1) & 255
        self.hello_due = True

    def hello(self) -> bytes:
        """The present hello; what asked for it is satisfied."""
        from boardpulse.declaration import hello

        self.hello_due = self.hello_asked = False
        self._hello_at = self.clock.now
        self._drops_told = self.outbox.drops
        self._offset_told = self._offset()
        return hello(self)

    def receive(self, buf: bytearray, start: int, end: int) -> None:
        """Take a down frame (SPEC.md section 9) that stands in buf[start:end]. Acknowledgements take no heap."""
        if end - start > 2 and buf[start] == 0x83 and buf[start + 1] == 8:
            following = self._following(buf, start + 2, end)
            if following >= 0 and self.outbox.acknowledge_below(following):
                self.link.acknowledged()
        elif end - start > 2 and buf[start] == 0x82 and buf[start + 1] == 9:
            if diff(self.clock.now, self._hello_at) >= _HELLO_EVERY_MS:
                self.hello_due = self.hello_asked = True
        else:
            self._execute(bytes(buf[start:end]))

    def _following(self, buf: bytearray, pos: int, end: int) -> int:
        """`next` of an ack of this boot whose boot begins at `pos`; -1 for any other."""
        for byte in self.boot_bytes:
            if pos >= end or buf[pos] != byte:
                return -1
            pos += 1
        if pos >= end or buf[pos] > 0x1B:
            return -1
        value = buf[pos]
        if value > 23:
            if pos + 1 + (1 << (value - 24)) != end:
                return -1
            value = 0
        while pos + 1 < end:
            pos += 1
            value = value << 8 | buf[pos]
        return value

    def _execute(self, frame: bytes) -> None:
        if self.commands is None:
            from boardpulse.commands import Commands

            self.commands = Commands()
        self.commands.receive(self, frame)

    def _check(self) -> None:
        """What is looked at now and then: drops that the bridge does not know of, a clock that was set, repeated crashes."""
        if self.outbox.drops != self._drops_told or abs(self._offset() - self._offset_told) > _CLOCK_STEP_MS:
            self.hello_due = True
        if self._crash_repeats and diff(self.clock.now, self._crash_at) >= _CHECK_EVERY_MS:
            self._write_crash(self._crash_text, "", self._crash_repeats)
            self._crash_repeats = 0

    def _offset(self) -> int:
        anchor = self.clock.anchor()
        return anchor[0] * 1000 + anchor[1] - self.clock.uptime_ms() if anchor else 0  # type: ignore[no-any-return]

    def log(self, severity: "str | int", message: str, **fields: object) -> None:
        """Send a log line. Fields are ints, texts, bools or None; anything else is sent as text."""
        number = events.severity_number(severity)
        if number >= self.log_level:
            event = events.body(events.LOG, number, message, "app")
            if fields:
                event[5] = events.fields(fields)
            events.write(self, event)

    def sensor_report(self, slot, error: "str | None") -> None:  # type: ignore[no-untyped-def]
        """Tell that a sensor began to fail (`error`), or that it works again."""
        if error is None:
            event = events.body(events.SENSOR, events.INFO, "works again", slot.sensor.name)
            event[7] = max(1, slot.failures)
        else:
            event = events.body(events.SENSOR, events.WARNING, error, slot.sensor.name)
        events.write(self, event)

    def link_report(self, severity: int, message: str) -> None:
        """Tell what happened to the link."""
        events.write(self, events.body(events.LINK, severity, message, self.link.name))

    def crash(self, source: str, error: BaseException) -> None:
        """Send the traceback of an exception. The same one again within ten seconds is counted, and told afterwards."""
        text = "%s: %s: %s" % (source, type(error).__name__, error)
        self.task_errors += 1
        if text == self._crash_text and diff(self.clock.now, self._crash_at) < _CHECK_EVERY_MS:
            self._crash_repeats += 1
            return
        self._crash_text = text
        self._crash_at = self.clock.now
        self._write_crash(text, traceback_text(error), 1)

    def _write_crash(self, text: str, traceback: str, repeats: int) -> None:
        source, _, message = text.partition(": ")
        event = events.body(events.CRASH, events.ERROR, message, source, traceback)
        if repeats > 1:
            event[7] = repeats
        events.write(self, event, CRASH)

    def bye(self, reason: int, wake_in_ms: int = -1) -> None:
        """Announce silence: reasons as in SPEC.md section 7. Samples that wait go out before it."""
        self.emit_all()
        body: dict[int, int] = {1: reason}
        if wake_in_ms >= 0:
            body[2] = wake_in_ms
        outbox = self.outbox
        outbox.put(encode([5, self.boot, outbox.next_seq, self.clock.uptime_ms(), body]), EVENT)

    def close(self, timeout_ms: int = 1500, reason: int = 0) -> bool:
        """Say bye, wait until everything is acknowledged or the time is over, close the link. Whether everything was."""
        self.bye(reason)
        self.sampler.groups = []
        until = add(self.clock.now, timeout_ms)
        while self.outbox.count and diff(until, self.clock.now) > 0:
            sleep_ms(min(self.step(), _POLL_MS))
        self.stopped = True
        self.link.close()
        return not self.outbox.count

    async def run(self) -> None:
        """Step until stop(), as a task of whatever asyncio loop is running."""
        from boardpulse import tasks

        tasks.watch_loop(self)
        while not self.stopped:
            await tasks.sleep_ms(self.step())

    async def flush(self, timeout_ms: int = 5000) -> bool:
        """Send what was sampled, and wait until everything is acknowledged. False when the time was over first."""
        from boardpulse import tasks

        self.emit_all()
        self.clock.update()
        until = add(self.clock.now, timeout_ms)
        while self.outbox.count and diff(until, self.clock.now) > 0:
            await tasks.sleep_ms(min(self.step(), _POLL_MS))
        return not self.outbox.count

    async def stop(self, timeout_ms: int = 1500) -> bool:
        """Say bye, flush, close the link and end run(). Whether everything was acknowledged."""
        self.bye(0)
        self.sampler.groups = []
        done = await self.flush(timeout_ms)
        self.stopped = True
        self.link.close()
        return done
