"""The deterministic writer, held to the examples of RFC 8949 appendix A and to its own buffer."""

# ruff: noqa: E501  # tables of values

import math

import pytest

from shared_schema import cbor
from shared_schema.cbor import Writer, encode
from shared_schema.errors import BufferFullError, EncodeError

# RFC 8949 appendix A.
EXAMPLES = [
    (0, "00"), (1, "01"), (10, "0a"), (23, "17"), (24, "1818"), (25, "1819"), (100, "1864"), (1000, "1903e8"),
    (1000000, "1a000f4240"), (1000000000000, "1b000000e8d4a51000"), (18446744073709551615, "1bffffffffffffffff"),
    (-1, "20"), (-10, "29"), (-100, "3863"), (-1000, "3903e7"), (-18446744073709551616, "3bffffffffffffffff"),
    (math.inf, "f97c00"), (math.nan, "f97e00"), (-math.inf, "f9fc00"), (False, "f4"), (True, "f5"), (None, "f6"),
    (b"", "40"), (bytes([1, 2, 3, 4]), "4401020304"), ("", "60"), ("a", "6161"), ("IETF", "6449455446"),
    ('"\\', "62225c"), ("ü", "62c3bc"), ("水", "63e6b0b4"), ("𐅑", "64f0908591"), ([], "80"), ([1, 2, 3], "83010203"),
    ([1, [2, 3], [4, 5]], "8301820203820405"), (list(range(1, 26)), "98190102030405060708090a0b0c0d0e0f101112131415161718181819"),
    ({}, "a0"), ({1: 2, 3: 4}, "a201020304"), ({"a": 1, "b": [2, 3]}, "a26161016162820203"), (["a", {"b": "c"}], "826161a161626163"),
]  # fmt: skip


@pytest.mark.parametrize(("item", "expected"), EXAMPLES)
def test_examples_of_the_rfc(item: object, expected: str) -> None:
    """Items come out as in the RFC's appendix."""
    assert encode(item).hex() == expected


def test_map_keys_are_in_bytewise_order() -> None:
    """RFC 8949 §4.2.1: 24 (1818) before -1 (20), though it is longer; §4.2.3's length-first order is not used."""
    order = [0, 10, 23, 24, 100, 256, -1, -25, "", "z", "aa"]
    backwards = dict.fromkeys(reversed(order), 0)
    assert encode(backwards) == b"\xab" + b"".join(encode(key) + b"\0" for key in order)


@pytest.mark.parametrize("n", [0, 23, 24, 255, 256, 65535, 65536, 2**24 - 1, 2**24, 2**30, 2**32 - 1, 2**32, 2**53 - 1])
def test_split_uint_equals_uint(n: int) -> None:
    """An uptime in two halves is the same number."""
    halves, whole = Writer(bytearray(9)), Writer(bytearray(9))
    halves.split_uint(n >> 24, n & 0xFFFFFF)
    whole.uint(n)
    assert halves.buf[: halves.pos] == whole.buf[: whole.pos]


@pytest.mark.parametrize("item", [0, -300, 70000, 2**40, "text", b"bytes", [1, 2], {1: 2}, None, True, math.nan])
def test_never_writes_beyond_its_limit(item: object) -> None:
    """A buffer that is a byte too small raises, and what stands behind the limit stays."""
    size = len(encode(item))
    for limit in range(size):
        w = Writer(bytearray(b"\xaa" * 40), 2, 2 + limit)
        with pytest.raises(BufferFullError):
            w.item(item)
        assert w.buf[:2] == b"\xaa\xaa"
        assert set(w.buf[2 + limit :]) == {0xAA}


def test_exactly_fitting_limit() -> None:
    """The last byte of a buffer is used."""
    w = Writer(bytearray(5))
    w.item(70000)
    assert w.pos == 5


@pytest.mark.parametrize("item", [1.5, 2**64, -(2**64) - 1, object(), 1j, {1.5: 2}])
def test_refuses_what_the_wire_has_not(item: object) -> None:
    """Finite floats, integers beyond 64 bits and other types are our own error."""
    with pytest.raises(EncodeError):
        encode(item)


def test_encode_has_a_limit() -> None:
    """A frame over its limit raises, whatever buffer is tried."""
    assert len(encode("x" * 97, 100)) == 99
    with pytest.raises(BufferFullError):
        encode("x" * 99, 100)


def test_specials_are_the_named_constants() -> None:
    """NAN and the infinities are exported for boards, which cannot write them as literals."""
    assert [encode(v).hex() for v in (cbor.NAN, cbor.INFINITY, cbor.NEGATIVE_INFINITY)] == [
        "f97e00",
        "f97c00",
        "f9fc00",
    ]
