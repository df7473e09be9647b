"""Reads one CBOR item strictly, as SPEC.md section 1 asks. Small enough for a board; a bridge may use a faster one."""

import struct

from shared_schema.errors import CborError, TooLongError

MAX_DEPTH = 8
MAX_FRAME_BYTES = 8192


class Simple:
    """A simple value other than false, true and null: well-formed, but of no meaning to us."""

    def __init__(self, value: int) -> None:
        self.value = value


class _Reader:
    def __init__(self, data: bytes, max_depth: int) -> None:
        self.data = data
        self.pos = 0
        self.max_depth = max_depth

    def _bytes(self, length: int) -> bytes:
        end = self.pos + length
        if end > len(self.data):
            raise CborError("the item ends %d bytes too early" % (end - len(self.data)))
        piece = self.data[self.pos : end]
        self.pos = end
        return piece

    def _argument(self, info: int) -> int:
        if info < 24:
            return info
        if info > 27:
            raise CborError("indefinite length or reserved head at byte %d" % (self.pos - 1))
        value = 0
        for byte in self._bytes(1 << (info - 24)):
            value = value << 8 | byte
        return value

    def _item(self, depth: int) -> object:
        head = self._bytes(1)[0]
        major, info = head >> 5, head & 31
        if major == 7:
            return self._simple(info)
        n = self._argument(info)
        if major == 0:
            return n
        if major == 1:
            return -1 - n
        if major == 2:
            return bytes(self._bytes(n))
        if major == 3:
            return self._string(n)
        if major == 6:
            raise CborError("tag %d is not allowed here" % n)
        # Every element takes a byte at least: a longer announcement than bytes left is refused before memory is taken.
        if depth >= self.max_depth:
            raise CborError("nested deeper than %d" % self.max_depth)
        if n > len(self.data) - self.pos:
            raise CborError("%d elements announced, %d bytes left" % (n, len(self.data) - self.pos))
        return [self._item(depth + 1) for _ in range(n)] if major == 4 else self._pairs(n, depth)

    def _pairs(self, n: int, depth: int) -> dict[object, object]:
        pairs: dict[object, object] = {}
        for _ in range(n):
            key = self._item(depth + 1)
            if type(key) is not int and type(key) is not str:
                raise CborError("a map key is neither an integer nor text")
            if key in pairs:
                raise CborError("key %r stands twice in a map" % (key,))
            pairs[key] = self._item(depth + 1)
        return pairs

    def _string(self, n: int) -> str:
        try:
            text = str(self._bytes(n), "utf-8")
        except UnicodeError:
            raise CborError("text is not UTF-8")  # MicroPython has no exception chaining
        if len(text) != n and _length_in_utf8(text) != n:
            raise CborError("text is not UTF-8")
        return text

    def _simple(self, info: int) -> object:
        if info == 20:
            return False
        if info == 21:
            return True
        if info == 22:
            return None
        if info == 25:
            return _half(self._argument(25))
        if info == 26:
            return struct.unpack(">f", self._bytes(4))[0]
        if info == 27:
            return struct.unpack(">d", self._bytes(8))[0]
        if info == 24:
            value = self._bytes(1)[0]
            if value < 32:
                raise CborError("simple value %d in two bytes" % value)
            return Simple(value)
        if info > 27:
            raise CborError("reserved head or break at byte %d" % (self.pos - 1))
        return Simple(info)


def _length_in_utf8(text: str) -> int:
    """Bytes of `text` as UTF-8; -1 if it has none. MicroPython lets surrogates and overlong forms through."""
    length = 0
    for character in text:
        code = ord(character)
        if 0xD800 <= code < 0xE000 or code > 0x10FFFF:
            return -1
        length += 1 if code < 0x80 else 2 if code < 0x800 else 3 if code < 0x10000 else 4
    return length


def _half(bits: int) -> float:
    """The half-precision float of RFC 8949 appendix D."""
    exponent, mantissa = bits >> 10 & 31, bits & 1023
    if exponent == 31:
        value = float("nan") if mantissa else float("inf")
    elif exponent == 0:
        value = mantissa / 16777216.0
    else:
        value = (mantissa + 1024) * 2.0 ** (exponent - 25)
    return -value if bits & 0x8000 else value


def loads(data: bytes, max_depth: int = MAX_DEPTH, max_bytes: int = MAX_FRAME_BYTES) -> object:
    """The one item that `data` holds: arrays as lists, maps as dicts. CborError for anything that section 1 refuses."""
    if len(data) > max_bytes:
        raise TooLongError("%d bytes, more than %d" % (len(data), max_bytes))
    reader = _Reader(data, max_depth)
    item = reader._item(0)
    if reader.pos != len(data):
        raise CborError("%d bytes after the item" % (len(data) - reader.pos))
    return item
