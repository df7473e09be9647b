"""Our CBOR against cbor2, and against anything at all."""

from collections.abc import Callable
from contextlib import suppress
from io import BytesIO
from typing import Any

import cbor2
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from shared_schema import columns, commands
from shared_schema.cbor import Writer, encode
from shared_schema.cbor_reader import Simple, loads
from shared_schema.errors import BufferFullError, CborError, PeerError
from shared_schema.parse import Samples, parse
from tests.property.wire import strategies
from tests.support.reference_cbor import dumps

ALLOWED = strategies.items(strategies.LEAVES)


@given(ALLOWED)
def test_the_writer_is_read_by_cbor2(item: object) -> None:
    """What we write, an independent library reads as the same."""
    assert cbor2.loads(encode(item)) == item


@given(ALLOWED)
def test_the_writer_equals_the_reference(item: object) -> None:
    """Byte for byte, the order of map keys included."""
    assert encode(item) == dumps(item)


@given(strategies.items(strategies.LEAVES | strategies.FLOATS))
def test_the_reader_reads_what_cbor2_writes(item: object) -> None:
    """Floats of every width included."""
    assert loads(cbor2.dumps(item, canonical=True)) == item


@given(ALLOWED, st.integers(0, 400))
def test_a_cut_item_is_refused(item: object, at: int) -> None:
    """No beginning of an item is an item."""
    data = encode(item)
    with pytest.raises(CborError):
        loads(data[: at % len(data)])


@given(ALLOWED, st.binary(min_size=1, max_size=5))
def test_trailing_bytes_are_refused(item: object, tail: bytes) -> None:
    """One item, and nothing behind it."""
    with pytest.raises(CborError):
        loads(encode(item) + tail)


def by_cbor2(data: bytes) -> Any:
    """The item by cbor2, as strict as it can be told to be."""
    stream = BytesIO(data)
    item = cbor2.CBORDecoder(stream, max_depth=8, allow_duplicate_keys=False, allow_indefinite=False).decode()
    if stream.tell() != len(data):
        raise ValueError("bytes after the item")
    return item


def alike(ours: Any, theirs: Any) -> bool:
    """Whether two items are the same, NaN and simple values included."""
    if isinstance(ours, list):
        return len(ours) == len(theirs) and all(map(alike, ours, theirs))
    if isinstance(ours, dict):
        return set(ours) == set(theirs) and all(alike(ours[key], theirs[key]) for key in ours)
    if isinstance(ours, Simple):
        return theirs is cbor2.undefined or isinstance(theirs, cbor2.CBORSimpleValue)
    return type(ours) is type(theirs) and (ours == theirs or (ours != ours and theirs != theirs))


@given(st.binary(max_size=60) | strategies.FRAMES)
@example(bytes.fromhex("a2f93c000001f6"))
def test_what_the_reader_accepts_cbor2_reads_alike(data: bytes) -> None:
    """We are the stricter side: what we accept, cbor2 accepts, as the same item."""
    try:
        ours = loads(data)
    except PeerError:
        return
    assert alike(ours, by_cbor2(data))


@given(st.binary(max_size=100))
def test_arbitrary_bytes_raise_declared_errors_only(data: bytes) -> None:
    """Whatever comes, a reader gives a message or a PeerError."""
    receive(data)


@given(strategies.FRAMES, st.integers(0, 2**16), st.integers(0, 255))
def test_changed_frames_raise_declared_errors_only(frame: bytes, at: int, byte: int) -> None:
    """Frames with a changed byte reach deeper into the checks than noise does."""
    changed = bytearray(frame)
    changed[at % len(frame)] = byte
    receive(bytes(changed))


@given(st.lists(strategies.items(strategies.LEAVES | strategies.FLOATS), max_size=9), st.integers(0, 24))
def test_arbitrary_items_raise_declared_errors_only(elements: list[object], kind: int) -> None:
    """Any items behind any kind."""
    receive_item([kind, *elements])


@given(
    st.dictionaries(st.integers(0, 14), strategies.items(strategies.LEAVES), max_size=15),
    st.sampled_from([1, 3, 4, 5, 10]),
)
def test_arbitrary_bodies_raise_declared_errors_only(body: dict[int, object], kind: int) -> None:
    """Any values under the keys that are known."""
    receive_item([kind, 1, 0, body] if kind == 10 else [kind, 1, 0, 0, body])


def refusal(read: Callable[[Any], object], given: object) -> PeerError | None:
    """The declared error that a reader raises, if any; every other error ends the test."""
    try:
        read(given)
    except PeerError as error:
        return error
    return None


def receive(data: bytes) -> None:
    """What a receiver does with a frame."""
    error = refusal(loads, data)
    if error is None:
        receive_item(loads(data))
    else:
        assert error.reason in ("cbor", "too_long")


def receive_item(item: object) -> None:
    """What a receiver does with an item, whichever way it went."""
    for read in (parse_all, commands.parse_down):
        error = refusal(read, item)
        assert error is None or error.reason in ("cbor", "schema", "identity")
        assert len(str(error)) < 400


def parse_all(item: object) -> None:
    """The message with everything in it: columns and times are looked at last."""
    message = parse(item)
    if isinstance(message, Samples):
        assert 1 <= message.n <= 1024
        columns.offsets(message.times, 1000)  # type: ignore[arg-type]  # as parse() leaves it
        for column in message.columns:
            assert len(columns.expand(column, message.n)) == message.n


@given(ALLOWED, st.integers(0, 64))
def test_a_writer_stays_in_its_buffer(item: object, room: int) -> None:
    """Whatever the item and the room, no byte beyond the limit is touched."""
    w = Writer(bytearray(b"\xaa" * 80), 4, 4 + room)
    with suppress(BufferFullError):
        w.item(item)
    assert w.buf[:4] == b"\xaa" * 4
    assert set(w.buf[4 + room :]) == {0xAA}
