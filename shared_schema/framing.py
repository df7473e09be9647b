"""Frames on a UART (SPEC.md section 13): zero, COBS of frame and CRC-32, zero; console text may stand between them."""

import binascii
import sys

from shared_schema.errors import CrcError, FramingError, PeerError, TooLongError

FRAME = 0
TEXT = 1
BAD = 2

LEAD = 2  # spare bytes that seal() needs before the frame: the first zero and the first COBS code
MAX_FRAME_BYTES = 8192
MAX_CONSOLE_LINE = 1024
_ZERO = b"\x00"

# What a Deframer knows of the bytes since the last zero.
_OPEN = 0  # they may become a frame
_CONSOLE = 1  # they are console text
_SKIPPING = 2  # they were refused

# CRC-32 of IEEE 802.3, reflected, by nibbles, its words cut into 16-bit halves: a 32-bit MicroPython keeps integers
# above 2**30 on the heap, and a frame must not take any.
_HIGH = (
    b"\x00\x00\xb7\x1d\x6e\x3b\xd9\x26\xdc\x76\x6b\x6b\xb2\x4d\x05\x50"
    b"\xb8\xed\x0f\xf0\xd6\xd6\x61\xcb\x64\x9b\xd3\x86\x0a\xa0\xbd\xbd"
)
_LOW = (
    b"\x00\x00\x64\x10\xc8\x20\xac\x30\x90\x41\xf4\x51\x58\x61\x3c\x71"
    b"\x20\x83\x44\x93\xe8\xa3\x8c\xb3\xb0\xc2\xd4\xd2\x78\xe2\x1c\xf2"
)
_WORDS: "tuple[int, ...]" = ()


def room(length: int) -> int:
    """The bytes that a frame of `length` bytes may take on the line, zeros, codes and CRC included."""
    return length + 4 + (length + 4) // 254 + 1 + 2


def seal(buf: bytearray, start: int, end: int) -> int:
    """Turn the frame at buf[start:end] into its form on the line, in place, at buf[start - LEAD : result].

    Needs room(end - start) bytes from start - LEAD on. Allocates nothing for frames of up to 250 bytes or with zeros.
    """
    _append_crc(buf, start, end)
    end += 4
    buf[start - 2] = 0
    code = start - 1
    while True:
        stop = min(code + 255, end)
        zero = buf.find(_ZERO, code + 1, stop)
        if zero >= 0:
            buf[code] = zero - code
            code = zero
        elif stop == end:
            buf[code] = end - code
            buf[end] = 0
            return end + 1
        else:
            _shift(buf, stop, end)
            end += 1
            buf[code] = 255
            code = stop


def unseal(buf: bytearray, end: int) -> int:
    """Turn buf[:end], the bytes between two zeros, into their frame, in place and without heap: it is buf[:result]
    then; 0 for what is none. Needs 4 bytes behind `end`."""
    out = i = 0
    while i < end:
        code = buf[i]
        stop = i + code
        if stop > end:
            return 0
        i += 1
        while i < stop:
            buf[out] = buf[i]
            out += 1
            i += 1
        if code < 255 and i < end:
            buf[out] = 0
            out += 1
    if out < 6:
        return 0
    _append_crc(buf, 0, out)  # over a frame and its own CRC-32 it is always 0x2144DF1C
    if buf[out] != 0x1C or buf[out + 1] != 0xDF or buf[out + 2] != 0x44 or buf[out + 3] != 0x21:
        return 0
    return out - 4


def _shift(buf: bytearray, start: int, end: int) -> None:
    """Move buf[start:end] one byte up, byte by byte: a slice would take heap."""
    while end > start:
        buf[end] = buf[end - 1]
        end -= 1


def _append_crc_wide(buf: bytearray, start: int, end: int) -> None:
    crc = binascii.crc32(memoryview(buf)[start:end])
    buf[end] = crc & 0xFF
    buf[end + 1] = crc >> 8 & 0xFF
    buf[end + 2] = crc >> 16 & 0xFF
    buf[end + 3] = crc >> 24


def _append_crc_bytewise(buf: bytearray, start: int, end: int) -> None:
    crc = 0xFFFFFFFF
    while start < end:
        crc = _WORDS[(crc ^ buf[start]) & 0xFF] ^ crc >> 8
        start += 1
    buf[end] = ~crc & 0xFF
    buf[end + 1] = ~crc >> 8 & 0xFF
    buf[end + 2] = ~crc >> 16 & 0xFF
    buf[end + 3] = ~crc >> 24 & 0xFF


def _append_crc_halves(buf: bytearray, start: int, end: int) -> None:
    high = low = 0xFFFF
    nibbles = end - start << 1
    i = start << 1
    nibbles += i
    while i < nibbles:
        n = (low ^ (buf[i >> 1] >> ((i & 1) << 2))) & 15
        low = (low >> 4 | (high & 15) << 12) ^ (_LOW[n + n] | _LOW[n + n + 1] << 8)
        high = high >> 4 ^ (_HIGH[n + n] | _HIGH[n + n + 1] << 8)
        i += 1
    buf[end] = ~low & 0xFF
    buf[end + 1] = ~low >> 8 & 0xFF
    buf[end + 2] = ~high & 0xFF
    buf[end + 3] = ~high >> 8 & 0xFF


def _crc_words() -> tuple[int, ...]:
    words = []
    for word in range(256):
        for _ in range(8):
            word = word >> 1 ^ (0xEDB88320 if word & 1 else 0)
        words.append(word)
    return tuple(words)


if sys.implementation.name != "micropython":
    _append_crc = _append_crc_wide
elif sys.maxsize > 0xFFFFFFFF:  # the unix port: words fit, but a memoryview for binascii.crc32 would take heap
    _WORDS = _crc_words()
    _append_crc = _append_crc_bytewise
else:
    _append_crc = _append_crc_halves


def encode_frame(frame: bytes) -> bytes:
    """The line form of `frame`. Allocates: for hosts and tests; a board seals its buffer in place."""
    buf = bytearray(LEAD + room(len(frame)))
    buf[LEAD : LEAD + len(frame)] = frame
    return bytes(buf[: seal(buf, LEAD, LEAD + len(frame))])


def decode_chunk(chunk: bytes) -> bytes:
    """The frame in `chunk`, the bytes between two zeros. FramingError or CrcError when there is none."""
    if _ZERO in chunk:
        raise FramingError("a zero inside")
    plain = bytearray()
    i = 0
    while i < len(chunk):
        code = chunk[i]
        if i + code > len(chunk):
            raise FramingError("a COBS code points %d bytes past the end" % (i + code - len(chunk)))
        plain.extend(chunk[i + 1 : i + code])
        i += code
        if code < 255 and i < len(chunk):
            plain.append(0)
    if len(plain) < 6:
        raise FramingError("%d bytes are too short for a frame" % len(plain))
    body = bytes(plain[:-4])
    crc = binascii.crc32(body)
    for i in range(4):
        if plain[len(body) + i] != crc >> (8 * i) & 0xFF:
            raise CrcError("the CRC-32 of a frame of %d bytes differs" % len(body))
    return body


class Deframer:
    """Finds frames and console text in a stream of bytes. Keeps at most one unfinished frame in memory.

    feed() and flush() return lists of (FRAME, bytes), (TEXT, line) and (BAD, reason). How the bytes are cut into calls
    of feed() makes no difference.
    """

    def __init__(self, max_frame: int = MAX_FRAME_BYTES) -> None:
        self._max_frame = max_frame
        self._pending = bytearray()
        self._state = _OPEN

    def feed(self, data: bytes) -> "list[tuple[int, bytes | str]]":
        """Take the next bytes of the line."""
        out: list[tuple[int, bytes | str]] = []
        pieces = bytes(data).split(_ZERO)
        last = len(pieces) - 1
        for i, piece in enumerate(pieces):
            if piece and self._state != _SKIPPING:
                self._grow(piece, out)
            if i < last:
                self._close(out)
        return out

    def flush(self) -> "list[tuple[int, bytes | str]]":
        """The text that stands unfinished once the line has been silent, as a prompt does. Half a frame is kept."""
        out: list[tuple[int, bytes | str]] = []
        if self._state == _CONSOLE:
            _emit(bytes(self._pending), out)
            self._pending = bytearray()
        return out

    def _grow(self, piece: bytes, out: "list[tuple[int, bytes | str]]") -> None:
        self._pending.extend(piece)
        if self._state == _OPEN and _cannot_be_frame(self._pending):
            self._state = _CONSOLE
        if self._state == _CONSOLE:
            self._take_lines(out)
        elif len(self._pending) > room(self._max_frame) - 2:
            out.append((BAD, "too_long"))
            self._pending = bytearray()
            self._state = _SKIPPING

    def _close(self, out: "list[tuple[int, bytes | str]]") -> None:
        if self._state == _OPEN and self._pending:
            self._close_chunk(bytes(self._pending), out)
        if self._state == _CONSOLE:
            self._take_lines(out)
            _emit(bytes(self._pending).rstrip(b"\r"), out)
        self._pending = bytearray()
        self._state = _OPEN

    def _close_chunk(self, chunk: bytes, out: "list[tuple[int, bytes | str]]") -> None:
        try:
            frame = decode_chunk(chunk)
            if len(frame) > self._max_frame:
                raise TooLongError("a frame of %d bytes" % len(frame))
            out.append((FRAME, frame))
        except PeerError as error:
            if _read(chunk)[1]:
                out.append((BAD, error.reason))
            else:
                self._state = _CONSOLE

    def _take_lines(self, out: "list[tuple[int, bytes | str]]") -> None:
        lines = bytes(self._pending).split(b"\n")
        for i, line in enumerate(lines):
            while len(line) > MAX_CONSOLE_LINE:
                cut = _character_boundary(line, MAX_CONSOLE_LINE)
                _emit(line[:cut], out)
                line = line[cut:]
            if i == len(lines) - 1:
                self._pending = bytearray(line)
            else:
                _emit(line.rstrip(b"\r"), out)


def _cannot_be_frame(chunk: "bytes | bytearray") -> bool:
    """Whether the byte after the COBS code rules a frame out (SPEC.md section 1); False while that is not known."""
    if len(chunk) < 2:
        return False
    first = chunk[1]
    return not (0x80 <= first <= 0x9F or first == 0xD1) or chunk[0] < 2


def _emit(line: bytes, out: "list[tuple[int, bytes | str]]") -> None:
    """A line of console text, or BAD when more than one byte in eight is none."""
    if line:
        text, wrong = _read(line)
        out.append((TEXT, text) if wrong * 8 <= len(line) else (BAD, "framing"))


def _read(line: bytes) -> "tuple[str, int]":
    """`line` as text, each byte that is no UTF-8 replaced, and how many bytes are no UTF-8 or control characters."""
    wrong = 0
    try:
        text = str(line, "utf-8")
    except UnicodeError:
        text, wrong = _repaired(line)
    for byte in line:
        if byte == 127 or (byte < 32 and byte not in (9, 10, 13, 27)):
            wrong += 1
    return text, wrong


def _repaired(line: bytes) -> "tuple[str, int]":
    parts = []
    wrong = i = 0
    while i < len(line):
        lead = line[i]
        length = 1 if lead < 0xC0 else 2 if lead < 0xE0 else 3 if lead < 0xF0 else 4
        try:
            parts.append(str(line[i : i + length], "utf-8"))
        except UnicodeError:
            parts.append("\ufffd")
            wrong += 1
            length = 1
        i += length
    return "".join(parts), wrong


def _character_boundary(line: bytes, at: int) -> int:
    """`at`, or up to three bytes before it where a character of UTF-8 begins."""
    for back in range(4):
        if line[at - back] & 0xC0 != 0x80:
            return at - back
    return at
