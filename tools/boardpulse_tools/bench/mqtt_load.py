"""A publisher that is never the bottleneck: MQTT packets made by hand, and a question whose answer says that the bridge
has taken all that was published before."""

import select
import socket
import struct
import time
from collections.abc import Iterable
from types import TracebackType
from typing import Self

import cbor2

from boardpulse_tools.network import LOOPBACK
from boardpulse_tools.processes import ProcessError
from shared_schema.messages import ACK, HELLO, SAMPLES, WIRE_VERSION, topic

SYNC_TIMEOUT_S = 60.0
PIECE = 1_000  # messages between two questions: brokers drop QoS 0 of which too much waits
QUESTION = 16  # frames that a bridge acknowledges at once (SPEC.md section 11)
BOOT = 0x2900_0000
_CONNECT, _PUBLISH, _SUBSCRIBE = 0x10, 0x30, 0x82


class Publisher:
    """A connection to a broker on loopback, MQTT 3.1.1, QoS 0."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection((LOOPBACK, port), timeout=SYNC_TIMEOUT_S)
        self.name = f"load-{self._socket.getsockname()[1]}"
        self._seq = 0
        self._inbox = bytearray()
        self._socket.sendall(packet(_CONNECT, _text(b"MQTT") + b"\x04\x02\x00\x00" + _text(self.name.encode())))
        self._expect(0x20)
        self._socket.sendall(packet(_SUBSCRIBE, b"\x00\x01" + _text(b"boardpulse/v1/+/+/down") + b"\x00"))
        self._expect(0x90)

    def publish(self, messages: Iterable[tuple[str, bytes]]) -> None:
        """Send (topic, payload) pairs, and wait until the bridge has taken all of them."""
        waiting: list[bytes] = []
        for name, payload in messages:
            waiting.append(publication(name, payload))
            if len(waiting) == PIECE:
                self._send(waiting)
        self._send(waiting)

    def _send(self, waiting: list[bytes]) -> None:
        self._socket.sendall(b"".join(waiting))
        waiting.clear()
        self.sync()

    def sync(self) -> None:
        """Ask what only the engine can answer: a device that wants acknowledgements sends so many frames that one is
        due at once. They are in the queue behind all that was published before."""
        up = topic(self.name, "up")
        packets = [] if self._seq else [publication(topic(self.name, "hello"), self._hello())]
        for _ in range(QUESTION):
            frame = [SAMPLES, BOOT, self._seq, 1000 + self._seq, 0, 0, 1, self._seq]
            packets.append(publication(up, cbor2.dumps(frame)))
            self._seq += 1
        self._socket.sendall(b"".join(packets))
        down = topic(self.name, "down").encode()
        deadline = time.monotonic() + SYNC_TIMEOUT_S
        while True:
            kind, body = self._packet(deadline)
            if kind & 0xF0 == _PUBLISH and body[2 : 2 + len(down)] == down:
                answer = cbor2.loads(body[2 + len(down) :])
                if answer == [ACK, BOOT, self._seq]:
                    return

    def _hello(self) -> bytes:
        now = int(time.time())
        groups = [[600_000, 1, [11]]]
        body = {0: WIRE_VERSION, 1: self.name, 2: "bench", 3: 0, 4: groups, 6: [now, 0, 2, 20], 12: 1}
        return cbor2.dumps([HELLO, BOOT, 0, 0, body])

    def _expect(self, kind: int) -> None:
        got, body = self._packet(time.monotonic() + SYNC_TIMEOUT_S)
        if got != kind or body[-1] >= 0x80:
            raise ProcessError(f"the broker answered {got:#x} {body.hex()} instead of {kind:#x}")

    def _packet(self, deadline: float) -> tuple[int, bytes]:
        while (found := take_packet(self._inbox)) is None:
            readable, _, _ = select.select([self._socket], [], [], max(0.0, deadline - time.monotonic()))
            data = self._socket.recv(65_536) if readable else b""
            if not data:
                raise ProcessError("the bridge has not taken what was published, or the broker has gone")
            self._inbox += data
        return found

    def close(self) -> None:
        """Leave."""
        self._socket.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()


def publication(name: str, payload: bytes) -> bytes:
    """A PUBLISH packet, QoS 0."""
    return packet(_PUBLISH, _text(name.encode()) + payload)


def packet(kind: int, body: bytes) -> bytes:
    """A packet with its length in front."""
    head = bytearray([kind])
    length = len(body)
    while True:
        length, digit = length >> 7, length & 0x7F
        head.append(digit | (0x80 if length else 0))
        if not length:
            return bytes(head) + body


def take_packet(inbox: bytearray) -> tuple[int, bytes] | None:
    """Take the first whole packet out of what came: its first byte and its body. None: not whole yet."""
    length = shift = 0
    for at in range(1, min(5, len(inbox))):
        length |= (inbox[at] & 0x7F) << shift
        shift += 7
        if not inbox[at] & 0x80:
            end = at + 1 + length
            if len(inbox) < end:
                return None
            kind, body = inbox[0], bytes(inbox[at + 1 : end])
            del inbox[:end]
            return kind, body
    return None


def _text(text: bytes) -> bytes:
    return struct.pack(">H", len(text)) + text
