"""Sleeping and what is kept over it on the interpreters that boards have, 64 and 32 bit, with fake boards."""

import sys
from pathlib import Path

import pytest

from boardpulse_tools.components import WASM_VERSIONS
from tests.unit.firmware.test_on_micropython import HERE, on_32_bit, on_64_bit, output

SCRIPT = "sleep_on_a_board.py"


@pytest.fixture(scope="module")
def promises() -> list[str]:
    """What the script prints on CPython."""
    return output([sys.executable, "-B", f"{HERE}/{SCRIPT}"])[:-1]


@pytest.mark.upy
def test_the_promises_hold_on_64_bit(promises: list[str]) -> None:
    """All that hold on CPython."""
    assert on_64_bit(SCRIPT) == [*promises, "kept on micropython"]


@pytest.mark.upy
@pytest.mark.parametrize("version", WASM_VERSIONS)
def test_the_promises_hold_on_32_bit(promises: list[str], version: str, tmp_path: Path) -> None:
    """The same where an integer of 31 bits needs heap, from the oldest MicroPython on."""
    assert on_32_bit(SCRIPT, version, tmp_path) == [*promises, "kept on micropython"]
