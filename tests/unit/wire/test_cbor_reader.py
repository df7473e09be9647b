"""The strict reader: what it gives, and what it refuses before it takes memory."""

# ruff: noqa: E501  # tables of values

import math
import tracemalloc

import pytest

from shared_schema.cbor_reader import Simple, loads
from shared_schema.errors import CborError, TooLongError


@pytest.mark.parametrize(
    ("data", "item"),
    [
        ("00", 0), ("1bffffffffffffffff", 2**64 - 1), ("3bffffffffffffffff", -(2**64)), ("1800", 0), ("43010203", b"\1\2\3"),
        ("63e6b0b4", "水"), ("64f0908591", "𐅑"), ("80", []), ("a201020304", {1: 2, 3: 4}), ("f4", False), ("f6", None),
        ("f93c00", 1.0), ("f90001", 5.960464477539063e-08), ("f98000", -0.0), ("f97bff", 65504.0), ("f9c400", -4.0),
        ("fa47c35000", 100000.0), ("fb3ff199999999999a", 1.1), ("f97c00", math.inf), ("fbfff0000000000000", -math.inf),
    ],
)  # fmt: skip
def test_reads(data: str, item: object) -> None:
    """Well-formed items come back as Python's own types."""
    read = loads(bytes.fromhex(data))
    assert read == item
    assert type(read) is type(item)


def test_nan_and_simple_values() -> None:
    """NaN of any width is NaN; simple values without a meaning are kept apart from everything else."""
    for data in ("f97e00", "fa7fc00000", "fb7ff8000000000000", "f9fe01"):
        read = loads(bytes.fromhex(data))
        assert isinstance(read, float)
        assert math.isnan(read)
    for data, value in (("e0", 0), ("f7", 23), ("f8ff", 255)):
        simple = loads(bytes.fromhex(data))
        assert isinstance(simple, Simple)
        assert simple.value == value


@pytest.mark.parametrize("data", ["9bffffffffffffffff", "bb00ffffffffffffff", "5b7fffffffffffffff", "7affffffff"])
def test_an_announced_length_takes_no_memory(data: str) -> None:
    """What a head announces is compared with what is there before anything is built."""
    tracemalloc.start()
    with pytest.raises(CborError):
        loads(bytes.fromhex(data) + bytes(2000))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 20000


def test_depth_counts_containers() -> None:
    """Eight arrays or maps within each other are allowed, the ninth is not, be it empty."""
    assert loads(b"\x81" * 7 + b"\x80") == [[[[[[[[]]]]]]]]
    for data in (b"\x81" * 8 + b"\x80", b"\x81" * 8 + b"\xa0", b"\x81" * 9 + b"\0"):
        with pytest.raises(CborError, match="deeper"):
            loads(data)


def test_a_deep_bomb_does_not_recurse() -> None:
    """A thousand heads end at the ninth."""
    with pytest.raises(CborError, match="deeper"):
        loads(b"\x81" * 8000)


def test_too_long_before_anything_is_read() -> None:
    """A frame over MAX_FRAME_BYTES is refused as too_long, whatever is in it."""
    assert loads(b"\x59\x1f\xfd" + bytes(8189)) == bytes(8189)
    with pytest.raises(TooLongError):
        loads(b"\xff" * 8193)


@pytest.mark.parametrize("key", ["f5", "f6", "f7", "f93c00", "4101", "8101", "a0", "e0"])
def test_keys_are_integers_or_text(key: str) -> None:
    """Python takes True and 1.0 for 1: as keys they would pass for the field with number 1."""
    with pytest.raises(CborError, match="key"):
        loads(bytes.fromhex("a1" + key + "00"))
