"""The boards of boards/, and how to run a script as one of them: before the fakes of its port."""

import json
import os
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

from boardpulse_tools.boards_schema import TEMPLATE, BoardFile, read_board, read_boards
from tests.support.components import require

ROOT = Path(__file__).parents[3]
FOLDER = ROOT / "boards"
HERE = "tests/unit/boards"
FAKES = "tests/fakes/ports"
PORTS = ("esp32", "stm32", "rp2")

# Of a port each, and of each way to reach a network: these run on MicroPython too.
ON_MICROPYTHON = ("esp32_generic", "esp32_c3", "nucleo_f767zi", "pyboard_v11", "rpi_pico", "rpi_pico_w")


@cache
def all_boards() -> tuple[BoardFile, ...]:
    """What all board.toml say."""
    return tuple(read_boards(FOLDER))


def microcontrollers() -> list[BoardFile]:
    """Those that are run against fakes, the template among them."""
    return [board for board in (*all_boards(), read_board(FOLDER / TEMPLATE)) if board.port in PORTS]


def names(boards: list[BoardFile]) -> list[str]:
    """For pytest's ids."""
    return [board.name for board in boards]


@cache
def said_by(name: str, script: str, *arguments: str, micropython: bool = False) -> Any:
    """What a script here prints as JSON on a board."""
    (board,) = [one for one in microcontrollers() if one.name == name]
    path = ":".join([f"{FAKES}/shared", f"{FAKES}/{board.port}", ".frozen", ".", "firmware"])
    # MicroPython's command is a Python script: what is for the one must not be found by the other.
    path_of = {"MICROPYPATH": path} if micropython else {"PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1"}
    run = subprocess.run(
        [
            str(require("micropython")) if micropython else sys.executable,
            f"{HERE}/{script}",
            name,
            board.chip,
            *arguments,
        ],
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=50,
        check=False,
        env=os.environ | path_of,
    )
    assert run.returncode == 0, run.stdout[-4000:] + run.stderr[-4000:]
    return json.loads(run.stdout.splitlines()[-1])
