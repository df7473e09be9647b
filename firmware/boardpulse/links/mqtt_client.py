"""MQTT 3.1.1 without sockets: packets are written into one buffer and read from another, at most a buffer's length
each.

Numbers in brackets are the sections of the OASIS standard.
"""

from boardpulse.compat import const

TYPE_CHECKING = const(0)
if TYPE_CHECKING:
    from typing import Any

_CONNACK = const(2)
_PUBLISH = const(3)
_PUBACK = const(4)
_SUBACK = const(9)
_PINGRESP = const(13)

PINGREQ = b"\xc0\x00"
DISCONNECT = b"\xe0\x00"

CONNACK_TEXTS = (
    "accepted",
    "protocol version refused",
    "client id refused",
    "server unavailable",
    "bad user name or password",
    "not authorized",
)


class MqttError(OSError):
    """The broker refused, or sent what is no MQTT. The connection is of no more use."""


def field(data: "bytes | str") -> bytes:
    """Length and bytes of a string or of binary data [1.5.3]."""
    if isinstance(data, str):
        data = data.encode("utf-8")
    return bytes((len(data) >> 8, len(data) & 0xFF)) + data


def remaining(length: int) -> bytes:
    """A packet's remaining length, seven bits a byte [2.2.3]."""
    out = bytearray()
    while True:
        more = length >> 7
        out.append(length & 0x7F | (0x80 if more else 0))
        length = more
        if not more:
            return bytes(out)


def connect(
    client_id: str, keepalive_s: int, user: "str | None", password: "str | None", will: "tuple[str, bytes]"
) -> bytes:
    """CONNECT with a persistent session and a retained last will, (topic, payload), of QoS 1 [3.1]."""
    flags = 0x04 | 0x08 | 0x20
    body = field(client_id) + field(will[0]) + field(will[1])
    if user is not None:
        flags |= 0x80
        body += field(user)
        if password is not None:
            flags |= 0x40
            body += field(password)
    body = field("MQTT") + bytes((4, flags, keepalive_s >> 8, keepalive_s & 0xFF)) + body
    return b"\x10" + remaining(len(body)) + body


def subscribe(pid: int, topic: str) -> bytes:
    """SUBSCRIBE to one topic with QoS 1 [3.8]."""
    body = bytes((pid >> 8, pid & 0xFF)) + field(topic) + b"\x01"
    return b"\x82" + remaining(len(body)) + body


def publish(topic_field: bytes, length: int, pid: int, retain: bool = False, again: bool = False) -> bytes:
    """PUBLISH with QoS 1, up to the payload of `length` bytes, which follows [3.3]. `topic_field` comes from
    field()."""
    head = 0x32 | (1 if retain else 0) | (8 if again else 0)
    return bytes((head,)) + remaining(len(topic_field) + 2 + length) + topic_field + bytes((pid >> 8, pid & 0xFF))


def puback(pid: int) -> bytes:
    """PUBACK [3.4]."""
    return bytes((0x40, 2, pid >> 8, pid & 0xFF))


class Reader:
    """Finds packets in what a broker sends, however it was cut.

    `listener` hears connected(session_present), acknowledged_pid(pid), subscribed(), pong(), and for a message
    message(buf, start, end) and then to_puback(pid). A packet larger than the buffer is skipped and counted, a
    message in it is acknowledged.
    """

    def __init__(self, listener: "Any", size: int) -> None:
        self._listener = listener
        self._buf = bytearray(size)
        self._filled = 0
        self._skip = 0
        self._skip_pid = -1
        self.skipped = 0

    def reset(self) -> None:
        """Begin anew, on a new connection."""
        self._filled = self._skip = 0
        self._skip_pid = -1

    def feed(self, data: bytearray, length: int) -> None:
        """Take the next `length` bytes. MqttError when the broker refuses or sends nonsense."""
        i = 0
        while i < length:
            if self._skip:
                n = min(self._skip, length - i)
                self._skip -= n
                i += n
                if not self._skip and self._skip_pid >= 0:
                    self._listener.to_puback(self._skip_pid)
                    self._skip_pid = -1
                continue
            self._buf[self._filled] = data[i]
            self._filled += 1
            i += 1
            self._look()

    def _look(self) -> None:
        """Handle the packet in the buffer if it is complete; begin to skip it if it never will be."""
        start = 1
        length = shift = 0
        while True:
            if start >= self._filled:
                return
            byte = self._buf[start]
            length |= (byte & 0x7F) << shift
            shift += 7
            start += 1
            if byte < 0x80:
                break
            if shift > 21:
                raise MqttError("a length of more than four bytes")
        end = start + length
        if self._filled == end:
            self._filled = 0
            self._packet(self._buf[0], start, end)
        elif end > len(self._buf) and self._filled == len(self._buf):
            self.skipped += 1
            self._skip = end - self._filled
            self._skip_pid = self._pid_of(self._buf[0], start)
            self._filled = 0

    def _pid_of(self, head: int, start: int) -> int:
        """The packet id of a PUBLISH with QoS 1 of which the buffer holds the beginning; -1 if it has none there."""
        pos = start + 2 + (self._buf[start] << 8 | self._buf[start + 1])
        if head >> 4 != _PUBLISH or not head & 2 or pos + 2 > len(self._buf):
            return -1
        return self._buf[pos] << 8 | self._buf[pos + 1]

    def _packet(self, head: int, start: int, end: int) -> None:
        kind = head >> 4
        buf = self._buf
        if kind == _PUBLISH:
            self._message(head, start, end)
        elif kind == _PINGRESP:
            self._listener.pong()
        elif end - start < 2:
            raise MqttError("a packet of kind %d is too short" % kind)
        elif kind == _PUBACK:
            self._listener.acknowledged_pid(buf[start] << 8 | buf[start + 1])
        elif kind == _CONNACK:
            code = buf[start + 1]
            if code:
                raise MqttError(
                    "the broker refuses: " + (CONNACK_TEXTS[code] if code < len(CONNACK_TEXTS) else str(code))
                )
            self._listener.connected(bool(buf[start] & 1))
        elif kind == _SUBACK:
            if buf[end - 1] == 0x80:
                raise MqttError("the broker refuses the subscription")
            self._listener.subscribed()
        else:
            raise MqttError("a packet of kind %d" % kind)

    def _message(self, head: int, start: int, end: int) -> None:
        buf = self._buf
        pos = start + 2 + (buf[start] << 8 | buf[start + 1]) if end - start >= 2 else end + 1
        pid = -1
        if head & 6:
            if pos + 2 <= end:
                pid = buf[pos] << 8 | buf[pos + 1]
            pos += 2
        if pos > end:
            raise MqttError("a message is too short")
        self._listener.message(buf, pos, end)
        if pid >= 0:
            self._listener.to_puback(pid)
