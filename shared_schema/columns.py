"""Samples from their columns (SPEC.md section 4): the reading side of encode.times and encode.column."""

from shared_schema.errors import SchemaError

_MAX_UPTIME = (1 << 53) - 1


def count(times: object) -> int:
    """How many samples a frame has, from its `times` element; not checked against limits."""
    if type(times) is int:
        return times
    if isinstance(times, list):
        return len(times) + 1
    raise SchemaError("times is neither a count nor an array")


def offsets(times: "int | list[int]", interval_ms: int) -> list[int]:
    """Milliseconds of each sample after the first one. SchemaError when time would run backwards."""
    if isinstance(times, int):
        return [i * interval_ms for i in range(times)]
    out = [0]
    now = 0
    for residual in times:
        if type(residual) is not int or not 0 <= interval_ms + residual <= _MAX_UPTIME - now:
            raise SchemaError("times: %r after an interval of %d ms" % (residual, interval_ms))
        now += interval_ms + residual
        out.append(now)
    return out


def expand(column: object, n: int) -> "list[int | float | None]":
    """The `n` values of a column. Finite floats are handed on: a receiver refuses such a value, not the frame."""
    if not isinstance(column, list):
        return [_element(column)] * n
    if len(column) != n:
        raise SchemaError("a column has %d elements, the frame %d samples" % (len(column), n))
    out: list[int | float | None] = []
    value = 0
    for element in column:
        if type(element) is int:
            value += element
            out.append(value)
        else:
            out.append(_element(element))
    return out


def _element(element: object) -> "int | float | None":
    if element is None or type(element) is int or type(element) is float:
        return element
    raise SchemaError("a column holds a %s" % type(element).__name__)
