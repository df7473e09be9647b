"""The wheel carries all that a user needs, each thing in its place, and nothing else."""

import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
DATA = "host_bridge/_bundled"

# Folder of the checkout → folder of the wheel; the more special first.
PLACES = {
    "firmware/boardpulse": "boardpulse",
    "tools/boardpulse_tools": "boardpulse_tools",
    "host_bridge": "host_bridge",
    "shared_schema": "shared_schema",
    "firmware": f"{DATA}/firmware",
    "boards": f"{DATA}/boards",
}


def place(name: str) -> str:
    """Where a file of the checkout belongs in the wheel."""
    folder = next(folder for folder in PLACES if name.startswith(f"{folder}/"))
    return PLACES[folder] + name.removeprefix(folder)


def compiled_or_cached(path: Path) -> bool:
    """Whether a tool left this file beside our own."""
    return path.suffix == ".mpy" or any(part == "__pycache__" or part.endswith("_cache") for part in path.parts)


def shipped_files() -> set[str]:
    """The files of the shipped folders that are ours."""
    files = (path.relative_to(ROOT) for folder in PLACES for path in (ROOT / folder).rglob("*") if path.is_file())
    return {path.as_posix() for path in files if not compiled_or_cached(path)}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[zipfile.ZipFile]:
    """The wheel of this checkout."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    with zipfile.ZipFile(next(folder.glob("*.whl"))) as archive:
        yield archive


def test_wheel_carries_packages_firmware_and_boards_in_place(wheel: zipfile.ZipFile) -> None:
    """Packages are importable from the top, and what is copied to a board lies below host_bridge/_bundled."""
    shipped = {name for name in wheel.namelist() if ".dist-info/" not in name}
    assert shipped == {place(name) for name in shipped_files()}


def test_wheel_installs_one_command(wheel: zipfile.ZipFile) -> None:
    """Whatever can be done is below `boardpulse`."""
    (entry_points,) = (name for name in wheel.namelist() if name.endswith("/entry_points.txt"))
    assert wheel.read(entry_points).decode().split("\n", 1)[1].strip() == "boardpulse = host_bridge.__main__:main"


def test_wheel_carries_the_licence(wheel: zipfile.ZipFile) -> None:
    """MIT asks that its text goes with every copy."""
    assert any(name.endswith("/licenses/LICENSE") for name in wheel.namelist())
