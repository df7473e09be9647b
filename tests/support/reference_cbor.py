"""A second CBOR encoder, written from RFC 8949 alone, so that the vectors do not merely mirror our own code."""

import math
import struct
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Raw:
    """Bytes that stand for one item as they are: for what a deterministic encoder never writes."""

    data: bytes


@dataclass(frozen=True)
class Tagged:
    """An item with a tag before it."""

    tag: int
    item: object


def raw(text: str) -> Raw:
    """An item given in hex; blanks are for the reader."""
    return Raw(bytes.fromhex(text))


def head(major: int, argument: int) -> bytes:
    """The shortest head of RFC 8949 §3 with this major type."""
    if argument < 24:
        return bytes([major << 5 | argument])
    for info, form in ((24, ">B"), (25, ">H"), (26, ">I"), (27, ">Q")):
        if argument < 1 << 8 * struct.calcsize(form):
            return bytes([major << 5 | info]) + struct.pack(form, argument)
    raise OverflowError(argument)


def wide(argument: int, info: int, major: int = 0) -> Raw:
    """A head that is longer than need be: `info` 24, 25, 26 or 27 says how long."""
    return Raw(bytes([major << 5 | info]) + argument.to_bytes(1 << info - 24, "big"))


def dumps(item: object) -> bytes:
    """One item, deterministically encoded (RFC 8949 §4.2.1): maps in the bytewise order of their encoded keys."""
    if isinstance(item, Raw):
        return item.data
    if isinstance(item, Tagged):
        return head(6, item.tag) + dumps(item.item)
    if item is None or isinstance(item, bool):
        return {None: b"\xf6", True: b"\xf5", False: b"\xf4"}[item]
    if isinstance(item, int):
        return head(0, item) if item >= 0 else head(1, -1 - item)
    if isinstance(item, float):
        return shortest_float(item)
    if isinstance(item, bytes):
        return head(2, len(item)) + item
    if isinstance(item, str):
        return head(3, len(item.encode())) + item.encode()
    if isinstance(item, dict):
        return head(5, len(item)) + b"".join(sorted(encoded_pairs(item)))
    if isinstance(item, list | tuple):
        return head(4, len(item)) + b"".join(map(dumps, item))
    raise TypeError(type(item))


def encoded_pairs(items: dict[object, object]) -> Iterable[bytes]:
    """Each key with its value. Sorting these sorts by key: no encoded key is the beginning of another."""
    return (dumps(key) + dumps(value) for key, value in items.items())


def shortest_float(value: float) -> bytes:
    """The shortest float that keeps the value; NaN is F97E00."""
    if math.isnan(value):
        return b"\xf9\x7e\x00"
    for lead, form in ((b"\xf9", ">e"), (b"\xfa", ">f")):
        try:
            packed = struct.pack(form, value)
        except OverflowError:
            continue
        if struct.unpack(form, packed)[0] == value:
            return lead + packed
    return b"\xfb" + struct.pack(">d", value)
