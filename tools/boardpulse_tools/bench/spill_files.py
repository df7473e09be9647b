"""What lies in the files of a board's spill, by a reader of its own: docs/spill.md says what they hold."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from zlib import crc32

HEAD = struct.Struct("<4sIII")
RECORD = struct.Struct("<HBBII")
MAGIC = b"BPS\x01"
LONGEST = 8192
SAMPLES, HELLO, DROPPED = 0, 3, 4


@dataclass
class Left:
    """What one boot left: CRC-32 of its frames by number, hellos, frames that it gave up, by kind; which of its frames
    are samples."""

    frames: dict[int, int] = field(default_factory=dict)
    hellos: int = 0
    dropped: tuple[int, int, int] = (0, 0, 0)
    samples: set[int] = field(default_factory=set)


def read(folder: Path) -> dict[int, Left]:
    """Everything that is whole in a folder, by boot. Of a file and what was to replace it the former counts."""
    boots: dict[int, Left] = {}
    chosen: dict[str, Path] = {}
    for path in sorted(folder.glob("????????.b?")):
        chosen.setdefault(path.stem, path)
    for path in chosen.values():
        data = path.read_bytes()
        boot = _boot(data)
        if boot is not None:
            left = boots.setdefault(boot, Left())
            for kind, seq, payload in _records(data):
                if kind == HELLO:
                    left.hellos += 1
                elif kind == DROPPED:
                    told = struct.unpack("<III", payload)
                    left.dropped = (
                        max(left.dropped[0], told[0]),
                        max(left.dropped[1], told[1]),
                        max(left.dropped[2], told[2]),
                    )
                else:
                    left.frames[seq] = crc32(payload)
                    if kind == SAMPLES:
                        left.samples.add(seq)
    return boots


def _boot(data: bytes) -> int | None:
    if len(data) < HEAD.size:
        return None
    magic, boot, _, crc = HEAD.unpack_from(data)
    return int(boot) if magic == MAGIC and crc == crc32(data[: HEAD.size - 4]) else None


def _records(data: bytes) -> Iterator[tuple[int, int, bytes]]:
    at = HEAD.size
    while at + RECORD.size <= len(data):
        length, kind, _, seq, crc = RECORD.unpack_from(data, at)
        payload = data[at + RECORD.size : at + RECORD.size + length]
        whole = length <= LONGEST and kind <= DROPPED and len(payload) == length
        if not whole or crc != crc32(payload, crc32(data[at : at + 8])):
            return
        yield kind, seq, payload
        at += RECORD.size + length
