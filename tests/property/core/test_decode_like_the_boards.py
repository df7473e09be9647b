"""The bridge's fast reader and the boards' small one give the same verdict on any bytes."""

import math
from typing import Any

import cbor2
from hypothesis import example, given
from hypothesis import strategies as st

from host_bridge.core.decode import decode, loads
from shared_schema import cbor_reader
from shared_schema.columns import expand
from shared_schema.errors import PeerError
from shared_schema.parse import Samples, parse
from tests.support.attributes import attributes

LEAVES = (
    st.none()
    | st.booleans()
    | st.integers(-(1 << 64), (1 << 64) - 1)
    | st.floats(width=16)
    | st.floats()
    | st.text(max_size=10)
    | st.binary(max_size=10)
    | st.sampled_from([cbor2.undefined, cbor2.CBORSimpleValue(3), cbor2.CBORSimpleValue(99)])
)
KEYS = (
    st.integers(-5, 30) | st.text(max_size=3) | st.binary(max_size=3) | st.booleans() | st.none() | st.floats(width=16)
)
ITEMS = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(KEYS, inner, max_size=4)
        | st.builds(cbor2.CBORTag, st.integers(0, 300), inner)
    ),
    max_leaves=25,
)
ELEMENT = (
    st.none() | st.integers(-(1 << 53), 1 << 53) | st.sampled_from([math.nan, math.inf, -math.inf, 2.5, True, "x"])
)
SAMPLES = st.builds(
    lambda head, columns: [2, *head, *columns],
    st.tuples(
        st.integers(0, 1 << 33),
        st.integers(-1, 1 << 33),
        st.integers(-1, (1 << 53) + 1),
        st.integers(-1, 257),
        st.integers(-1, 40),
        st.integers(-1, 4) | st.lists(st.integers(-5, 5), max_size=3),
    ),
    st.lists(ELEMENT | st.lists(ELEMENT | st.lists(st.just(1), max_size=1), max_size=4), max_size=4),
)


def reading(read: Any, data: bytes) -> tuple[bool, object]:
    """Whether it was read, and the item, with NaN and simple values made comparable."""
    try:
        return True, comparable(read(data))
    except PeerError as error:
        return False, error.reason


def comparable(item: object) -> object:
    """Items of both readers side by side."""
    if isinstance(item, list):
        return [comparable(element) for element in item]
    if isinstance(item, dict):
        return {key: comparable(value) for key, value in item.items()}
    if isinstance(item, float):
        return repr(item)
    if type(item) in (cbor_reader.Simple, cbor2.CBORSimpleValue, type(cbor2.undefined)):
        return "simple"
    return item


@given(st.binary(max_size=60))
@example(b"")
def test_any_bytes(data: bytes) -> None:
    """Noise that passed the CRC."""
    assert reading(loads, data) == reading(cbor_reader.loads, data)


@given(ITEMS)
def test_any_item(item: object) -> None:
    """Tags, simple values, odd keys, deep nesting: whatever CBOR can say."""
    data = cbor2.dumps(item)
    assert reading(loads, data) == reading(cbor_reader.loads, data)


@given(ITEMS, st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 255)), max_size=3), st.integers(0, 3))
def test_mutated_items(item: object, changes: list[tuple[int, int]], cut: int) -> None:
    """A few bytes changed, a few cut off."""
    data = bytearray(cbor2.dumps(item))
    for place, value in changes:
        data[place % len(data)] = value
    mutated = bytes(data[: len(data) - cut])
    assert reading(loads, mutated) == reading(cbor_reader.loads, mutated)


@given(st.integers(1, 12), st.sampled_from([b"\x80", b"\xa0", b"\x00", b"\x81\x00", b"\xa1\x01\x00", b"\x98\x00"]))
def test_any_depth(depth: int, core: bytes) -> None:
    """Around the limit, with empty and full containers."""
    for head in (b"\x81", b"\xa1\x01"):
        data = head * depth + core
        assert reading(loads, data) == reading(cbor_reader.loads, data)


def slow(data: bytes) -> dict[str, object]:
    """The message by the readers that boards have."""
    message = parse(cbor_reader.loads(data))
    if isinstance(message, Samples):
        for column in message.columns:
            expand(column, message.n)
    return attributes(message)


def fast(data: bytes) -> dict[str, object]:
    """The message by the bridge's."""
    return attributes(decode(data))


@given(SAMPLES)
def test_any_samples_frame(frame: list[object]) -> None:
    """The short way for samples refuses what the long way refuses, and gives the same message."""
    data = cbor2.dumps(frame)
    assert reading(fast, data) == reading(slow, data)
