"""Sensors, sleep and seals on the interpreters that boards have, 64 and 32 bit: what their scripts keep on CPython."""

import sys
from functools import cache
from pathlib import Path

import pytest

from boardpulse_tools.components import WASM_VERSIONS
from tests.unit.firmware.test_on_micropython import HERE, on_32_bit, on_64_bit, output

# Each script, and what it reads besides the firmware.
SCRIPTS = {
    "mcu_on_a_board.py": (),
    "overflow_on_a_board.py": (),
    "power_on_a_board.py": (),
    "sealing_on_a_board.py": ("shared_schema/vectors/auth.json",),
    "sleep_on_a_board.py": (),
    "spill_on_a_board.py": (),
}
# What needs asyncio, which the 32-bit MicroPython under Node lacks.
WITH_ASYNCIO = ("tasks_on_a_board.py",)


@cache
def promises(script: str) -> list[str]:
    """What a script prints on CPython, but its last line, which names the interpreter."""
    return output([sys.executable, "-B", f"{HERE}/{script}"])[:-1]


@pytest.mark.parametrize("script", [*SCRIPTS, *WITH_ASYNCIO])
def test_the_promises_hold_on_cpython(script: str) -> None:
    """What the others are compared with; run once for all of them, and in a time of its own."""
    assert promises(script)


@pytest.mark.upy
@pytest.mark.parametrize("script", [*SCRIPTS, *WITH_ASYNCIO])
def test_the_promises_hold_on_64_bit(script: str) -> None:
    """All that hold on CPython, with the same integers; readings take no heap."""
    assert on_64_bit(script) == [*promises(script), "kept on micropython"]


@pytest.mark.upy
@pytest.mark.parametrize("version", WASM_VERSIONS)
@pytest.mark.parametrize("script", SCRIPTS)
def test_the_promises_hold_on_32_bit(script: str, version: str, tmp_path: Path) -> None:
    """The same where an integer of 31 bits needs heap, from the oldest MicroPython on."""
    assert on_32_bit(script, version, tmp_path, *SCRIPTS[script]) == [*promises(script), "kept on micropython"]
