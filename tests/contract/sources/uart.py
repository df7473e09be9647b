"""uart.json: frames on a line (SPEC.md section 13), by the published COBS library and zlib; and what a line delivers."""

# ruff: noqa: E501  # a table: one vector is one or two lines

import random
from typing import Any

from tests.contract.sources import Vector, group, hello, limits, samples, up
from tests.support import reference_wire as wire

HELLO = wire.frame(hello([group(1000, 1, 3)]))
SAMPLES = wire.frame(samples([[2150]]))
EVENT = wire.frame(up("event", 1, 9000, type=0, severity=2, message="It is hot in the kitchen, and getting hotter."))
LINES = [wire.line(frame) for frame in (HELLO, SAMPLES, EVENT)]


def line(name: str, why: str, frame: bytes) -> Vector:
    """A frame with its form on the line."""
    return {"name": "uart_" + name, "why": why, "frame": frame.hex(), "line": wire.line(frame).hex()}


def lines() -> list[Vector]:
    """Frames on the line. For framing any bytes are a frame that begin like one."""
    sizes = (
        245,
        246,
        247,
        248,
        249,
        250,
        251,
        252,
        253,
        254,
        255,
        256,
        499,
        500,
        501,
        504,
        505,
        507,
        508,
        754,
        758,
        762,
    )
    generator = random.Random(13)
    mixed = bytes([0x85]) + bytes(generator.choice((0, 0, 1, 254, 255)) for _ in range(2000))
    return [
        line("hello_minimal", "the frame hello_minimal of up.json", HELLO),
        line("samples_single", "the frame samples_single of up.json", SAMPLES),
        line("event", "text inside", EVENT),
        line("hello_request_anybody", "the shortest frame: three bytes", bytes.fromhex("8209f6")),
        line("two_bytes", "the shortest chunk that framing lets through", bytes.fromhex("8200")),
        line("zeros_only", "zeros behind the first byte", b"\x82" + bytes(40)),
        line("zeros_300", "300 zeros, so 300 codes", b"\x82" + bytes(300)),
        line("ends_in_zero", "a zero before the CRC", b"\x82\x01\x00"),
        *[line(f"run_of_{n}", f"{n} bytes without a zero, then the CRC", b"\x85" + b"\x11" * (n - 1)) for n in sizes],
        *[
            line(f"zero_after_{n}", f"a zero behind {n} bytes", b"\x85" + b"\x22" * (n - 1) + b"\0" + b"\x33" * 10)
            for n in (253, 254, 255)
        ],
        line("mixed_2001", "zeros, ones and 255 at random", mixed),
        line("longest", "MAX_FRAME_BYTES of a real frame", wire.frame(limits.frame_of(8192))),
    ]


def stream(name: str, why: str, data: bytes, *events: Any, flush: Any = ()) -> Vector:
    """What a receiver hands on for these bytes, however they are cut; `flush`: and when the line then stays silent."""
    given = [list(event) for event in events]
    return {"name": "stream_" + name, "why": why, "hex": data.hex(), "events": given, "flush": [list(e) for e in flush]}


def frame(index: int) -> tuple[str, str]:
    """The event for one of the three frames above."""
    return "frame", (HELLO, SAMPLES, EVENT)[index].hex()


def text(what: str) -> tuple[str, str]:
    """The event for a line of console text."""
    return "text", what


def bad(reason: str) -> tuple[str, str]:
    """The event for a refused chunk."""
    return "bad", reason


def damaged() -> list[Vector]:
    """Frames that suffered; the next good one is always found."""
    hello_line, samples_line, event_line = LINES
    inside = samples_line[1:-1]
    flipped = bytearray(event_line)
    flipped[20] ^= 0x20
    doubled = samples_line[:6] + samples_line[5:]
    dropped = samples_line[:6] + samples_line[7:]
    long_text = bytearray(wire.line(wire.frame(up("event", type=0, severity=1, message="so much to say " * 20))))
    long_text[99] ^= 1
    long_frame = wire.frame(limits.frame_of(8193))
    zeros = b"\x85" + b"\x00\x01" * 4100
    return [
        stream("crc", "one bit of a text in the frame differs", bytes(flipped) + samples_line, bad("crc"), frame(1)),
        stream("crc_in_long_text", "a frame that is nearly all text is still no console text", bytes(long_text) + samples_line,
               bad("crc"), frame(1)),
        stream("cut", "the end of a frame is missing", hello_line[:30] + samples_line, bad("framing"), frame(1)),
        stream("beginning_missing", "the line was opened within a frame", samples_line[9:] + samples_line,
               bad("framing"), frame(1)),
        stream("byte_doubled", "a byte came twice", doubled + samples_line, bad("framing"), frame(1)),
        stream("byte_dropped", "a byte is missing", dropped + samples_line, bad("framing"), frame(1)),
        stream("zero_dropped_before", "frames share a zero", hello_line + samples_line[1:], frame(0), frame(1)),
        stream("zeros_dropped_between", "two frames run into one", hello_line[:-1] + samples_line[1:] + event_line,
               bad("crc"), frame(2)),
        stream("extra_zeros", "zeros between frames are nothing", b"\0\0\0" + samples_line + b"\0\0" + hello_line,
               frame(1), frame(0)),
        stream("zero_inside", "a byte became a zero", samples_line[:8] + b"\0" + samples_line[9:] + samples_line,
               bad("framing"), bad("framing"), frame(1)),
        stream("code_past_end", "a COBS code points past the end", b"\0\x20\x85\x01\x02\x03\x04\x05\0" + samples_line,
               bad("framing"), frame(1)),
        stream("five_bytes", "too short for a frame and a CRC", b"\0\x06\x82\x01\x02\x03\x04\0" + samples_line,
               bad("framing"), frame(1)),
        stream("crc_wrong", "the CRC of another frame", b"\0" + inside[:-1] + bytes([inside[-1] ^ 1]) + b"\0" + samples_line,
               bad("crc"), frame(1)),
        stream("too_long", "refused when the limit is passed, once", wire.line(long_frame) + samples_line,
               bad("too_long"), frame(1)),
        stream("too_long_though_short_on_the_line", "8201 bytes take as many on the line as 8192 may",
               wire.line(zeros) + samples_line, bad("too_long"), frame(1)),
        stream("endless", "20,000 bytes without a zero that begin like a frame", b"\0\x20\x85" + b"\x99" * 20000 + samples_line,
               bad("too_long"), frame(1)),
        stream("unfinished", "half a frame, then silence: it is kept, for the rest may come", hello_line[:30]),
        stream("noise", "all byte values, the zero included", bytes(range(255, -1, -1)) + samples_line,
               bad("framing"), bad("framing"), frame(1)),
    ]  # fmt: skip


def console() -> list[Vector]:
    """Console text on the line that frames use."""
    hello_line, samples_line, _ = LINES
    trace = b'Traceback (most recent call last):\r\n  File "main.py", line 3\r\nOSError: 5\r\n'
    return [
        stream("back_to_back", "three frames", b"".join(LINES), frame(0), frame(1), frame(2)),
        stream("text_between", "a line of text between frames", hello_line + b"hot!\r\n" + samples_line,
               frame(0), text("hot!"), frame(1)),
        stream("text_first", "a banner before the first frame", b"MicroPython v1.28.0\n>>> " + hello_line,
               text("MicroPython v1.28.0"), text(">>> "), frame(0)),
        stream("traceback", "line by line", trace + samples_line, text("Traceback (most recent call last):"),
               text('  File "main.py", line 3'), text("OSError: 5"), frame(1)),
        stream("text_without_newline", "a zero ends a line too", b"no newline" + samples_line,
               text("no newline"), frame(1)),
        stream("prompt", "text without an end, then silence", samples_line + b">>> ", frame(1), flush=[text(">>> ")]),
        stream("one_character", "a single byte is no frame, so it may be text", b"\0x" + samples_line, text("x"), frame(1)),
        stream("one_byte", "a single byte that is no text", b"\0\xff" + samples_line, bad("framing"), frame(1)),
        stream("empty_lines", "are nothing", b"\n\r\n\na\n\n" + samples_line, text("a"), frame(1)),
        stream("text_utf8", "every length of UTF-8", "Größe: 3 µm – ≤ 5 €, 𝄞\n".encode() + samples_line,
               text("Größe: 3 µm – ≤ 5 €, 𝄞"), frame(1)),
        stream("text_begins_like_a_frame", "the second byte of Å is 0x85, as of an array of five",
               b"\0" + "Ångström\nÖl\n".encode() + samples_line, text("Ångström"), text("Öl"), frame(1)),
        stream("text_line_begins_like_a_frame", "what is text stays text up to the next zero",
               b"\0" + "abc\nÅngström\nÖl\n".encode() + samples_line, text("abc"), text("Ångström"), text("Öl"), frame(1)),
        stream("text_begins_like_an_envelope", "the second byte is 0xD1 only in a damaged text", b"\0\x41\xd1abc\n" + samples_line,
               bad("framing"), frame(1)),
        stream("text_some_noise", "one byte in eight may be no text", b"0123456\xff89abcdef\n" + samples_line,
               text("0123456\ufffd89abcdef"), frame(1)),
        stream("text_utf8_some_noise", "only the broken bytes count", "äöüäöüäöü".encode() + b"\xff\n" + samples_line,
               text("äöüäöüäöü\ufffd"), frame(1)),
        stream("text_much_noise", "two bytes of eight are no text", b"01\xff34\xff67\n" + samples_line,
               bad("framing"), frame(1)),
        stream("text_control", "control characters other than tab and escape are no text", b"a\x01b\x02\n" + samples_line,
               bad("framing"), frame(1)),
        stream("text_escape", "colours of a terminal", b"\x1b[31mred\x1b[0m\tx\n" + samples_line,
               text("\x1b[31mred\x1b[0m\tx"), frame(1)),
        stream("text_1024", "MAX_CONSOLE_LINE", b"x" * 1024 + b"\n" + samples_line, text("x" * 1024), frame(1)),
        stream("text_1025", "is cut", b"x" * 1025 + b"\n" + samples_line, text("x" * 1024), text("x"), frame(1)),
        stream("text_cut_at_character", "a cut does not break a character", b"x" + "é".encode() * 600 + b"\n" + samples_line,
               text("x" + "é" * 511), text("é" * 89), frame(1)),
        stream("text_cut_keeps_carriage_return", "only the end of a line is stripped",
               b"x" * 1023 + b"\rabc\r\n" + samples_line, text("x" * 1023 + "\r"), text("abc"), frame(1)),
        stream("text_endless", "3000 bytes, no newline, no zero", b"x" * 3000, text("x" * 1024), text("x" * 1024),
               flush=[text("x" * 952)]),
    ]  # fmt: skip


def vectors() -> list[Vector]:
    """The lines of uart.json."""
    return lines()


def streams() -> list[Vector]:
    """The streams of uart.json."""
    return damaged() + console()
