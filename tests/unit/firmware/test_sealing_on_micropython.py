"""Sealing in the image that is flashed. The sources are tried in test_scripts_on_micropython.py."""

from pathlib import Path

import pytest

from boardpulse_tools.components import WASM_VERSIONS
from tests.unit.firmware.test_on_micropython import ROOT
from tests.unit.firmware.test_scripts_on_micropython import SCRIPTS, promises
from tests.unit.image import test_linked as linked

SCRIPT = "sealing_on_a_board.py"
START = "import sealing_on_a_board\nsealing_on_a_board.main()\n"


@pytest.mark.upy
@pytest.mark.parametrize("version", [None, WASM_VERSIONS[0]], ids=str)
def test_the_promises_hold_linked(version: str | None, tmp_path: Path) -> None:
    """On 64 bit and on the oldest of 32."""
    linked.image_with(SCRIPT, tmp_path)
    if version is None:
        assert linked.on_64_bit(tmp_path, START) == promises(SCRIPT)
        return
    for name in SCRIPTS[SCRIPT]:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes((ROOT / name).read_bytes())
    assert linked.on_32_bit(tmp_path, START, version) == promises(SCRIPT)
