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
    times(), then column() `columns` times."""
    begin(w, _SAMPLES, 7 + columns, boot, seq)


def times(w: Writer, gaps: list[int], n: int, interval_ms: int) -> None:
    """The times of `n` samples: gaps[i] is the milliseconds between sample i - 1 and i; gaps[0] is not read."""
    i = 1
    while i < n and gaps[i] == interval_ms:
        i += 1
    if i == n:
        w.uint(n)
        return
    w.array(n - 1)
    i = 1
    while i < n:
        w.integer(gaps[i] - interval_ms)
        i += 1


def column(w: Writer, values: "list[int | float | None]", n: int) -> None:
    """The first `n` of `values`: integers, None for a missing sample, NaN or infinities (SPEC.md section 4)."""
    if _constant(values, n):
        _element(w, values[0])
        return
    w.array(n)
    previous = 0
    i = 0
    while i < n:
        value = values[i]
        if isinstance(value, int):
            w.integer(value - previous)
            previous = value
        else:
            _element(w, value)
        i += 1


def _constant(values: "list[int | float | None]", n: int) -> bool:
    first = values[0]
    i = 1
    while i < n:
        value = values[i]
        if value is not first and value != first and (value == value or first == first):
            return False
        i += 1
    return True


def _element(w: Writer, value: "int | float | None") -> None:
    if value is None:
        w.null()
    elif isinstance(value, int):
        w.integer(value)
    else:
        w.special(value)


def body_frame(w: Writer, head: "tuple[int, bytes, int]", uptime: "tuple[int, int]", body: dict[int, object]) -> None:
    """A hello, event, span or bye: head = (kind, boot, seq), uptime = (high, low), body by integer keys. Allocates."""
    begin(w, head[0], 5, head[1], head[2])
    w.split_uint(uptime[0], uptime[1])
    w.item(body)


def state(boot: int, status: int) -> bytes:
    """The whole frame of MQTT's state topic, also the last will."""
    return encode([_STATE, boot, status])
