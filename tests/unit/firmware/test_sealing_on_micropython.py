"""Sealing on the interpreters that boards have, 64 and 32 bit."""

import sys
from pathlib import Path

import pytest

from boardpulse_tools.components import WASM_VERSIONS
from tests.unit.firmware.test_on_micropython import HERE, ROOT, on_32_bit, on_64_bit, output
from tests.unit.image import test_linked as linked

SCRIPT = "sealing_on_a_board.py"
VECTORS = "shared_schema/vectors/auth.json"
START = "import sealing_on_a_board\nsealing_on_a_board.main()\n"


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
    """The same, from the oldest MicroPython on."""
    assert on_32_bit(SCRIPT, version, tmp_path, VECTORS) == [*promises, "kept on micropython"]


@pytest.mark.upy
@pytest.mark.parametrize("version", [None, WASM_VERSIONS[0]], ids=str)
def test_the_promises_hold_linked(promises: list[str], version: str | None, tmp_path: Path) -> None:
    """In the image that is flashed, on 64 bit and on the oldest of 32."""
    linked.image_with(SCRIPT, tmp_path)
    if version is None:
        assert linked.on_64_bit(tmp_path, START) == promises
        return
    vectors = tmp_path / VECTORS
    vectors.parent.mkdir(parents=True)
    vectors.write_bytes((ROOT / VECTORS).read_bytes())
    assert linked.on_32_bit(tmp_path, START, version) == promises
