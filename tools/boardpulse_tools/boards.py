"""Boards without hardware: the unmodified firmware, in a process of MicroPython's unix port or of CPython."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from boardpulse_tools.components import MICROPYTHON, find
from boardpulse_tools.processes import Process, ProcessError

PACKAGES = ("boardpulse", "shared_schema")
BUNDLED = "_bundled"  # below host_bridge: what a wheel brings for boards
VERSION_TIMEOUT_S = 10
# What a board of middle size has; the unix port would take two megabytes. (It is 64-bit: objects take twice as much.)
HEAP = "512K"


@dataclass(frozen=True, slots=True)
class Interpreter:
    """What runs the firmware: `name` is MicroPython or CPython, with its version for people."""

    name: str
    version: str
    program: Path

    @property
    def is_micropython(self) -> bool:
        """Whether it is what boards run."""
        return self.name == "MicroPython"

    def __str__(self) -> str:
        return f"{self.name} {self.version}"


def interpreter() -> Interpreter:
    """MicroPython where this machine has it, else the CPython that we run on."""
    return micropython() or cpython()


def micropython() -> Interpreter | None:
    """MicroPython's unix port, or None."""
    program = find(MICROPYTHON)
    if program is None:
        return None
    command = [str(program), "-c", "import sys; print('.'.join([str(n) for n in sys.implementation.version[:3]]))"]
    answer = subprocess.run(command, capture_output=True, text=True, timeout=VERSION_TIMEOUT_S, check=False)
    return Interpreter("MicroPython", answer.stdout.strip(), program) if answer.returncode == 0 else None


def cpython() -> Interpreter:
    """The Python that runs this."""
    version = ".".join(map(str, sys.version_info[:3]))
    return Interpreter("CPython", version, Path(sys.executable))


def package_folder(name: str) -> Path:
    """Where one of our packages is, in a checkout or an installed wheel."""
    spec = find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        raise ProcessError(f"the package {name} is not installed: pip install boardpulse")
    return Path(spec.submodule_search_locations[0])


def main_program() -> Path:
    """The firmware's main.py."""
    return board_file("firmware/main.py")


def board_file(name: str) -> Path:
    """What is copied to a board: at the top of a checkout, or what the wheel brings."""
    bridge = package_folder("host_bridge").resolve()
    places = (bridge / BUNDLED / name, bridge.parent / name)
    found = next((place for place in places if place.exists()), None)
    if found is None:
        raise ProcessError(f"{name} is neither of {places[0]} and {places[1]}: install boardpulse again")
    return found


def flash(folder: Path, config: Mapping[str, Any], program: Path | None = None) -> Path:
    """Make `folder` the file system of a board: firmware, main.py and its configuration. Returns main.py.

    Packages are linked, not copied: what runs is the very firmware that a board is given.
    """
    folder.mkdir(parents=True, exist_ok=True)
    contents = {package: package_folder(package).resolve() for package in PACKAGES}
    contents["boards"] = board_file("boards")
    for name, place in contents.items():
        link = folder / name
        if not link.is_symlink():
            link.symlink_to(place, target_is_directory=True)
    main = folder / "main.py"
    main.write_bytes((program or main_program()).read_bytes())
    (folder / "boardpulse.json").write_text(json.dumps(config, indent=2))
    return main


def board(
    name: str, folder: Path, config: Mapping[str, Any], runs_on: Interpreter, program: Path | None = None
) -> Process:
    """A board that is not started yet. `program` replaces main.py, as a user's own application does."""
    main = flash(folder, config, program)
    options = ["-X", f"heapsize={HEAP}"] if runs_on.is_micropython else []
    command = [str(part) for part in (runs_on.program, *options, main, folder / "boardpulse.json")]
    return Process(name, command, folder / "console.log", _environment(folder, runs_on))


def _environment(folder: Path, runs_on: Interpreter) -> dict[str, str]:
    if runs_on.is_micropython:
        return os.environ | {"MICROPYPATH": f".frozen:{folder}"}
    return os.environ | {"PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1", "PYTHONUNBUFFERED": "1"}
