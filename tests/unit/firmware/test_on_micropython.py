"""The firmware on the interpreters that boards have, 64 and 32 bit, the oldest supported and the newest."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from boardpulse_tools.components import WASM_VERSIONS, wasm_module
from tests.support.components import require

ROOT = Path(__file__).parents[3]
FIRMWARE = ROOT / "firmware"
HERE = "tests/unit/firmware"
RUNNER = ROOT / "tests/contract/run_webassembly.mjs"


def output(command: list[str], text: str = "") -> list[str]:
    """What a script printed; it must have succeeded."""
    environment = os.environ | {"MICROPYPATH": f".frozen:{ROOT}:{FIRMWARE}", "PYTHONPATH": f"{ROOT}:{FIRMWARE}"}
    run = subprocess.run(
        command, capture_output=True, text=True, cwd=ROOT, timeout=50, check=False, input=text, env=environment
    )
    assert run.returncode == 0, run.stdout[-4000:] + run.stderr[-4000:]
    return run.stdout.splitlines()


def on_64_bit(script: str) -> list[str]:
    """On MicroPython's unix port."""
    return output([str(require("micropython")), f"{HERE}/{script}"])


def on_32_bit(script: str, version: str, folder: Path, *more: str) -> list[str]:
    """On the build for Node, which finds both packages side by side in `folder`, as they lie on a board. `more` are
    other files of theirs."""
    require("micropython32")
    files = list(more)
    for place, name in ((ROOT, "shared_schema"), (FIRMWARE, "boardpulse")):
        (folder / name).symlink_to(place / name, target_is_directory=True)
        for path in (folder / name).rglob("*.py"):
            if path.name not in ("protocols.py", "manifest.py", "_generated.py"):
                files.append(str(path.relative_to(folder)))
    # A symbolic link is not followed by rglob: its target's files are listed under the link's name.
    for place, name in ((ROOT, "shared_schema"), (FIRMWARE, "boardpulse")):
        files += [str(Path(name) / path.relative_to(place / name)) for path in (place / name).rglob("*.py")]
    (folder / script).write_bytes((ROOT / HERE / script).read_bytes())
    command = [str(require("node")), str(RUNNER), str(wasm_module(version)), str(folder), "8000000", script]
    return output(command, "\n".join(sorted(set(files))))


@pytest.fixture(scope="module")
def promises() -> list[str]:
    """What the script prints on CPython."""
    return output([sys.executable, "-B", f"{HERE}/on_a_board.py"])[:-1]


@pytest.mark.upy
def test_the_promises_hold_on_64_bit(promises: list[str]) -> None:
    """All that hold on CPython."""
    assert on_64_bit("on_a_board.py") == [*promises, "kept on micropython"]


@pytest.mark.upy
@pytest.mark.parametrize("version", WASM_VERSIONS)
def test_the_promises_hold_on_32_bit(promises: list[str], version: str, tmp_path: Path) -> None:
    """All that hold on CPython, from the oldest MicroPython on."""
    assert on_32_bit("on_a_board.py", version, tmp_path) == [*promises, "kept on micropython"]


@pytest.mark.upy
@pytest.mark.parametrize("version", WASM_VERSIONS)
def test_a_cycle_takes_no_heap_on_32_bit(version: str, tmp_path: Path) -> None:
    """A thousand seconds of sampling, framing, writing and reading acknowledgements allocate not one byte."""
    assert on_32_bit("allocation.py", version, tmp_path)[-1] == "bytes_per_cycle 0.0"


@pytest.mark.upy
def test_a_cycle_takes_no_heap_on_64_bit() -> None:
    """The same on the unix port."""
    assert on_64_bit("allocation.py")[-1] == "bytes_per_cycle 0.0"
