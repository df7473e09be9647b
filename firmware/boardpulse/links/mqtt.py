"""Frames over MQTT (SPEC.md section 14): connects and reconnects by itself, keeps each frame until its PUBACK."""

from boardpulse.clock import add, diff
from boardpulse.compat import const, ticks_us
from boardpulse.down import receive
from boardpulse.links import mqtt_client as packets
from boardpulse.links.mqtt_outgoing import Outgoing, state_of
from shared_schema.messages import topic

TYPE_CHECKING = const(0)
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from boardpulse.node import Node
    from boardpulse.protocols import Stream

_FIRST_BACKOFF_MS = const(1000)
_LAST_BACKOFF_MS = const(30000)
_CONNECT_MS = const(10000)  # from opening the socket to CONNACK
_ANSWER_MS = const(15000)  # for PINGRESP, PUBACK and SUBACK; after it the connection counts as dead
_LAST_PATIENCE_MS = const(240000)  # with a bridge that does not acknowledge
_STABLE_MS = const(5000)  # a connection that lasts less makes the next one wait longer
_MOST_READS = const(16)  # in a step: a broker that is never silent shall not stop the sampling
_MOST_QUEUED = const(32)  # of our answers to it, before we read on
_BUSY_MS = const(2)
_WAITING_MS = const(10)
_IDLE_MS = const(50)
_CLOSED_MS = const(200)
_LOST = const(0)  # a status of the state topic
_INFO = const(1)
_WARNING = const(2)

# States of the connection.
_DOWN = const(0)
_OPENING = const(1)  # CONNECT is on its way
_UP = const(2)


class Mqtt:
    """The link to a broker. open_socket(options) → a stream that is connected, or will be; OSError when that is
    hopeless."""

    name = "mqtt"

    def __init__(
        self,
        device_id: str,
        options: "dict[str, Any]",
        open_socket: "Callable[[dict[str, Any]], Stream]",
        max_down: int = 256,
    ) -> None:
        self.node: Node = None  # type: ignore[assignment]  # the node puts itself here
        self.errors = 0
        self.reconnects = 0
        self._options = options
        self.ack_mode = 1 if options["ack"] == "bridge" else 0
        self._half_keepalive_ms = options["keepalive_s"] * 500
        self._client_id = "boardpulse-" + device_id
        self._device_id = device_id
        self._open_socket = open_socket
        self._stream: Any = None
        self._reader = packets.Reader(self, max_down + 128)
        self._rx = bytearray(128)
        self._out = Outgoing(device_id)
        self._state = _DOWN
        self._subscribed = False
        self._backoff_ms = _FIRST_BACKOFF_MS
        self._told = False
        self._open_at = -1
        self._connected_once = False
        self._since = self._heard_at = self._said_at = self._progress_at = 0
        self._ping_at = -1
        self._patience_ms = _ANSWER_MS

    def step(self, now: int) -> int:
        """Read what came, write what may be written. Milliseconds until it wants to be called again."""
        if self._state == _DOWN and not self._open(now):
            return _CLOSED_MS
        try:
            more = self._receive(now)
            self._check_deadlines(now)
            while self._write(now):
                pass
        except OSError as error:
            self._lose(now, error)
            return _CLOSED_MS
        if more or self._out.busy() or self._state == _OPENING:
            return _BUSY_MS
        return _WAITING_MS if self.node.held() else _IDLE_MS

    def acknowledged(self) -> None:
        """The bridge's own ack took frames."""
        self._progress_at = self.node.clock.now
        self._patience_ms = _ANSWER_MS

    def fail(self) -> None:
        """Begin afresh after an error in this code, on a new connection."""
        self._lose(self.node.clock.now, packets.MqttError("an error in the link"))

    def close(self) -> None:
        """Say that the board disconnects on purpose, so that the last will is not sent."""
        if self._state == _UP and not self._out.busy():
            try:
                self._out.say_goodbye(self._stream, self.node)
            except OSError:
                self.errors += 1
        self._drop()
        self._connected_once = False  # closed on purpose: to be back is no reconnect

    def _open(self, now: int) -> bool:
        if self._open_at >= 0 and diff(now, self._open_at) < 0:
            return False
        self._open_at = -1  # diff() knows three days only
        options = self._options
        try:
            self._stream = self._open_socket(options)
        except OSError as error:
            self._lose(now, error)
            return False
        if self._stream is None:  # the board's Wi-Fi is still connecting
            return False
        self._reader.reset()
        self._state = _OPENING
        self._since = self._said_at = self._heard_at = now
        will = (topic(self._device_id, "state"), state_of(self.node, _LOST))
        self._out.queue = [
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
        if self._state == _UP and diff(now, self._since) >= _STABLE_MS:
            self._backoff_ms = _FIRST_BACKOFF_MS
        self._drop()
        half = self._backoff_ms // 2
        self._open_at = add(now, half + (half * (ticks_us() & 0xFF) >> 7))
        self._backoff_ms = min(self._backoff_ms * 2, _LAST_BACKOFF_MS)

    def _drop(self) -> None:
        if self._stream is not None:
            self._stream.close()
            self._stream = None
        self._state = _DOWN
        self._out.drop()
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
        elif self.node.unanswered() and diff(now, self._progress_at) > self._patience_ms:
            if self.ack_mode == 0:
                late = "PUBLISH"
            else:
                self._patience_ms = min(self._patience_ms * 2, _LAST_PATIENCE_MS)
                self._send_again(now)
        elif not self._subscribed and diff(now, self._since) > _ANSWER_MS:
            late = "SUBSCRIBE"
        elif self._out.busy() and diff(now, self._said_at) > _ANSWER_MS:
            late = "anything"
        if late is not None:
            raise packets.MqttError("no answer to " + late)
        quiet = max(diff(now, self._said_at), diff(now, self._heard_at))
        if self._ping_at < 0 and quiet >= self._half_keepalive_ms:
            self._ping_at = now
            self._out.queue.append(packets.PINGREQ)

    def _receive(self, now: int) -> bool:
        """Read what came, within reason. Whether there may be more."""
        reads = _MOST_READS
        while reads and len(self._out.queue) < _MOST_QUEUED:
            n = self._stream.readinto(self._rx)
            if n is None:
                return False
            if n == 0:
                raise packets.MqttError("the broker closed the connection")
            self._heard_at = now
            self._reader.feed(self._rx, n)
            reads -= 1
        return True

    def _write(self, now: int) -> bool:
        idle = self.node.unanswered() == 0
        if not self._out.write(self._stream, self.node, self._state == _UP):
            return False
        self._said_at = now
        if idle:  # nothing waited for its acknowledgement until now
            self._progress_at = now
        return True

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
        self._patience_ms = _ANSWER_MS
        self._out.queue = [packets.subscribe(self._out.next_pid(), topic(self._device_id, "down"))]
        self.node.hello_due = self._out.state_due = True
        self._send_again(now)

    def _send_again(self, now: int) -> None:
        """Send what was sent and not acknowledged another time."""
        self._progress_at = now
        self.node.send_again()

    def subscribed(self) -> None:
        """SUBACK."""
        self._subscribed = True

    def pong(self) -> None:
        """PINGRESP."""
        self._ping_at = -1

    def acknowledged_pid(self, pid: int) -> None:
        """PUBACK of a frame, or of a hello or state, which need none."""
        if self.ack_mode == 0 and self.node.take_pid(pid):
            self._progress_at = self.node.clock.now

    def message(self, buf: bytearray, start: int, end: int) -> None:
        """A frame from the bridge."""
        receive(self.node, buf, start, end)

    def to_puback(self, pid: int) -> None:
        """The broker wants to hear that a message has arrived."""
        self._out.queue.append(packets.puback(pid))
