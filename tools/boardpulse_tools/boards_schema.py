"""The reader of boards/<name>/board.toml, the one place that knows what stands in it.

Adding a board adds a folder with board.py, board.toml and wiring.md, and changes nothing else.
"""

import ast
import re
import tomllib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

PORTS = ("esp32", "rp2", "stm32", "unix", "linux")
# What mpy-cross -march takes, for the chips of these ports.
ARCHITECTURES = ("armv6m", "armv7m", "armv7emsp", "armv7emdp", "xtensa", "xtensawin", "rv32imc", "x64")
LINKS = ("uart", "mqtt")
FILESYSTEMS = ("littlefs2", "fat", "posix", "none")
TEMPLATE = "_template"
SHARED = "_ports"  # what boards of a port have in common

_NAME = re.compile(r"[a-z_][a-z0-9_]{0,31}")
_USB = re.compile(r"[0-9a-f]{4}:[0-9a-f]{4}")


class BoardFileError(Exception):
    """A board.toml that cannot be used. The message names the file, each field that is wrong, and what is right."""


@dataclass(frozen=True, slots=True)
class BoardFile:
    """What a board.toml says."""

    name: str
    """The folder's name."""
    description: str
    """One line for people."""
    port: str
    """MicroPython's name for the port."""
    chip: str
    """The microcontroller, as its maker writes it, in lower case."""
    mpy_arch: str
    """What mpy-cross -march takes. Only native code depends on it."""
    repl_uart: str
    """The UART that the REPL is on; empty where it is on USB only, or is the terminal."""
    links: tuple[str, ...]
    """The links that it can use."""
    default_link: str
    """The link of a board that was told nothing."""
    heap_bytes: int
    """MicroPython's heap when nothing was loaded. Where a linker script or nobody's measurement is the source, the file
    says so. 0 under CPython."""
    heap_budget_bytes: int
    """What boardpulse may take of it, its outbox not counted."""
    filesystem: str
    """What the board's flash is formatted with by MicroPython."""
    detect: tuple[str, ...] = ()
    """Parts of sys.implementation._machine that tell the board. The longest that matches, of any board, wins."""
    usb: tuple[str, ...] = ()
    """vendor:product in hex of the USB devices that may be this board, its debugger or its serial converter."""


Check = Callable[[Any], str]


def read_board(folder: Path) -> BoardFile:
    """The board.toml in a folder. BoardFileError when it cannot be read, or with all that is wrong in it."""
    path = folder / "board.toml"
    try:
        raw = tomllib.loads(path.read_text())
    except OSError as error:
        raise BoardFileError(f"{path}: cannot be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BoardFileError(f"{path}: is no TOML: {error}") from error
    problems = list(_problems(raw, folder.name))
    if problems:
        raise BoardFileError("\n".join(f"{path}: {problem}" for problem in problems))
    values: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in raw.items()}
    return BoardFile(**values)


def read_boards(root: Path) -> list[BoardFile]:
    """All boards below boards/, by name, without the template. BoardFileError lists what is wrong with any of them."""
    boards, errors = [], []
    for folder in sorted(path.parent for path in root.glob("*/board.toml")):
        try:
            boards.append(read_board(folder))
        except BoardFileError as error:
            errors.append(str(error))
    if errors:
        raise BoardFileError("\n".join(errors))
    return [board for board in boards if board.name != TEMPLATE]


def shared_modules(program: Path) -> set[Path]:
    """The modules of boards/_ports that a board.py imports, and those that they do."""
    shared = program.parents[1] / SHARED
    return _shared_by(program, shared)


def find_board(boards: Iterable[BoardFile], machine: str) -> BoardFile | None:
    """The board that says `machine` of itself (sys.implementation._machine); None for an unknown one."""
    matches = [(len(part), board.name, board) for board in boards for part in board.detect if part in machine]
    return max(matches)[2] if matches else None


def _shared_by(program: Path, shared: Path) -> set[Path]:
    found: set[Path] = set()
    for node in ast.walk(ast.parse(program.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module == f"boards.{SHARED}":
            found |= {shared / f"{alias.name}.py" for alias in node.names}
    return found.union(*[_shared_by(path, shared) for path in found])


def _problems(raw: dict[str, Any], folder: str) -> Iterator[str]:
    for field in fields(BoardFile):
        if field.name not in raw:
            if field.default != ():
                yield f"{field.name} is missing; it should be {_RULES[field.name](None)}"
            continue
        wrong = _RULES[field.name](raw[field.name])
        if wrong:
            yield f"{field.name} is {raw[field.name]!r}; it should be {wrong}"
    for name in sorted(set(raw) - set(_RULES)):
        yield f"{name} is no field; there are {', '.join(_RULES)}"
    yield from _contradictions(raw, folder)


def _contradictions(raw: dict[str, Any], folder: str) -> Iterator[str]:
    """What is wrong between fields, and between the file and its folder."""
    if isinstance(raw.get("name"), str) and raw["name"] != folder:
        yield f"name is {raw['name']!r}; it should be the folder's name, {folder!r}"
    links, default = raw.get("links"), raw.get("default_link")
    if isinstance(links, list) and default in LINKS and default not in links:
        yield f"default_link is {default!r}; it should be one of links: {', '.join(map(str, links))}"
    heap, budget = raw.get("heap_bytes"), raw.get("heap_budget_bytes")
    if type(heap) is int and type(budget) is int and budget > heap:
        yield f"heap_budget_bytes is {budget}; it should be at most heap_bytes, {heap}"


def _text(value: Any) -> str:
    return "" if isinstance(value, str) and 0 < len(value) <= 120 else "a text of 1 to 120 characters"


def _name(value: Any) -> str:
    return "" if isinstance(value, str) and _NAME.fullmatch(value) else "1 to 32 of a-z 0-9 _, no digit first"


def _uart(value: Any) -> str:
    return "" if isinstance(value, str) and len(value) <= 8 else 'the number of a UART as a text, or "" for none'


def _bytes(value: Any) -> str:
    return "" if type(value) is int and 0 <= value < 1 << 32 else "a number of bytes, 0 to 4294967295"


def _one_of(choices: tuple[str, ...]) -> Check:
    return lambda value: "" if value in choices else f"one of {', '.join(choices)}"


def _list_of(right: Callable[[str], bool], what: str, least: int = 0) -> Check:
    def check(value: Any) -> str:
        whole = isinstance(value, list) and len(value) >= least and len(value) == len(set(map(str, value)))
        return "" if whole and all(isinstance(one, str) and right(one) for one in value) else what

    return check


_RULES: dict[str, Check] = {
    "name": _name,
    "description": _text,
    "port": _one_of(PORTS),
    "chip": _text,
    "mpy_arch": _one_of(ARCHITECTURES),
    "repl_uart": _uart,
    "links": _list_of(LINKS.__contains__, f"a list of links, each once, of {', '.join(LINKS)}", least=1),
    "default_link": _one_of(LINKS),
    "heap_bytes": _bytes,
    "heap_budget_bytes": _bytes,
    "filesystem": _one_of(FILESYSTEMS),
    "detect": _list_of(lambda part: len(part) >= 3, "a list of parts of sys.implementation._machine, each once"),
    "usb": _list_of(lambda one: bool(_USB.fullmatch(one)), 'a list of "vid:pid" in four hex digits each, lower case'),
}
