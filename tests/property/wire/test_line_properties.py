"""Lines with whatever on them: chunking, damage, noise, and memory."""

import zlib
from contextlib import suppress
from itertools import pairwise

from cobs import cobs
from hypothesis import assume, example, given
from hypothesis import strategies as st

from shared_schema import framing
from shared_schema.errors import CrcError, FramingError, PeerError
from shared_schema.framing import FRAME, MAX_CONSOLE_LINE, Deframer
from tests.property.wire import strategies
from tests.support import reference_wire as wire

GOOD = bytes.fromhex("88 02 193039 00 191388 00 00 01 190866")
GOOD_LINE = wire.line(GOOD)
Events = list[tuple[int, bytes | str]]


def fed(stream: bytes, cuts: list[int], max_frame: int = framing.MAX_FRAME_BYTES) -> Events:
    """The events of a stream that is cut at some places."""
    deframer = Deframer(max_frame)
    events: Events = []
    edges = [0, *sorted({cut % (len(stream) + 1) for cut in cuts}), len(stream)]
    for begin, end in pairwise(edges):
        events += deframer.feed(stream[begin:end])
    return events


@given(strategies.STREAMS, st.lists(st.integers(0, 2**16), max_size=12))
@example("abc\nÅngström\nÖl\n".encode() + GOOD_LINE, list(range(40)))
@example(b"x" * 1023 + b"\rabc\r\n", list(range(1030)))
@example("é".encode() * 700 + b"\n\0", [1, 1023, 1024, 1025])
def test_chunking_makes_no_difference(stream: bytes, cuts: list[int]) -> None:
    """However the bytes are cut, the events are those of the whole, and those of single bytes."""
    whole = fed(stream, [])
    assert fed(stream, cuts) == whole
    assert fed(stream, list(range(len(stream)))) == whole


@given(st.binary(max_size=300) | strategies.STREAMS, st.integers(20, 64))
def test_a_good_frame_after_any_garbage(garbage: bytes, max_frame: int) -> None:
    """Whatever stood before, the next good frame is decoded; with the small limit of a board too."""
    assert fed(garbage + GOOD_LINE, [])[-1] == (FRAME, GOOD)
    assert fed(garbage + GOOD_LINE, [], max_frame)[-1] == (FRAME, GOOD)


@given(strategies.FRAMES, st.integers(0, 2**20))
def test_one_flipped_bit_gives_no_other_frame(frame: bytes, bit: int) -> None:
    """CRC-32 sees every single flipped bit, also one in a COBS code or in a zero around the frame."""
    line = bytearray(wire.line(frame))
    line[bit // 8 % len(line)] ^= 1 << bit % 8
    for what, value in fed(bytes(line) + GOOD_LINE, []):
        assert what != FRAME or value in (frame, GOOD)


def test_every_flipped_bit_of_a_frame() -> None:
    """The same, for all bits of one line."""
    for bit in range(8 * len(GOOD_LINE)):
        line = bytearray(GOOD_LINE)
        line[bit // 8] ^= 1 << bit % 8
        events = fed(bytes(line) + wire.line(b"\x82\x09\xf6"), [])
        assert events[-1] == (FRAME, b"\x82\x09\xf6")
        # A zero at an end that becomes another byte may lose the frame, or not; no other frame comes of it.
        assert all(value == GOOD for what, value in events[:-1] if what == FRAME)


@given(st.lists(st.binary(min_size=1, max_size=2000), max_size=30), st.integers(16, 300))
def test_memory_is_bounded(pieces: list[bytes], max_frame: int) -> None:
    """Between calls a deframer holds no more than the longest line or the longest frame takes."""
    deframer = Deframer(max_frame)
    for piece in pieces:
        deframer.feed(piece)
        assert len(deframer._pending) <= max(framing.room(max_frame), MAX_CONSOLE_LINE)


def test_memory_is_bounded_under_endless_garbage() -> None:
    """A megabyte without a zero, as text, as a frame that never ends, and as noise."""
    for lead in (b"text ", b"\x20\x85", b"\xff\xff"):
        deframer = Deframer()
        deframer.feed(lead)
        for _ in range(256):
            deframer.feed(b"\x99" * 4096)
            assert len(deframer._pending) <= framing.room(framing.MAX_FRAME_BYTES)
        assert deframer.feed(GOOD_LINE)[-1] == (FRAME, GOOD)


@given(st.binary(max_size=600))
def test_arbitrary_chunks_raise_declared_errors_only(chunk: bytes) -> None:
    """A chunk is a frame, or framing or crc is what is wrong with it; zeros inside are no endless loop."""
    refused: tuple[type[PeerError], ...] = (FramingError, CrcError)
    with suppress(*refused):
        frame = framing.decode_chunk(chunk)
        assert cobs.decode(chunk) == frame + zlib.crc32(frame).to_bytes(4, "little")


RUNS = st.lists(st.binary(max_size=5) | st.integers(0, 600).map(lambda n: b"\x01" * n), max_size=6).map(b"".join)


@given(RUNS)
def test_cobs_equals_the_library(frame: bytes) -> None:
    """Runs of any length between zeros: sealed as the published C library does, and read back."""
    assume(len(frame) >= 2)
    line = framing.encode_frame(frame)
    assert line == wire.line(frame)
    assert framing.decode_chunk(line[1:-1]) == frame
    assert len(line) <= framing.room(len(frame))


@given(RUNS, st.integers(0, 40))
def test_sealing_in_place_touches_its_own_bytes_only(frame: bytes, before: int) -> None:
    """In a board's ring of frames, the neighbours stay as they are."""
    start = before + framing.LEAD
    buf = bytearray(b"\xaa" * (before + framing.room(len(frame)) + 20))
    buf[start : start + len(frame)] = frame
    end = framing.seal(buf, start, start + len(frame))
    assert bytes(buf[before:end]) == wire.line(frame)
    assert set(buf[:before]) | set(buf[before + framing.room(len(frame)) :]) <= {0xAA}
