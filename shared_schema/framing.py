"""Frames on a UART (SPEC.md section 13): zero, COBS of frame and CRC-32, zero; console text may stand between frames."""

import binascii
import sys

from shared_schema.errors import CrcError, FramingError, PeerError

FRAME = 0
TEXT = 1
BAD = 2

LEAD = 2  # spare bytes that seal() needs before the frame: the first zero and the first COBS code
MAX_FRAME_BYTES = 8192
MAX_CONSOLE_LINE = 1024
_ZERO = b"\x00"
_NEWLINE = 10

# CRC-32 of IEEE 802.3, reflected, by nibbles, its words cut into 16-bit halves: a 32-bit MicroPython keeps integers above
# 2**30 on the heap, and a frame must not take any.
_HIGH = b""
_LOW = b""


def room(length: int) -> int:
    """The bytes that a frame of `length` bytes may take on the line, zeros, codes and CRC included."""
    return length + 4 + (length + 4) // 254 + 1 + 2


def seal(buf: bytearray, start: int, end: int) -> int:
    """Turn the frame at buf[start:end] into its form on the line, in place, at buf[start - LEAD : result].

    Needs room(end - start) bytes from start - LEAD on. Allocates nothing for frames of up to 250 bytes or with zeros in them.
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


def _crc_tables() -> tuple[bytes, bytes]:
    high = bytearray(32)
    low = bytearray(32)
    for n in range(16):
        word = n
        for _ in range(4):
            word = word >> 1 ^ (0xEDB88320 if word & 1 else 0)
        low[n + n], low[n + n + 1] = word & 0xFF, word >> 8 & 0xFF
        high[n + n], high[n + n + 1] = word >> 16 & 0xFF, word >> 24
    return bytes(high), bytes(low)


if sys.maxsize > 0xFFFFFFFF:
    _append_crc = _append_crc_wide
else:
    _HIGH, _LOW = _crc_tables()
    _append_crc = _append_crc_halves


def encode_frame(frame: bytes) -> bytes:
    """The line form of `frame`. Allocates: for hosts and tests; a board seals its buffer in place."""
    buf = bytearray(LEAD + room(len(frame)))
    buf[LEAD : LEAD + len(frame)] = frame
    return bytes(buf[: seal(buf, LEAD, LEAD + len(frame))])


def decode_chunk(chunk: bytes) -> bytes:
    """The frame in `chunk`, the bytes between two zeros. FramingError or CrcError when there is none."""
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

    feed() and flush() return lists of (FRAME, bytes), (TEXT, line) and (BAD, reason).
    """

    def __init__(self, max_frame: int = MAX_FRAME_BYTES) -> None:
        self._limit = room(max_frame) - 2
        self._pending = bytearray()
        self._skipping = False

    def feed(self, data: bytes) -> "list[tuple[int, bytes | str]]":
        """Take the next bytes of the line, however they were cut."""
        out: list[tuple[int, bytes | str]] = []
        pieces = bytes(data).split(_ZERO)
        last = len(pieces) - 1
        for i, piece in enumerate(pieces):
            if piece and not self._skipping:
                self._grow(piece, out)
            if i < last:
                self._close(out)
        return out

    def flush(self) -> "list[tuple[int, bytes | str]]":
        """What stands unfinished, once the line has been silent: a prompt, or half a frame that will not go on."""
        out: list[tuple[int, bytes | str]] = []
        if self._pending and _cannot_be_frame(self._pending):
            self._emit_text(bytes(self._pending), out)
            self._pending = bytearray()
        return out

    def _grow(self, piece: bytes, out: "list[tuple[int, bytes | str]]") -> None:
        self._pending.extend(piece)
        if _cannot_be_frame(self._pending):
            self._take_lines(out)
        elif len(self._pending) > self._limit:
            out.append((BAD, "too_long"))
            self._pending = bytearray()
            self._skipping = True

    def _take_lines(self, out: "list[tuple[int, bytes | str]]") -> None:
        lines = bytes(self._pending).split(b"\n")
        rest = lines.pop()
        for line in lines:
            self._emit_text(line, out)
        while len(rest) > MAX_CONSOLE_LINE:
            self._emit_text(rest[:MAX_CONSOLE_LINE], out)
            rest = rest[MAX_CONSOLE_LINE:]
        self._pending = bytearray(rest)

    def _close(self, out: "list[tuple[int, bytes | str]]") -> None:
        chunk = bytes(self._pending)
        self._pending = bytearray()
        self._skipping = False
        if not chunk:
            return
        if _cannot_be_frame(chunk):
            self._emit_text(chunk, out)
            return
        try:
            out.append((FRAME, decode_chunk(chunk)))
        except PeerError as error:
            if _text(chunk) is None:
                out.append((BAD, error.reason))
            else:
                self._emit_text(chunk, out)

    def _emit_text(self, line: bytes, out: "list[tuple[int, bytes | str]]") -> None:
        line = line.rstrip(b"\r\n")
        while line:
            text = _text(line[:MAX_CONSOLE_LINE])
            out.append((BAD, "framing") if text is None else (TEXT, text))
            line = line[MAX_CONSOLE_LINE:]


def _cannot_be_frame(chunk: "bytes | bytearray") -> bool:
    """Whether the byte after the COBS code rules a frame out (SPEC.md section 1); False while that is not known."""
    if len(chunk) < 2:
        return False
    first = chunk[1]
    return not (0x80 <= first <= 0x9F or first == 0xD1) or chunk[0] < 2


def _text(line: bytes) -> "str | None":
    """`line` as text, bytes that are no UTF-8 replaced; None when more than one byte in eight is no text."""
    try:
        text = str(line, "utf-8")
        bad = 0
    except UnicodeError:
        text = "".join([chr(byte) if byte < 0x80 else "\ufffd" for byte in line])
        bad = sum([1 for byte in line if byte >= 0x80])
    bad += sum([1 for byte in line if (byte < 32 and byte not in (9, 10, 13, 27)) or byte == 127])
    return text if bad * 8 <= len(line) else None
