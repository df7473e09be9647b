"""Deterministic CBOR (RFC 8949 §4.2.1) written into a fixed buffer, for frames. The reader is cbor_reader.py.

The writer allocates nothing for small integers, bytes and nulls, so that a board can sample for years in the same heap.
Its methods keep few locals: MicroPython takes heap for the frame of a function with more than eleven words of state.
"""

from shared_schema.errors import BufferFullError, EncodeError

NAN = float("nan")
INFINITY = float("inf")
NEGATIVE_INFINITY = -INFINITY

_UINT = 0x00
_NEGATIVE = 0x20
_BYTES = 0x40
_TEXT = 0x60
_ARRAY = 0x80
_MAP = 0xA0


class Writer:
    """Writes CBOR items one after the other into `buf`, from `pos` up to `limit`; BufferFullError beyond it.

    After an error `pos` stands where the last complete head ended: the caller sets it back to where its frame began.
    """

    def __init__(self, buf: bytearray, pos: int = 0, limit: int = -1) -> None:
        self.buf = buf
        self.pos = pos
        self.limit = len(buf) if limit < 0 else limit

    def head(self, major: int, n: int) -> None:
        """A data item's head: major type (already shifted to the top three bits) and its argument 0 … 2**64 - 1."""
        if n < 24:
            self.byte(major | n)
        elif n < 0x100:
            self.byte(major | 24)
            self.byte(n)
        elif n < 0x10000:
            self.byte(major | 25)
            self.byte(n >> 8)
            self.byte(n & 0xFF)
        else:
            self._long_head(major, n)

    def _long_head(self, major: int, n: int) -> None:
        shift = 24
        if n >> 16 > 0xFFFF:
            if n >> 32 > 0xFFFFFFFF:
                raise EncodeError("integer beyond 64 bits")
            shift = 56
        self.byte(major | 26 | shift >> 5)
        while shift >= 0:
            self.byte((n >> shift) & 0xFF)
            shift -= 8

    def byte(self, value: int) -> None:
        """One byte as it is."""
        pos = self.pos
        if pos >= self.limit:
            raise BufferFullError("frame larger than its buffer of %d bytes" % self.limit)
        self.buf[pos] = value
        self.pos = pos + 1

    def integer(self, n: int) -> None:
        """A signed integer. The common short forms are written in place, since this is the hot path of a board."""
        if n >= 0:
            major = 0
        else:
            major = 0x20
            n = -1 - n
        pos = self.pos
        if n > 0xFFFF or pos + 3 > self.limit:
            self.head(major, n)
        elif n < 24:
            self.buf[pos] = major | n
            self.pos = pos + 1
        elif n < 0x100:
            self.buf[pos] = major | 24
            self.buf[pos + 1] = n
            self.pos = pos + 2
        else:
            self.buf[pos] = major | 25
            self.buf[pos + 1] = n >> 8
            self.buf[pos + 2] = n & 0xFF
            self.pos = pos + 3

    def uint(self, n: int) -> None:
        """An unsigned integer."""
        self.head(_UINT, n)

    def split_uint(self, high: int, low: int) -> None:
        """The unsigned integer high * 2**24 + low (low < 2**24), which need not be a small integer on 32 bits."""
        if high == 0:
            self.head(_UINT, low)
            return
        if high < 0x100:
            self.byte(_UINT | 26)
        else:
            self.byte(_UINT | 27)
            self.byte(0)
            for shift in (24, 16, 8):
                self.byte((high >> shift) & 0xFF)
        self.byte(high & 0xFF)
        self.byte(low >> 16)
        self.byte((low >> 8) & 0xFF)
        self.byte(low & 0xFF)

    def array(self, length: int) -> None:
        """The head of an array of `length` items, which the caller writes next."""
        self.head(_ARRAY, length)

    def mapping(self, length: int) -> None:
        """The head of a map of `length` pairs; the caller writes keys in the bytewise order of their encodings."""
        self.head(_MAP, length)

    def raw(self, data: bytes) -> None:
        """Bytes that are already encoded."""
        end = self.pos + len(data)
        if end > self.limit:
            raise BufferFullError("frame larger than its buffer of %d bytes" % self.limit)
        for value in data:
            self.buf[self.pos] = value
            self.pos += 1

    def octets(self, data: bytes) -> None:
        """A byte string."""
        self.head(_BYTES, len(data))
        self.raw(data)

    def text(self, text: str) -> None:
        """A text string, as UTF-8."""
        data = text.encode("utf-8")
        self.head(_TEXT, len(data))
        self.raw(data)

    def null(self) -> None:
        """null."""
        self.byte(0xF6)

    def boolean(self, value: bool) -> None:
        """true or false."""
        self.byte(0xF5 if value else 0xF4)

    def number(self, value: "int | float | None") -> None:
        """A metric's value: an integer, null for a missing one, or a special."""
        if isinstance(value, int):
            self.integer(value)
        elif value is None:
            self.byte(0xF6)
        else:
            self.special(value)

    def special(self, value: float) -> None:
        """NaN, +Infinity or -Infinity as half-precision float; EncodeError for a finite number."""
        from shared_schema.batches import special

        special(self, value)

    def item(self, item: object) -> None:
        """Any item of None, bool, int, str, bytes, special floats, lists, tuples and dicts."""
        if item is None:
            self.null()
        elif item is True or item is False:
            self.byte(0xF5 if item else 0xF4)
        elif isinstance(item, int):
            self.integer(item)
        elif isinstance(item, float):
            self.special(item)
        elif isinstance(item, str):
            self.text(item)
        elif isinstance(item, (list, tuple)):
            self.array(len(item))
            for element in item:
                self.item(element)
        elif isinstance(item, dict):
            self._sorted_map(item)
        elif isinstance(item, (bytes, bytearray)):
            self.octets(bytes(item))
        else:
            raise EncodeError("%r cannot be encoded" % type(item))

    def _sorted_map(self, pairs: dict[object, object]) -> None:
        keyed = {encode(key): key for key in pairs}
        self.mapping(len(keyed))
        for encoded in sorted(keyed):
            self.raw(encoded)
            self.item(pairs[keyed[encoded]])


def encode(item: object, limit: int = 8192) -> bytes:
    """`item` (as for Writer.item) as bytes; BufferFullError over `limit` bytes. Allocates: not for the hot path."""
    size = 64
    while True:
        writer = Writer(bytearray(min(size, limit)))
        try:
            writer.item(item)
            return bytes(writer.buf[: writer.pos])
        except BufferFullError:
            if size >= limit:
                raise
            size *= 4
