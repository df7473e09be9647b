"""MQTT 3.1.1 packets, made before anything is measured, and files of them for the publisher."""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

CONNACK, PINGREQ, DISCONNECT = b"\x20\x02\x00\x00", b"\xc0\x00", b"\xe0\x00"
PUBLISH = 0x30
PUBACK_BYTES = 4
PINGRESP = b"\xd0\x00"
_MAX_ID = 0xFFFF


def connect(client_id: str) -> bytes:
    """CONNECT of a clean session without keepalive."""
    body = _text("MQTT") + b"\x04\x02\x00\x00" + _text(client_id)
    return b"\x10" + _length(len(body)) + body


def publish(topic: str, payload: bytes, qos: int = 0, number: int = 0, retain: bool = False) -> bytes:
    """PUBLISH; `number` counts the packets of a connection, from 0."""
    identifier = (number % _MAX_ID + 1).to_bytes(2, "big") if qos else b""
    body = _text(topic) + identifier + payload
    return bytes([PUBLISH | qos << 1 | retain]) + _length(len(body)) + body


def answers(first_byte: int, count: int) -> int:
    """Bytes with which a broker answers `count` packets like the one that begins so."""
    return PUBACK_BYTES * count if first_byte & 0x06 else 0


def _text(text: str) -> bytes:
    encoded = text.encode()
    return len(encoded).to_bytes(2, "big") + encoded


def _length(n: int) -> bytes:
    encoded = bytearray()
    while True:
        n, low = divmod(n, 128)
        encoded.append(low | 128 * bool(n))
        if not n:
            return bytes(encoded)


@dataclass(frozen=True, slots=True)
class PacketFile:
    """Packets one after another in `path`; beside it where each of them ends."""

    path: Path
    count: int

    @property
    def ends(self) -> Path:
        """Unsigned 32-bit numbers: the offset behind each packet."""
        return ends_of(self.path)

    @classmethod
    def write(cls, path: Path, packets: Iterable[bytes]) -> PacketFile:
        """Write them."""
        ends, at = array("I"), 0
        with path.open("wb") as file:
            for packet in packets:
                at += file.write(packet)
                ends.append(at)
        ends_of(path).write_bytes(ends.tobytes())
        return cls(path, len(ends))


def ends_of(path: Path) -> Path:
    """Where the ends of a file's packets are."""
    return path.with_suffix(".ends")
