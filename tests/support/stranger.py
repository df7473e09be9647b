"""A board written from shared_schema/SPEC.md and its vectors alone. It shares no code with shared_schema and the
firmware; what it does wrong, SPEC.md has not said. `run` reads, answers and sends again until a condition holds."""

import os
import secrets
import select
import time
import tty
import zlib
from collections.abc import Callable
from queue import Empty, SimpleQueue
from typing import Any

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

from tests.support.stranger_wire import Refused, column, decode, encode, from_line, seal, times, to_line, unseal

HELLO, SAMPLES, EVENT, SPAN, BYE, ACK, HELLO_REQUEST, SET, RESET, STATE = 1, 2, 3, 4, 5, 8, 9, 10, 11, 16
COMMAND_RESULT, DONE, REFUSED, LOST, CONNECTED, CLOSED = 4, 0, 1, 0, 1, 2
FIRST_PAUSE_S, LAST_PAUSE_S = 1.0, 30.0
RUNS_FOR_S = 10.0  # before it is made, so that the samples of its first batch were taken after its start


class Board:
    """The frames of a board. `groups` and `more` are those of its hello; with a `key` it speaks and listens sealed."""

    sends_again = True  # after a pause

    def __init__(self, device_id: str, groups: list[Any], key: bytes = b"", more: dict[int, Any] | None = None) -> None:
        self.device_id, self.key, self.more = device_id, key, more or {}
        self.groups = [list(group) for group in groups]
        self.boot = 1 + secrets.randbelow((1 << 30) - 1)
        self.outbox: dict[int, bytes] = {}
        self.heard: list[list[Any]] = []  # down frames
        self.refused: list[str] = []
        self.answers: dict[int, int] = {}
        self.seq = self.declaration = self.dropped = 0
        self._began = time.monotonic() - RUNS_FOR_S
        self._hello_at, self._pause_s, self._due = -1, FIRST_PAUSE_S, 0.0
        self._wall: tuple[int, int] | None = None  # the wall clock at the start, in milliseconds, and its uncertainty

    def transmit(self, topic: str, frame: bytes, seq: int = -1) -> None:
        """Send a frame, sealed if need be. `seq` is its number if it is reliable."""
        raise NotImplementedError

    def receive(self, timeout_s: float) -> None:
        """Hand what comes in that time to `take`."""
        raise NotImplementedError

    @property
    def uptime(self) -> int:
        """Milliseconds since its start."""
        return int((time.monotonic() - self._began) * 1000)

    def sealed(self, frame: bytes) -> bytes:
        """The frame as it travels."""
        return seal(self.key, self.device_id, frame) if self.key else frame

    def hello(self, topic: str = "hello") -> None:
        """Say who it is. No two hellos of a boot have the same uptime (section 15)."""
        self._hello_at = max(self.uptime, self._hello_at + 1)
        outbox = [min(self.outbox, default=self.seq), len(self.outbox), 3600, 0, self.dropped, 0, 0]
        body: dict[int, Any] = {0: 1, 1: self.device_id, 2: "stranger", 3: self.declaration, 4: self.groups, 7: outbox}
        if self._wall is not None:
            body[6] = [*divmod(self._wall[0] + self._hello_at, 1000), 3, self._wall[1]]
        self.transmit(topic, encode([HELLO, self.boot, self.seq, self._hello_at, body | self.more]))

    def samples(self, group: int, columns: list[list[Any]], *, lost: bool = False) -> int:
        """The last samples of a group; its sequence number."""
        interval, n = self.groups[group][0], len(columns[0])
        taken = [self.uptime - interval * (n - 1 - i) for i in range(n)]
        rest = [self.declaration, group, times(taken, interval), *map(column, columns)]
        return self.reliable(SAMPLES, taken[0], *rest, lost=lost)

    def event(self, message: str, kind: int = 0, more: dict[int, Any] | None = None, *, lost: bool = False) -> int:
        """An event."""
        return self.reliable(EVENT, self.uptime, {1: kind, 2: 1, 3: message} | (more or {}), lost=lost)

    def span(self, name: str, duration_us: int, attributes: dict[str, Any]) -> int:
        """A span."""
        body = {1: name, 2: duration_us, 3: secrets.token_bytes(8), 6: 1, 7: attributes}
        return self.reliable(SPAN, self.uptime, body)

    def bye(self, reason: int, wake_in_ms: int | None = None) -> int:
        """A good-bye."""
        return self.reliable(BYE, self.uptime, {1: reason} | ({} if wake_in_ms is None else {2: wake_in_ms}))

    def reliable(self, kind: int, uptime: int, *rest: Any, lost: bool = False) -> int:
        """Keep a frame until it is acknowledged. One that is `lost` is on its way in vain."""
        seq, self.seq = self.seq, self.seq + 1
        frame = self.outbox[seq] = encode([kind, self.boot, seq, uptime, *rest])
        if len(self.outbox) == 1:
            self._due = time.monotonic() + self._pause_s
        if not lost:
            self.transmit("up", frame, seq)
        return seq

    def drop(self, seq: int) -> None:
        """Give up an event, and say so."""
        del self.outbox[seq]
        self.dropped += 1
        self.hello()

    def take(self, data: bytes) -> None:
        """A down frame, as it travels."""
        try:
            frame = decode(unseal(self.key, self.device_id, data))
        except Refused as error:
            self.refused.append(str(error))
            return
        self.heard.append(frame)
        kind, boot = frame[:2]
        if kind == HELLO_REQUEST and boot in (self.boot, None):
            if self.uptime - self._hello_at >= 1000:
                self.asked()
        elif boot == self.boot and kind == ACK and frame[2] <= self.seq:
            self.forget([seq for seq in self.outbox if seq < frame[2]])
        elif boot == self.boot and kind in (SET, RESET):
            self._command(kind, frame[2], frame[3])

    def asked(self) -> None:
        """Answer hello?."""
        self.hello()

    def forget(self, seqs: list[int]) -> None:
        """These are acknowledged."""
        for seq in seqs:
            del self.outbox[seq]
            self._pause_s, self._due = FIRST_PAUSE_S, time.monotonic() + FIRST_PAUSE_S

    def _command(self, kind: int, number: int, what: Any) -> None:
        fresh = number > max(self.answers, default=-1)
        if fresh:
            self.answers[number] = self._set(what) if kind == SET else DONE
        self.event("", COMMAND_RESULT, {8: number, 9: self.answers.get(number, REFUSED)})
        if fresh and kind == RESET:
            self.bye(3)

    def _set(self, fields: dict[int, Any]) -> int:
        rows = [(0, *row) for row in fields.get(1, ())] + [(1, *row) for row in fields.get(2, ())]
        if any(group >= len(self.groups) for _, group, _ in rows):
            return REFUSED
        for field, group, value in rows:
            self.groups[group][field] = value
        if 4 in fields:
            unix_s, ms, uncertainty_ms = fields[4]
            self._wall = unix_s * 1000 + ms - self.uptime, uncertainty_ms
        if rows:
            self.declaration = (self.declaration + 1) % 256
        if rows or 4 in fields:
            self.hello()
        return DONE

    def run(self, until: Callable[[], bool], timeout_s: float = 10.0) -> None:
        """Read, answer and send again until `until`; AssertionError when that takes too long."""
        end = time.monotonic() + timeout_s
        while not until():
            now = time.monotonic()
            assert now < end, f"held: {list(self.outbox)}, refused: {self.refused}, heard last: {self.heard[-3:]}"
            self.receive(0.02)
            if self.outbox and now >= self._due and self.sends_again:
                self._pause_s = min(2 * self._pause_s, LAST_PAUSE_S)
                self._due = now + self._pause_s
                self.again()

    def again(self) -> None:
        """Send everything again that is not acknowledged, oldest first."""
        for seq in sorted(self.outbox):
            self.transmit("up", self.outbox[seq], seq)


class UartBoard(Board):
    """A board on a pseudo-terminal; `path` is the bridge's end of it. `line` is that of an earlier boot."""

    def __init__(self, *args: Any, line: tuple[int, int] | None = None, **more: Any) -> None:
        super().__init__(*args, **more)
        self.line = line or os.openpty()
        tty.setraw(self.line[1])
        self.path = os.ttyname(self.line[1])
        self._unread = b""

    def transmit(self, topic: str, frame: bytes, seq: int = -1) -> None:
        data = to_line(self.sealed(frame))
        while data:
            data = data[os.write(self.line[0], data) :]

    def receive(self, timeout_s: float) -> None:
        if not select.select([self.line[0]], [], [], timeout_s)[0]:
            return
        *chunks, self._unread = (self._unread + os.read(self.line[0], 4096)).split(b"\0")
        for chunk in filter(None, chunks):
            try:
                self.take(from_line(chunk))
            except Refused as error:
                self.refused.append(str(error))

    def close(self) -> None:
        """Take the line away."""
        for fd in self.line:
            os.close(fd)


class MqttBoard(Board):
    """A board behind a broker, which believes PUBACK (ack_mode 0)."""

    sends_again = False  # but after a reconnection

    def __init__(self, *args: Any, port: int, **more: Any) -> None:
        super().__init__(*args, **more)
        self._base = f"boardpulse/v1/{zlib.crc32(self.device_id.encode()) % 64:02x}/{self.device_id}/"
        self._inbox: SimpleQueue[bytes | int] = SimpleQueue()
        self._numbers: dict[int, int] = {}  # message id → seq
        self._client = paho.Client(CallbackAPIVersion.VERSION2, f"boardpulse-{self.device_id}")
        self._client.on_message = lambda _client, _data, message: self._inbox.put(bytes(message.payload))
        self._client.on_publish = lambda _client, _data, number, *_: self._inbox.put(number)
        self._client.will_set(self._base + "state", self.sealed(encode([STATE, self.boot, LOST])), 1, retain=True)
        self._client.connect("127.0.0.1", port)
        self._client.subscribe(self._base + "down", 1)
        self._client.loop_start()
        self.hello()
        self.transmit("state", encode([STATE, self.boot, CONNECTED]))

    def transmit(self, topic: str, frame: bytes, seq: int = -1) -> None:
        self._numbers[self.publish(topic, self.sealed(frame)).mid] = seq

    def publish(self, topic: str, data: bytes) -> paho.MQTTMessageInfo:
        """Bytes, as they are."""
        return self._client.publish(self._base + topic, data, 1, topic != "up")

    def receive(self, timeout_s: float) -> None:
        try:
            what = self._inbox.get(timeout=timeout_s)
        except Empty:
            return
        if isinstance(what, bytes):
            self.take(what)
        else:
            self.forget([seq for seq in self.outbox if seq == self._numbers.get(what)])

    def asked(self) -> None:
        """The retained hello, and one in its place among the frames."""
        self.hello()
        self.hello("up")

    def close(self) -> None:
        """Disconnect on purpose."""
        self.publish("state", self.sealed(encode([STATE, self.boot, CLOSED]))).wait_for_publish(5)
        self._client.disconnect()
        self._client.loop_stop()
