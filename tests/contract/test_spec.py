"""SPEC.md against the code: limits, reasons, and the constants that boards repeat."""

import re
from pathlib import Path
from typing import Any

import pytest

from shared_schema import cbor_reader, encode, errors, framing
from shared_schema import messages as m

ROOT = Path(__file__).parents[2]
SPEC = (ROOT / "shared_schema" / "SPEC.md").read_text(encoding="utf-8")
SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789")


def section(number: int) -> str:
    """The text of one section."""
    return SPEC.split(f"\n## {number} ")[1].split("\n## ")[0]


def number(text: str) -> int:
    """`86 400 000`, `8192` or `2⁵³`."""
    power = re.fullmatch(r"2([⁰¹²³⁴⁵⁶⁷⁸⁹]+)(?:−1)?", text)
    if power:
        return (1 << int(power[1].translate(SUPERSCRIPTS))) - text.endswith("−1")
    return int(re.sub(r"\s", "", text))


def limits() -> dict[str, int]:
    """The table of section 16."""
    rows = re.findall(r"^\| ([A-Z_]+) \| ([^|]+?) \|", section(16), re.MULTILINE)
    return {name: number(value) for name, value in rows}


def test_limits_are_those_of_the_code() -> None:
    """Each limit of section 16 is in messages.py with the same value, and each MAX_… of sections 16 is there."""
    table = limits()
    assert len(table) >= 17
    assert {name: getattr(m, name) for name in table} == table


def test_copies_of_limits_agree() -> None:
    """framing.py and cbor_reader.py stand alone on a board and repeat what they need."""
    assert (framing.MAX_FRAME_BYTES, framing.MAX_CONSOLE_LINE) == (m.MAX_FRAME_BYTES, m.MAX_CONSOLE_LINE)
    assert (cbor_reader.MAX_FRAME_BYTES, cbor_reader.MAX_DEPTH) == (m.MAX_FRAME_BYTES, m.MAX_DEPTH)


def test_reasons_are_those_of_the_code() -> None:
    """Section 17's table, in its order, is errors.REASONS; each has one error that carries it."""
    reasons = re.findall(r"^\| ([a-z_]+) \|", section(17), re.MULTILINE)[1:]
    assert tuple(reasons) == errors.REASONS
    classes = [c for c in vars(errors).values() if isinstance(c, type) and issubclass(c, errors.PeerError) and c.reason]
    assert sorted(c.reason for c in classes) == sorted(reasons)


def test_kinds_are_those_of_the_code() -> None:
    """Section 1's table of kinds."""
    named = {"hello": m.HELLO, "samples": m.SAMPLES, "event": m.EVENT, "span": m.SPAN, "bye": m.BYE, "ack": m.ACK,
             "hello?": m.HELLO_REQUEST, "set": m.SET, "reset": m.RESET, "state": m.STATE}  # fmt: skip
    table = dict(re.findall(r"\| (\d+) \| ([a-z?]+) \| (?:up|down)", section(1)))
    assert {name: int(kind) for kind, name in table.items()} == named


def board_constants() -> list[Any]:
    """(file, name, value) of each `_NAME = const(…)` in shared_schema whose name messages.py has too."""
    found = []
    for path in sorted((ROOT / "shared_schema").glob("*.py")):
        for name, value in re.findall(r"^_([A-Z_]+) = const\((\d+)\)", path.read_text(encoding="utf-8"), re.MULTILINE):
            found.append(pytest.param(name, int(value), id=f"{path.stem}.{name}"))
    return found


@pytest.mark.parametrize(("name", "value"), board_constants())
def test_board_constants_equal_messages(name: str, value: int) -> None:
    """Board code repeats the numbers that it needs; they are those of messages.py."""
    assert getattr(m, name) == value


def test_there_are_board_constants() -> None:
    """The test above found something to compare, and they are what encode.py uses."""
    assert len(board_constants()) >= 2
    assert encode.state(encode.boot_bytes(1), 2) == bytes([0x83, m.STATE, 1, 2])
