"""The sensors of a chip on the interpreters that boards have: the same integers, and no heap."""

import sys
from pathlib import Path

import pytest

from boardpulse_tools.components import WASM_VERSIONS
from tests.unit.firmware.test_on_micropython import HERE, on_32_bit, on_64_bit, output

SCRIPT = "mcu_on_a_board.py"
KEPT = "kept on micropython"


@pytest.fixture(scope="module")
def promises() -> list[str]:
    """What the script prints on CPython, sums of every conversion included."""
    return output([sys.executable, "-B", f"{HERE}/{SCRIPT}"])[:-1]


@pytest.mark.upy
def test_the_sensors_of_a_chip_on_64_bit(promises: list[str]) -> None:
    """What holds on CPython holds on the unix port."""
    assert on_64_bit(SCRIPT) == [*promises, KEPT]


@pytest.mark.upy
@pytest.mark.parametrize("version", WASM_VERSIONS)
def test_the_sensors_of_a_chip_on_32_bit(promises: list[str], version: str, tmp_path: Path) -> None:
    """Also where an integer beyond 2**30 would take heap."""
    assert on_32_bit(SCRIPT, version, tmp_path) == [*promises, KEPT]
