"""The tests for real boards, run against MicroPython's unix port on a pseudo-terminal."""

import os
import subprocess
import sys
from pathlib import Path

from boardpulse_tools import boards
from boardpulse_tools.cable import Cable
from tests.support.components import require

ROOT = Path(__file__).parents[2]


def test_the_hil_tests_pass_on_the_unix_port(tmp_path: Path) -> None:
    """They need a port with a running board, and nothing of how it came there."""
    runs_on = boards.Interpreter("MicroPython", "", require("micropython"))
    with Cable() as cable:
        link = {"type": "uart", "path": cable.board_port}
        config = {"device_id": "hil", "board": "unix", "link": link, "interval_ms": 100}
        with boards.board("hil", tmp_path / "hil", config, runs_on):
            done = subprocess.run(
                [sys.executable, "-m", "pytest", "-q", "tests/hil"],
                cwd=ROOT,
                env=os.environ | {"PORT": cable.bridge_port},
                capture_output=True,
                text=True,
                timeout=150,
                check=False,
            )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "3 passed" in done.stdout
