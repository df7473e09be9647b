"""A UART's failures, and console text between frames: what the Deframer makes of them."""

import pytest

from shared_schema.framing import BAD, FRAME, MAX_FRAME_BYTES, TEXT, Deframer, encode_frame, room

GOOD = bytes.fromhex("8208193039")
OTHER = bytes.fromhex("85051930390000a10100")
LINE = encode_frame(GOOD)
Events = list[tuple[int, bytes | str]]


def fed(data: bytes, max_frame: int = MAX_FRAME_BYTES) -> Events:
    """All events of the bytes at once."""
    return Deframer(max_frame).feed(data)


def test_finds_a_frame() -> None:
    """A frame between two zeros is found."""
    assert fed(LINE) == [(FRAME, GOOD)]


def test_finds_frames_back_to_back() -> None:
    """Two frames with two zeros between them, or with one."""
    both: Events = [(FRAME, GOOD), (FRAME, OTHER)]
    assert fed(LINE + encode_frame(OTHER)) == both
    assert fed(LINE + encode_frame(OTHER)[1:]) == both


def test_finds_a_frame_byte_by_byte() -> None:
    """Bytes may come one at a time, with empty reads between them."""
    deframer = Deframer()
    events: Events = []
    for i in range(len(LINE)):
        events += deframer.feed(b"")
        events += deframer.feed(LINE[i : i + 1])
    assert events == [(FRAME, GOOD)]


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
def test_takes_any_buffer(kind: type) -> None:
    """What a driver reads into is a buffer of any kind."""
    assert fed(kind(LINE)) == [(FRAME, GOOD)]


@pytest.mark.parametrize("at", range(1, len(LINE) - 1))
def test_frame_after_a_cut_one(at: int) -> None:
    """A frame whose end is missing never takes the next one with it."""
    assert fed(LINE[:at] + LINE)[-1] == (FRAME, GOOD)


@pytest.mark.parametrize("at", range(1, len(LINE)))
def test_frame_after_a_missing_beginning(at: int) -> None:
    """A line that is opened within a frame gives the next one."""
    assert fed(LINE[at:] + LINE)[-1] == (FRAME, GOOD)


@pytest.mark.parametrize("at", range(1, len(LINE) - 1))
def test_dropped_byte(at: int) -> None:
    """A frame that lacks a byte is never accepted, and the next one is."""
    events = fed(LINE[:at] + LINE[at + 1 :] + LINE)
    assert [event for event in events if event[0] == FRAME] == [(FRAME, GOOD)]


@pytest.mark.parametrize("at", range(1, len(LINE) - 1))
def test_doubled_byte(at: int) -> None:
    """A frame with a byte twice is never accepted, and the next one is."""
    events = fed(LINE[: at + 1] + LINE[at:] + LINE)
    assert [event for event in events if event[0] == FRAME] == [(FRAME, GOOD)]


def test_flipped_bit_is_counted_as_crc() -> None:
    """The frame's own bytes differ: crc."""
    damaged = bytearray(encode_frame(OTHER))
    damaged[4] ^= 4
    assert fed(bytes(damaged)) == [(BAD, "crc")]


def test_zero_only_line_is_nothing() -> None:
    """Zeros between frames are no event."""
    assert fed(bytes(1000)) == []


def test_text_between_frames() -> None:
    """A print between frames becomes a line, without its end of line."""
    assert fed(LINE + b"hello\r\n" + LINE) == [(FRAME, GOOD), (TEXT, "hello"), (FRAME, GOOD)]


def test_text_without_newline_before_a_frame() -> None:
    """A frame's first zero ends a line of text."""
    assert fed(b">>> " + LINE) == [(TEXT, ">>> "), (FRAME, GOOD)]


def test_text_is_handed_on_at_its_newline() -> None:
    """A line is not kept back until the next frame."""
    deframer = Deframer()
    assert deframer.feed(b"one\ntw") == [(TEXT, "one")]
    assert deframer.feed(b"o\n") == [(TEXT, "two")]


def test_prompt_comes_with_flush() -> None:
    """Text without an end comes when the line has been silent, once."""
    deframer = Deframer()
    assert deframer.feed(b">>> ") == []
    assert deframer.flush() == [(TEXT, ">>> ")]
    assert deframer.flush() == []


def test_flush_keeps_half_a_frame() -> None:
    """Silence within a frame loses nothing: the rest completes it."""
    deframer = Deframer()
    deframer.feed(LINE[:5])
    assert deframer.flush() == []
    assert deframer.feed(LINE[5:]) == [(FRAME, GOOD)]


def test_text_goes_on_after_flush() -> None:
    """What follows a flushed prompt is still text, though it begins like a frame."""
    deframer = Deframer()
    deframer.feed(b">>> ")
    deframer.flush()
    assert deframer.feed("Ångström\n".encode()) == [(TEXT, "Ångström")]


@pytest.mark.parametrize("word", ["Ångström", "ÀÉ", "ÐÑ", "Å", "ÁÂ"])
def test_text_that_begins_like_a_frame(word: str) -> None:
    """Some letters' second byte is an array's head: what then is no frame, but flawless text, is text."""
    assert fed(b"\0" + word.encode() + b"\nnext\n" + LINE) == [(TEXT, word), (TEXT, "next"), (FRAME, GOOD)]


def test_long_text_in_a_damaged_frame_is_no_console_text() -> None:
    """A log message in a frame with a wrong CRC does not reach the log as a line."""
    frame = bytes.fromhex("8503193039 00 00 a3 01 00 02 01 03 79 0200") + b"password: hunter2" * 40
    damaged = bytearray(encode_frame(frame))
    damaged[60] ^= 1
    assert fed(bytes(damaged)) == [(BAD, "crc")]


def test_noise_is_counted_not_shown() -> None:
    """Bytes that are no text become a count."""
    assert fed(b"\xff\xfe\xfd\xfc\xfb\0") == [(BAD, "framing")]


def test_broken_utf8_is_replaced() -> None:
    """A byte of eight may be broken: it shows as U+FFFD, valid characters around it stay."""
    assert fed("Grüße".encode() + b"\xff!\n") == [(TEXT, "Grüße\ufffd!")]


def test_overlong_line_is_cut_at_a_character() -> None:
    """A line is cut at 1024 bytes, and never within a character."""
    assert fed(("x" + "€" * 400 + "\n").encode()) == [(TEXT, "x" + "€" * 341), (TEXT, "€" * 59)]


def test_too_long_is_refused_when_the_limit_is_passed() -> None:
    """Not only at the zero that ends it, which may never come; then the line is skipped up to a zero."""
    deframer = Deframer(64)
    longest = room(64) - 2
    assert deframer.feed(b"\0\x20\x85" + b"\x99" * (longest - 2)) == []
    assert deframer.feed(b"\x99") == [(BAD, "too_long")]
    assert deframer.feed(b"\x99" * 1000 + b"text\n") == []
    assert deframer.feed(LINE) == [(FRAME, GOOD)]


def test_too_long_though_it_is_short_on_the_line() -> None:
    """Zeros cost nothing on the line: the frame's own length counts."""
    assert fed(encode_frame(b"\x85" + bytes(63)), 64) == [(FRAME, b"\x85" + bytes(63))]
    assert fed(encode_frame(b"\x85" + bytes(64)), 64) == [(BAD, "too_long")]


def test_longest_frame() -> None:
    """A frame of MAX_FRAME_BYTES that takes the most bytes on the line is accepted, one of a byte more is not."""
    longest = b"\x99" * MAX_FRAME_BYTES
    assert fed(encode_frame(longest)) == [(FRAME, longest)]
    assert fed(encode_frame(longest + b"\x99"))[0] == (BAD, "too_long")
