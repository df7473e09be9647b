"""The log beside the file (-wal): whether it holds commits that SQLite passes over.

SQLite takes a log up to its first frame whose checksum is wrong, and says nothing of what comes after it: after a power
cut that is a commit that nobody was told of. Where whole commits follow, it is damage, and what was acknowledged is
missing. Layout: SQLite's "Database File Format", section 4, and "WAL-mode File Format", section 2.2.
"""

from __future__ import annotations

import os
import shutil
import struct
from pathlib import Path

_HEADER = struct.Struct(">8I")  # magic, version, page size, number of checkpoint, two salts, two sums
_FRAME = struct.Struct(">6I")  # page, pages of the file after a commit or 0, two salts, two sums
_MX_FRAME = 16  # where -shm has the number of the last frame that counts, in the machine's own order
_MASK = 0xFFFFFFFF


def commits_passed_over(path: Path) -> int:
    """Commits in the log of the database `path` behind the last that counts. A connection has read it, and is open;
    nobody writes."""
    try:
        with open(f"{path}-wal", "rb") as log, open(f"{path}-shm", "rb") as index:
            header = log.read(_HEADER.size)
            if len(header) < _HEADER.size:
                return 0
            index.seek(_MX_FRAME)
            (last,) = struct.unpack("=I", index.read(4))
            magic, _, page_bytes, _, *salts, _, _ = _HEADER.unpack(header)
            count = os.fstat(log.fileno()).st_size
            if not _is_whole(header, magic):  # all of it is passed over; frames of one log have the same salts
                last, page_bytes, salts = 0, 4096, list(_FRAME.unpack(log.read(_FRAME.size).ljust(24))[2:4])
            step = _FRAME.size + page_bytes
            starts = range(_HEADER.size + last * step, count - step + 1, step)
            return sum(_is_commit(os.pread(log.fileno(), _FRAME.size, start), salts) for start in starts)
    except FileNotFoundError:
        return 0


def keep_copy(path: Path) -> Path:
    """A copy of the log, under a name that is free."""
    number = 1
    while (copy := Path(f"{path}-wal.damaged-{number}")).exists():
        number += 1
    part = Path(f"{copy}.part")
    shutil.copyfile(f"{path}-wal", part)
    part.chmod(0o600)
    part.rename(copy)
    return copy


def _is_commit(frame: bytes, salts: list[int]) -> bool:
    _, pages, *own, _, _ = _FRAME.unpack(frame)
    return bool(pages) and own == salts


def _is_whole(header: bytes, magic: int) -> bool:
    """Whether its two sums are those of the six numbers before them."""
    numbers = struct.unpack((">" if magic & 1 else "<") + "6I", header[:24])
    first = second = 0
    for even, odd in zip(numbers[::2], numbers[1::2], strict=True):
        first = (first + even + second) & _MASK
        second = (second + odd + first) & _MASK
    return header[24:] == struct.pack(">2I", first, second)
