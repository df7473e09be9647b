"""A column of a chunk as bytes: differences in the smallest integers that hold them, compressed.

Byte 0 says how (`_PLACES` below). Then, deflated where that is shorter: the first number, int64; a byte for each number
that says which special stands there, if there are any; the differences from each number to the next. All little endian.
"""

from __future__ import annotations

import operator
import zlib
from array import array
from itertools import accumulate, pairwise

from host_bridge.sinks.history.coding import LAST_SPECIAL, MISSING, from_bytes, to_bytes

# Byte 0. Bits 0 to 2: how the differences are kept, 0 to 3 as TYPECODES, 4: all are 0 and left out.
TYPECODES = "bhiq"
_CONSTANT = 4
_WIDTH = 7
_HAS_SPECIALS = 8
_DEFLATED = 16
_PLAIN = 32  # instead of differences, which would not fit int64, the numbers themselves

MAX_NUMBERS = 1_024  # of a column; a damaged number must not take all memory

_LIMITS = (1 << 7, 1 << 15, 1 << 31)


def pack(numbers: array[int]) -> bytes:
    """The column as bytes. `numbers`: int64, at least one, with specials as coding has them."""
    flags, specials = 0, b""
    if min(numbers) <= LAST_SPECIAL:
        flags = _HAS_SPECIALS
        specials = bytes(number - MISSING + 1 if number <= LAST_SPECIAL else 0 for number in numbers)
        numbers = _filled(numbers)
    try:
        steps = array("q", map(operator.sub, numbers[1:], numbers))
    except OverflowError:
        flags |= _PLAIN
        steps = numbers[1:]
    width = _width(steps)
    body = to_bytes(numbers[:1]) + specials
    if width != _CONSTANT:
        body += to_bytes(array(TYPECODES[width], steps))
    short = zlib.compress(body)
    if len(short) < len(body):
        return bytes((flags | width | _DEFLATED,)) + short
    return bytes((flags | width,)) + body


def _width(steps: array[int]) -> int:
    least, greatest = min(steps, default=0), max(steps, default=0)
    if least == greatest == 0:
        return _CONSTANT
    return next((i for i, limit in enumerate(_LIMITS) if -limit <= least and greatest < limit), 3)


def _filled(numbers: array[int]) -> array[int]:
    """Specials replaced by the number before them, which differs by nothing."""
    last = next((number for number in numbers if number > LAST_SPECIAL), 0)
    filled = array("q")
    for number in numbers:
        last = number if number > LAST_SPECIAL else last
        filled.append(last)
    return filled


def unpack(data: bytes, n: int) -> list[int]:
    """The n numbers of a column, specials still as numbers. errors.UNREADABLE where it is none."""
    if not 0 < n <= MAX_NUMBERS:
        raise ValueError(f"a column of {n}")
    flags = data[0]
    body = zlib.decompress(data[1:]) if flags & _DEFLATED else data[1:]
    first = from_bytes("q", body[:8])[0]
    start = 8 + n if flags & _HAS_SPECIALS else 8
    width = flags & _WIDTH
    if width == _CONSTANT:
        numbers = [first] * n
    elif flags & _PLAIN:
        numbers = [first, *from_bytes(TYPECODES[width], body[start:])]
    else:
        numbers = list(accumulate(from_bytes(TYPECODES[width], body[start:]), initial=first))
    if flags & _HAS_SPECIALS:
        return [MISSING + kind - 1 if kind else number for kind, number in zip(body[8:start], numbers, strict=True)]
    return numbers


def is_sorted(times: list[int]) -> bool:
    """Whether no time is before the one in front of it."""
    return all(before <= after for before, after in pairwise(times))
