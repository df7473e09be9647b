"""Bytes to message on the bridge."""

from io import BytesIO

import pytest
from cbor2 import CBORDecodeError, CBORDecoder, dumps

from host_bridge.core.decode import BodyError, decode, loads
from shared_schema import cbor_reader
from shared_schema.cbor import encode
from shared_schema.errors import CborError, SchemaError, TooLongError
from shared_schema.parse import Samples
from tests.support.attributes import attributes

SAMPLES = [2, 7, 0, 1000, 0, 0, 1, 2150, 40000]


def head(tag: int) -> bytes:
    """A tag's head."""
    return bytes((0xDA,)) + tag.to_bytes(4, "big")


def cbor2_decodes(data: bytes) -> bool:
    """Whether cbor2 makes something of it without being told how."""
    try:
        item = CBORDecoder(BytesIO(data)).decode()
    except CBORDecodeError:
        return True  # it tried
    return type(item).__name__ != "CBORTag"


def test_every_tag_that_cbor2_knows_is_refused() -> None:
    """Tag 35 alone would compile a stranger's regular expression."""
    bodies = (b"\x00", b"\x61a", b"\x80", b"\xa0", b"\x40", b"\x82\x00\x01")
    known = [tag for tag in (*range(1100), 43000, 55799) if any(cbor2_decodes(head(tag) + body) for body in bodies)]
    assert len(known) > 15
    for tag in known:
        for body in bodies:
            with pytest.raises(CborError):
                loads(head(tag) + body)


@pytest.mark.parametrize(
    "data",
    [
        "",
        "8201",
        "820102ff",
        "82010200",
        "9f01ff",
        "bf0102ff",
        "5f4101ff",
        "7f6161ff",
        "a201010102",
        "a2616101616102",
        "a1f501",
        "a1f601",
        "a1414101",
        "a1f90000f6",
        "a1800101",
        "a1a00101",
        "a1f701",
        "a1f001",
        "62c328",
        "63eda080",
        "1c",
        "ff",
        "f818",
        "818181818181818180",
        "8181818181818181a0",
        "81818181818181818100",
        "9affffffff",
        "9bffffffffffffffff",
        "5b7fffffffffffffff",
        "bb7fffffffffffffff",
    ],
)
def test_what_section_1_refuses(data: str) -> None:
    """The same verdict as the reader that boards use."""
    with pytest.raises(CborError):
        cbor_reader.loads(bytes.fromhex(data))
    with pytest.raises(CborError):
        loads(bytes.fromhex(data))


@pytest.mark.parametrize(
    "data", ["00", "8181818181818100", "8181818181818180", "a10102", "f7", "f820", "fb7ff8000000000001", "1a00000001"]
)
def test_what_section_1_allows(data: str) -> None:
    """Eight levels, longer heads than needed, simple values: to be judged by the schema."""
    cbor_reader.loads(bytes.fromhex(data))
    loads(bytes.fromhex(data))


def test_a_samples_frame() -> None:
    """The shorter way gives what the longer one gives."""
    message = decode(encode(SAMPLES))
    assert isinstance(message, Samples)
    expected = Samples(list(SAMPLES))
    assert attributes(message) == attributes(expected)


@pytest.mark.parametrize(
    ("place", "wrong"),
    [
        (1, 0),
        (1, 1 << 32),
        (1, True),
        (2, -1),
        (2, 1 << 32),
        (3, -1),
        (3, 1 << 53),
        (4, 256),
        (4, None),
        (5, 32768),
        (6, 0),
        (6, 1025),
        (6, "1"),
        (7, "21"),
        (7, [1, 2]),
        (7, [[1]]),
        (7, True),
        (7, {1: 2}),
        (0, 2.5),
    ],
)
def test_samples_with_a_field_out_of_its_limits(place: int, wrong: object) -> None:
    """Never through the shorter way."""
    frame = list(SAMPLES)
    frame[place] = wrong  # type: ignore[call-overload]  # that is what is wrong
    data = dumps(frame)
    with pytest.raises(SchemaError):
        decode(data)


def test_a_body_that_is_wrong_keeps_its_header() -> None:
    """The frame can be acknowledged."""
    with pytest.raises(BodyError) as caught:
        decode(encode([3, 7, 42, 1000, {1: 0}]))
    assert (caught.value.header.seq, caught.value.header.boot, caught.value.reason) == (42, 7, "schema")


@pytest.mark.parametrize("frame", [[3, 0, 42, 1000, {}], [1, 7, 42, 1000, {}], [16, 7], [3], [], 5])
def test_without_a_reliable_header_there_is_nothing_to_acknowledge(frame: object) -> None:
    """Neither in a hello nor in rubbish."""
    with pytest.raises(SchemaError) as caught:
        decode(encode(frame))
    assert not isinstance(caught.value, BodyError)


def test_a_frame_over_the_limit_is_not_even_read() -> None:
    """MAX_FRAME_BYTES."""
    with pytest.raises(TooLongError):
        decode(b"\x80" + bytes(8192))
