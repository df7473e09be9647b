"""A samples frame as the bytes of a journal's row.

The bytes are int64, little endian: the times but the first, then the values as the record has them. What is no integer
is a number at the lower end of int64, which no value can be: a value is within 2**53, a total of boots far from 2**63.
"""

from __future__ import annotations

import math
import sys
from array import array
from collections.abc import Iterable, Sequence

from host_bridge.core.records import Value

MISSING = -(2**63)
NAN = MISSING + 1
PLUS_INF = MISSING + 2
MINUS_INF = MISSING + 3
LAST_SPECIAL = MINUS_INF
SPECIALS: dict[int, Value] = {MISSING: None, NAN: math.nan, PLUS_INF: math.inf, MINUS_INF: -math.inf}

_SWAPPED = sys.byteorder == "big"


def encode_row(times: Sequence[int], values: Sequence[Value]) -> bytes:
    """Bytes of a frame without its first time."""
    whole = [*times[1:], *values] if len(times) > 1 else values
    numbers: array[int]
    try:
        numbers = array("q", whole)  # type: ignore[arg-type]  # a None or a float raises, which is rare
    except (TypeError, OverflowError):
        numbers = array("q", map(_code, whole))
    return to_bytes(numbers)


def _code(value: Value) -> int:
    if type(value) is int:
        return value if LAST_SPECIAL < value < 2**63 else MISSING
    if value is None or not isinstance(value, float):
        return MISSING if value is None else int(value)
    if value != value:
        return NAN
    if math.isinf(value):
        return PLUS_INF if value > 0 else MINUS_INF
    return MISSING  # a finite float is no value (SPEC.md section 4)


def decode_row(t0: int, n: int, data: bytes) -> tuple[list[int], array[int]]:
    """Times, and values column by column, specials still as numbers."""
    numbers = from_bytes("q", data)
    return [t0, *numbers[: n - 1]], numbers[n - 1 :]


def to_values(numbers: Iterable[int]) -> list[Value]:
    """Values of numbers among which specials may be."""
    found: list[Value] = list(numbers)
    if found and min(found) <= LAST_SPECIAL:  # type: ignore[type-var, operator]  # all are integers still
        return [SPECIALS.get(number, number) for number in found]  # type: ignore[arg-type]
    return found


def to_bytes(numbers: array[int]) -> bytes:
    """Bytes in the order of a file."""
    if _SWAPPED:
        numbers = numbers[:]
        numbers.byteswap()
    return numbers.tobytes()


def from_bytes(typecode: str, data: bytes) -> array[int]:
    """The numbers of such bytes."""
    numbers: array[int] = array(typecode)
    numbers.frombytes(data)
    if _SWAPPED:
        numbers.byteswap()
    return numbers
