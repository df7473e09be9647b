"""A file of the spill: a header, then records, each with its own CRC. Written once, from one end to the other, so that
wherever the power fails, what was whole before is whole after."""

import os
from binascii import crc32
from struct import pack, unpack

from boardpulse.compat import const

TYPE_CHECKING = const(0)
if TYPE_CHECKING:
    from collections.abc import Iterator

# Kinds of records besides those of the outbox.
HELLO = 3  # what explains the frames behind it
DROPPED = 4  # frames of the boot that were given up so far, by kind
BOOT = 5  # in no file: the header, as records() gives it

HEAD = 16
RECORD = 12
_MAGIC = b"BPS\x01"  # and the version
_LONGEST = const(8192)
_ENOENT = const(2)


def head(boot: int, first: int) -> bytes:
    """A file's header: of which boot it is, and the number of its first frame."""
    data = _MAGIC + pack("<II", boot, first)
    return data + pack("<I", crc32(data))


def record(kind: int, seq: int, data: "bytes | bytearray") -> bytes:
    """One record: length, kind, a spare byte, number, CRC-32 of these and the data, the data."""
    start = pack("<HBBI", len(data), kind, 0, seq)
    return start + pack("<I", crc32(data, crc32(start))) + data


def records(path: str) -> "Iterator[tuple[int, int, bytes]]":
    """(BOOT, boot, b"") and then the records, up to the first that is not whole. Nothing without a whole header, or a
    path. To be read to its end, which closes the file."""
    if not path:
        return
    with open(path, "rb") as file:
        data = file.read(HEAD)
        if len(data) < HEAD or data[:4] != _MAGIC or unpack("<I", data[12:])[0] != crc32(data[:12]):
            return
        yield BOOT, unpack("<I", data[4:8])[0], b""
        while True:
            start = file.read(RECORD)
            if len(start) < RECORD:
                return
            length, kind, _, seq, crc = unpack("<HBBII", start)
            if length > _LONGEST or kind > DROPPED:
                return
            data = file.read(length)
            if len(data) < length or crc32(data, crc32(start[:8])) != crc:
                return
            yield kind, seq, data


def foreign(path: str) -> bool:
    """Whether it is a file of a version that this firmware does not know, which it neither reads nor deletes."""
    try:
        with open(path, "rb") as file:
            data = file.read(4)
    except OSError as error:
        if error.args[0] != _ENOENT:
            raise
        return False
    return len(data) == 4 and data != _MAGIC and data[:3] == _MAGIC[:3]


def name(number: int, thinned: int = 0) -> str:
    """The file's name: its number, and how often it was written anew with less in it."""
    return "%08x.b%d" % (number, thinned)


def names(folder: str) -> "list[str]":
    """The files that are there, in their order; what else is in the folder is left alone."""
    return sorted(
        [
            one
            for one in os.listdir(folder)
            if len(one) == 11 and one[8:10] == ".b" and not one[:8].strip("0123456789abcdef")
        ]
    )


def remove(path: str) -> int:
    """Delete a file. How many bytes it had; 0 where it cannot be deleted."""
    try:
        size: int = os.stat(path)[6]
        os.remove(path)
    except OSError:
        return 0
    return size
