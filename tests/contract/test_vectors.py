"""All vectors on every interpreter that boards and bridges use: the same verdicts, the same bytes."""

import json
import os
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from boardpulse_tools.components import WASM_VERSIONS, wasm_module
from tests.contract import make_vectors
from tests.contract.make_vectors import FOLDER
from tests.support.components import require

ROOT = Path(__file__).parents[2]
SCRIPT = "tests/contract/run_vectors.py"
VECTORS = "shared_schema/vectors"
HEAP_BYTES = 8_000_000  # limits.json as a Python object; a board reads no JSON


def finished(command: list[str], **options: str) -> list[str]:
    """What a run of the vectors printed; it must have succeeded."""
    run = subprocess.run(
        command,
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=50,
        check=False,
        input=options.pop("input", None),
        env=os.environ | options,
    )
    assert run.returncode == 0, run.stdout[-4000:] + run.stderr[-4000:]
    return run.stdout.splitlines()


@cache
def on_cpython() -> list[str]:
    """The run on this Python."""
    return finished([sys.executable, "-B", SCRIPT, VECTORS], PYTHONPATH=str(ROOT))


def files_for_a_board() -> str:
    """What the script needs, a path a line."""
    paths = [*ROOT.glob("shared_schema/*.py"), *FOLDER.glob("*.json"), ROOT / "tests/contract/meanings.py"]
    return "\n".join(str(path.relative_to(ROOT)) for path in paths)


def counts() -> dict[tuple[str, str], int]:
    """How many vectors each section of each file has."""
    found = {}
    for path in FOLDER.glob("*.json"):
        for section, vectors in json.loads(path.read_text(encoding="utf-8")).items():
            if section != "about":
                found[path.name, section] = len(vectors)
    return found


def test_every_vector_of_every_file_runs() -> None:
    """The run on CPython has a line for each section of each file, with all of its vectors, and none failed."""
    *sections, total, digest, failed = on_cpython()
    ran = {(name, section): int(count) for name, section, count in map(str.split, sections)}
    assert ran == counts()
    assert total == f"total {sum(counts().values())}"
    assert len(digest.removeprefix("digest ")) == 64
    assert failed == "failed 0"


def test_micropython_64_bit(micropython: Path) -> None:
    """MicroPython's unix port says of each vector what CPython says, and makes the same bytes."""
    command = [str(micropython), "-X", f"heapsize={HEAP_BYTES}", SCRIPT, VECTORS]
    assert finished(command, MICROPYPATH=f"{ROOT}:.frozen") == on_cpython()


@pytest.mark.parametrize("version", WASM_VERSIONS)
def test_micropython_32_bit(version: str, micropython32: Path) -> None:
    """A 32-bit MicroPython, where an int beyond 2**30 is another kind of object, says and makes the same."""
    runner = str(ROOT / "tests/contract/run_webassembly.mjs")
    module = wasm_module(version)
    assert module.is_relative_to(micropython32)
    command = [str(require("node")), runner, str(module), str(ROOT), str(HEAP_BYTES), SCRIPT, VECTORS]
    assert finished(command, input=files_for_a_board()) == on_cpython()


def test_a_failing_vector_fails_the_run(tmp_path: Path) -> None:
    """The runner itself is no rubber stamp: a changed byte, a changed meaning and a changed reason each fail."""
    for path in FOLDER.glob("*.json"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    damage(tmp_path / "up.json", '"uptime": 0, "wire": 1', '"uptime": 1, "wire": 1')
    damage(tmp_path / "down.json", '"hex": "830819303917"', '"hex": "830819303916"')
    damage(tmp_path / "invalid.json", '"reason": "cbor"', '"reason": "schema"')
    damage(tmp_path / "uart.json", '["bad", "crc"]', '["bad", "framing"]')
    run = subprocess.run(
        [sys.executable, "-B", SCRIPT, str(tmp_path)],
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=50,
        check=False,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )
    assert run.returncode == 1
    assert run.stdout.splitlines()[-1] == "failed 4"


def damage(path: Path, old: str, new: str) -> None:
    """Change the first place where `old` stands."""
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_files_are_what_their_sources_say() -> None:
    """Nobody edits the files by hand, and nobody forgets to write them."""
    assert make_vectors.stale() == []


def test_names_are_unique_and_explained() -> None:
    """A vector is found by its name, in all files together, and says why it is there."""
    names = []
    for path in FOLDER.glob("*.json"):
        for section, vectors in json.loads(path.read_text(encoding="utf-8")).items():
            if section != "about":
                names += [vector["name"] for vector in vectors]
                assert all(vector.get("why") or path.name == "topics.json" for vector in vectors)
    assert sorted(names) == sorted(set(names))
    assert {"hello_minimal", "samples_single", "uart_hello_minimal"} <= set(names)
