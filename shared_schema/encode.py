"""The frames that a board sends, written by a cbor.Writer (SPEC.md sections 2 to 8).

`boot` comes as its encoded bytes (boot_bytes), an uptime as (high, low) with uptime_ms = high * 2**24 + low, so that
neither needs an integer beyond the small ones of a 32-bit MicroPython. Functions have few arguments and locals for the
reason given in cbor.py.
"""

from shared_schema.cbor import Writer, encode
from shared_schema.errors import EncodeError

try:
    from micropython import const
except ImportError:

    def const(value):  # type: ignore[no-untyped-def, misc]  # on CPython a constant is the value itself
        return value


_SAMPLES = const(2)
_STATE = const(16)


def boot_bytes(boot: int) -> bytes:
    """A boot id, 1 … 2**32 - 1, as it stands in every header."""
    if not 0 < boot <= 0xFFFFFFFF:
        raise EncodeError("boot id %r is not in 1 … 2**32 - 1" % boot)
    return encode(boot)


def begin(w: Writer, kind: int, length: int, boot: bytes, seq: int) -> None:
    """The header up to seq, of a frame of `length` elements. Next: w.split_uint(high, low), the uptime."""
    w.array(length)
    w.uint(kind)
    w.raw(boot)
    w.uint(seq)


def begin_samples(w: Writer, columns: int, boot: bytes, seq: int) -> None:
    """The start of a samples frame. Next: w.split_uint (time of the first sample), w.uint(declaration), w.uint(group),
    then w.uint(1) and w.number() `columns` times, or times() and column() of batches.py."""
    begin(w, _SAMPLES, 7 + columns, boot, seq)


def body_frame(w: Writer, head: "tuple[int, bytes, int]", uptime: "tuple[int, int]", body: dict[int, object]) -> None:
    """A hello, event, span or bye: head = (kind, boot, seq), uptime = (high, low), body by integer keys. Allocates."""
    begin(w, head[0], 5, head[1], head[2])
    w.split_uint(uptime[0], uptime[1])
    w.item(body)


def state(boot: bytes, status: int) -> bytes:
    """The whole frame of MQTT's state topic, also the last will."""
    w = Writer(bytearray(16))
    w.array(3)
    w.uint(_STATE)
    w.raw(boot)
    w.uint(status)
    return bytes(w.buf[: w.pos])
