"""What goes to a board: manifest.py and package.json name all that it imports, and that much runs on MicroPython."""

import ast
import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
SCHEMA = ROOT / "shared_schema"

# What a board does: write a frame, seal it, read a command.
PROBE = """
from shared_schema import batches, encode, framing
from shared_schema.cbor import Writer
from shared_schema.cbor_reader import loads
from shared_schema.commands import parse_down
w = Writer(bytearray(80), framing.LEAD)
encode.begin_samples(w, 1, encode.boot_bytes(12345), 0)
w.split_uint(0, 5000)
w.uint(0)
w.uint(0)
batches.times(w, [0], 1, 1000)
batches.column(w, [2150], 1)
end = framing.seal(w.buf, framing.LEAD, w.pos)
frame = framing.Deframer(64).feed(bytes(w.buf[:end]))[0][1]
print(frame == bytes([0x88, 2, 0x19, 0x30, 0x39, 0, 0x19, 0x13, 0x88, 0, 0, 1, 0x19, 8, 0x66]))
print(parse_down(loads(bytes([0x83, 8, 0x19, 0x30, 0x39, 5]))).following)
"""


def in_manifest() -> list[str]:
    """The files that manifest.py gives to MicroPython's build."""
    found: list[str] = []

    def package(name: str, files: tuple[str, ...], **options: Any) -> None:
        assert (name, options) == ("shared_schema", {"base_path": "..", "opt": 3})
        found.extend(files)

    source = (SCHEMA / "manifest.py").read_text(encoding="utf-8")
    exec(compile(source, "manifest.py", "exec"), {"package": package, "metadata": lambda **_: None})
    return found


def imported(path: Path) -> set[str]:
    """The modules of shared_schema that a file imports, as file names."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module == "shared_schema":
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("shared_schema."):
            names.add(str(node.module).split(".")[1])
    return {f"{name}.py" for name in names}


def test_the_manifest_is_complete() -> None:
    """Each module that a listed one or the firmware imports is listed."""
    files = in_manifest()
    firmware = [*(ROOT / "firmware").rglob("*.py"), *(ROOT / "boards").rglob("*.py")]
    needed: set[str] = set().union(*[imported(SCHEMA / name) for name in files], *map(imported, firmware))
    assert needed <= set(files)
    assert all((SCHEMA / name).exists() for name in files)


def test_package_json_names_the_same_files() -> None:
    """Installed by mip or frozen, a board has the same modules."""
    urls = json.loads((SCHEMA / "package.json").read_text(encoding="utf-8"))["urls"]
    assert [source for _, source in urls] == in_manifest()
    assert [target for target, _ in urls] == [f"shared_schema/{name}" for name in in_manifest()]


def test_those_files_alone_run_on_a_board(micropython: Path, tmp_path: Path) -> None:
    """With nothing but the listed modules, MicroPython writes a frame and reads a command in a heap of 64 KB."""
    (tmp_path / "shared_schema").mkdir()
    for name in in_manifest():
        shutil.copy(SCHEMA / name, tmp_path / "shared_schema" / name)
    (tmp_path / "probe.py").write_text(PROBE, encoding="utf-8")
    run = subprocess.run(
        [str(micropython), "-X", "heapsize=64wK", "probe.py"],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        timeout=50,
        check=False,
    )
    assert run.stdout.split() == ["True", "5"], run.stdout + run.stderr
