"""What samples frames have besides single integers (SPEC.md section 4): several samples, with their times, in columns
of a first value and differences; NaN and infinities.

Apart from encode.py, because a board that sends each sample at once never loads it.
"""

from shared_schema.errors import EncodeError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from shared_schema.cbor import Writer


def write(w: "Writer", columns: "list[list[int | float | None]]", gaps: list[int], n: int, interval_ms: int) -> None:
    """The end of a samples frame of `n` samples, behind its group."""
    times(w, gaps, n, interval_ms)
    for values in columns:
        column(w, values, n)


def times(w: "Writer", gaps: list[int], n: int, interval_ms: int) -> None:
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


def column(w: "Writer", values: "list[int | float | None]", n: int) -> None:
    """The first `n` of `values`: integers, None for a missing sample, NaN or infinities (SPEC.md section 4)."""
    if _constant(values, n):
        w.number(values[0])
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
            w.number(value)
        i += 1


def special(w: "Writer", value: float) -> None:
    """Writer.special"""
    if value - value == 0:
        raise EncodeError("%r is finite: a value on the wire is an integer in its metric's scale" % value)
    w.byte(0xF9)
    w.byte(0x7E if value != value else 0x7C if value > 0 else 0xFC)
    w.byte(0)


def _constant(values: "list[int | float | None]", n: int) -> bool:
    first = values[0]
    i = 1
    while i < n:
        value = values[i]
        if value is not first and value != first and (value == value or first == first):
            return False
        i += 1
    return True
