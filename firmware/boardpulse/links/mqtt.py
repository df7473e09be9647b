"""Frames over MQTT (SPEC.md section 14): connects and reconnects by itself, keeps each frame until its PUBACK."""

from boardpulse.clock import add, diff
from boardpulse.compat import const, ticks_us
from boardpulse.links import mqtt_client as packets
from shared_schema.encode import state
from shared_schema.messages import topic

TYPE_CHECKING = const(0)
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from boardpulse.node import Node
    from boardpulse.outbox import Outbox
    from boardpulse.protocols import Stream

_FIRST_BACKOFF_MS = const(1000)
_LAST_BACKOFF_MS = const(30000)
_CONNECT_MS = const(10000)  # from opening the socket to CONNACK
_ANSWER_MS = const(15000)  # for PINGRESP, PUBACK and SUBACK; after it the connection counts as dead
_WINDOW = const(16)  # frames that wait for their PUBACK: as many as paho's and mosquitto's default queue takes
_MAX_DOWN = const(256)
_TX = const(512)
_BUSY_MS = const(2)
_WAITING_MS = const(10)
_IDLE_MS = const(50)
_CLOSED_MS = const(200)
_LOST = const(0)  # statuses of the state topic
_CONNECTED = const(1)
_CLOSED = const(2)
_INFO = const(1)
_WARNING = const(2)

# States of the connection.
_DOWN = const(0)
_OPENING = const(1)  # CONNECT is on its way
_UP = const(2)

# What the packet that is being written is.
_CONTROL = const(0)
_AGAIN = const(1)
_NEW = const(2)


class Mqtt:
    """The link to a broker. open_socket(options) → a stream that is connected, or will be; OSError when that is
    hopeless."""

    name = "mqtt"

    def __init__(
        self, device_id: str, options: "dict[str, Any]", open_socket: "Callable[[dict[str, Any]], Stream]"
    ) -> None:
        self.node: Node = None  # type: ignore[assignment]  # the node puts itself here
        self.errors = 0
        self.reconnects = 0
        self._options = options
        self.ack_mode = 1 if options["ack"] == "bridge" else 0
        self._half_keepalive_ms = options["keepalive_s"] * 500
        self._client_id = "boardpulse-" + device_id
        self._device_id = device_id
        self._topics = {name: packets.field(topic(device_id, name)) for name in ("up", "hello", "state")}
        self._open_socket = open_socket
        self._stream: Any = None
        self._reader = packets.Reader(self, _MAX_DOWN + 128)
        self._rx = bytearray(128)
        self._tx = bytearray(_TX)
        self._at = self._end = 0
        self._what = _CONTROL
        self._seq = 0
        self._queue: list[bytes] = []
        self._state = _DOWN
        self._state_due = False
        self._subscribed = False
        self._pid = 0
        self._backoff_ms = _FIRST_BACKOFF_MS
        self._told = False
        self._open_at = -1
        self._connected_once = False
        self._since = self._heard_at = self._said_at = self._progress_at = 0
        self._ping_at = -1

    def step(self, now: int) -> int:
        """Read what came, write what may be written. Milliseconds until it wants to be called again."""
        if self._state == _DOWN and not self._open(now):
            return _CLOSED_MS
        try:
            self._receive(now)
            self._check_deadlines(now)
            while self._write(now):
                pass
        except OSError as error:
            self._lose(now, error)
            return _CLOSED_MS
        if self._at < self._end or self._state == _OPENING:
            return _BUSY_MS
        return _WAITING_MS if self.node.outbox.count else _IDLE_MS

    def acknowledged(self) -> None:
        """The bridge's own ack took frames."""
        self._progress_at = self.node.clock.now

    def fail(self) -> None:
        """Begin afresh after an error in this code, on a new connection."""
        self._lose(self.node.clock.now, packets.MqttError("an error in the link"))

    def close(self) -> None:
        """Say that the board disconnects on purpose, so that the last will is not sent."""
        if self._state == _UP and self._at == self._end:
            self._load(*self._publish_state(_CLOSED))
            self._finish()
            self._load(packets.DISCONNECT, b"")
            self._finish()
        self._drop()

    def _finish(self) -> None:
        """Write the rest of what is loaded, as far as the socket takes it."""
        try:
            while self._at < self._end:
                taken = self._stream.write(self._tx, self._at, self._end - self._at)
                if not taken:
                    return
                self._at += taken
        except OSError:
            self.errors += 1

    def _open(self, now: int) -> bool:
        if self._open_at >= 0 and diff(now, self._open_at) < 0:
            return False
        options = self._options
        try:
            self._stream = self._open_socket(options)
        except OSError as error:
            self._lose(now, error)
            return False
        self._reader.reset()
        self._state = _OPENING
        self._since = self._said_at = self._heard_at = now
        will = (topic(self._device_id, "state"), state(self.node.boot, _LOST))
        self._queue = [
            packets.connect(self._client_id, options["keepalive_s"], options["user"], options["password"], will)
        ]
        return True

    def _lose(self, now: int, error: OSError) -> None:
        """Close, tell it once for an outage, and wait: twice as long each time, with jitter so that a fleet does
        not come at once."""
        self.errors += 1
        if not self._told:
            self._told = True
            self.node.link_report(_WARNING, "the broker is out of reach: %s" % error)
        self._drop()
        half = self._backoff_ms // 2
        self._open_at = add(now, half + (half * (ticks_us() & 0xFF) >> 7))
        self._backoff_ms = min(self._backoff_ms * 2, _LAST_BACKOFF_MS)

    def _drop(self) -> None:
        if self._stream is not None:
            self._stream.close()
            self._stream = None
        self._state = _DOWN
        self._at = self._end = 0
        self._ping_at = -1
        self._subscribed = False

    def _check_deadlines(self, now: int) -> None:
        """MqttError when an answer is overdue; a ping when nothing was said or heard for half the keep-alive."""
        if self._state == _OPENING:
            if diff(now, self._since) > _CONNECT_MS:
                raise packets.MqttError("no answer to CONNECT")
            return
        late = None
        if self._ping_at >= 0 and diff(now, self._ping_at) > _ANSWER_MS:
            late = "PINGREQ"
        elif self.node.outbox.sent and diff(now, self._progress_at) > _ANSWER_MS:
            if self.ack_mode == 0:
                late = "PUBLISH"
            else:
                self._send_again(now)
        elif not self._subscribed and diff(now, self._since) > _ANSWER_MS:
            late = "SUBSCRIBE"
        elif self._at < self._end and diff(now, self._said_at) > _ANSWER_MS:
            late = "anything"
        if late is not None:
            raise packets.MqttError("no answer to " + late)
        quiet = max(diff(now, self._said_at), diff(now, self._heard_at))
        if self._ping_at < 0 and quiet >= self._half_keepalive_ms:
            self._ping_at = now
            self._queue.append(packets.PINGREQ)

    def _receive(self, now: int) -> None:
        while self._state != _DOWN:
            n = self._stream.readinto(self._rx)
            if n is None:
                return
            if n == 0:
                raise packets.MqttError("the broker closed the connection")
            self._heard_at = now
            self._reader.feed(self._rx, n)

    def _write(self, now: int) -> bool:
        """Write what the socket takes of one packet. Whether it is worth going on."""
        if self._at == self._end and not self._choose(now):
            return False
        taken = self._stream.write(self._tx, self._at, self._end - self._at)
        if not taken:
            return False
        self._said_at = now
        self._at += taken
        if self._at == self._end:
            self._written(now)
        return True

    def _choose(self, now: int) -> bool:
        """Load the next packet, if there is one to send."""
        outbox = self.node.outbox
        self._what = _CONTROL
        if self._queue:
            self._load(self._queue.pop(0), b"")
        elif self._state != _UP:
            return False
        elif self.node.hello_due:
            self._load_hello()
        elif self._state_due:
            self._state_due = False
            self._load(*self._publish_state(_CONNECTED))
        elif outbox.again < outbox.until:
            if outbox.done(outbox.again):
                outbox.again += 1
                return self._choose(now)
            self._load_frame(outbox, outbox.again, _AGAIN)
        elif outbox.sent < outbox.count and outbox.sent < _WINDOW:
            self._load_frame(outbox, outbox.sent, _NEW)
        else:
            return False
        return True

    def _load(self, head: bytes, payload: "bytes | memoryview") -> None:
        """Put one packet into the buffer, which grows to the largest that was ever needed."""
        start = len(head)
        self._end = start + len(payload)
        if self._end > len(self._tx):
            self._tx = bytearray(self._end + 64)
        self._tx[:start] = head
        self._tx[start : self._end] = payload
        self._at = 0

    def _load_hello(self) -> None:
        """The retained hello; and one among the frames when the bridge asked for it."""
        asked = self.node.hello_asked
        frame = self.node.hello()
        self._load(packets.publish(self._topics["hello"], len(frame), self._next_pid(), True), frame)
        if asked:
            self._queue.append(packets.publish(self._topics["up"], len(frame), self._next_pid()) + frame)

    def _load_frame(self, outbox: "Outbox", index: int, what: int) -> None:
        at = outbox.offset(index)
        length = outbox.length(index)
        if what == _NEW:
            outbox.set_pid(index, self._next_pid())
        self._what = what
        self._seq = outbox.seq(index)
        head = packets.publish(self._topics["up"], length, outbox.pid(index), False, what == _AGAIN)
        self._load(head, memoryview(outbox.buf)[at : at + length])

    def _written(self, now: int) -> None:
        outbox = self.node.outbox
        if self._what == _NEW and outbox.sent < outbox.count and outbox.seq(outbox.sent) == self._seq:
            if outbox.sent == 0:
                self._progress_at = now
            outbox.sent += 1
        elif self._what == _AGAIN and outbox.again < outbox.until and outbox.seq(outbox.again) == self._seq:
            outbox.again += 1

    def _publish_state(self, status: int) -> "tuple[bytes, bytes]":
        frame = state(self.node.boot, status)
        return packets.publish(self._topics["state"], len(frame), self._next_pid(), True), frame

    def _next_pid(self) -> int:
        """1 … 65535, round and round. A number is free again long before its turn: at most _WINDOW frames are on
        their way."""
        self._pid = self._pid % 65535 + 1
        return self._pid

    # What the reader found in the broker's packets:

    def connected(self, session_present: bool) -> None:
        """CONNACK. Everything follows in the order of SPEC.md section 14; what was on its way before is sent again,
        marked so."""
        del session_present  # the same is done for a session that the broker kept and for a new one
        now = self.node.clock.now
        self._state = _UP
        self._since = self._progress_at = now
        if self._connected_once:
            self.reconnects += 1
            self.node.link_report(_INFO, "the broker is reached again")
        self._connected_once = True
        self._told = False
        self._backoff_ms = _FIRST_BACKOFF_MS
        self._queue = [packets.subscribe(self._next_pid(), topic(self._device_id, "down"))]
        self.node.hello_due = self._state_due = True
        self._send_again(now)

    def _send_again(self, now: int) -> None:
        """Send what was sent and not acknowledged another time."""
        self._progress_at = now
        outbox = self.node.outbox
        outbox.again = 0
        outbox.until = outbox.sent

    def subscribed(self) -> None:
        """SUBACK."""
        self._subscribed = True

    def pong(self) -> None:
        """PINGRESP."""
        self._ping_at = -1

    def acknowledged_pid(self, pid: int) -> None:
        """PUBACK of a frame, or of a hello or state, which need none."""
        if self.ack_mode == 0 and self.node.outbox.acknowledge_pid(pid):
            self._progress_at = self.node.clock.now

    def message(self, buf: bytearray, start: int, end: int) -> None:
        """A frame from the bridge."""
        self.node.receive(buf, start, end)

    def to_puback(self, pid: int) -> None:
        """The broker wants to hear that a message has arrived."""
        self._queue.append(packets.puback(pid))
