"""Several samples in one frame (SPEC.md section 4): their times, and columns as a first value and differences.

Apart from encode.py, because a board that sends each sample at once never loads it.
"""

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
        w.value(values[0])
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
            w.value(value)
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
