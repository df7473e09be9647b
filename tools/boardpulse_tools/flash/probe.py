"""What is at the other end: is it MicroPython, new enough, and which of our boards?"""

import ast
from collections.abc import Sequence
from dataclasses import dataclass

from boardpulse_tools.boards_schema import BoardFile, find_board
from boardpulse_tools.flash.board_code import PROBE
from boardpulse_tools.flash.errors import BoardError
from boardpulse_tools.flash.transport import Session

OLDEST = (1, 24)
MPY_VERSION = 6
# MicroPython's tools/mpy-tool.py: bits 10 to 13 of _mpy.
MPY_ARCHITECTURES = (
    None, "x86", "x64", "armv6", "armv6m", "armv7m", "armv7em", "armv7emsp", "armv7emdp", "xtensa", "xtensawin",
    "rv32imc", "rv64imc",
)  # fmt: skip
# sys.platform where it is not the name of the port.
PORTS = {"pyboard": "stm32", "linux": "unix", "darwin": "unix"}
DOWNLOAD = "https://micropython.org/download"


@dataclass(frozen=True, slots=True)
class Facts:
    """What a board says of itself. `root` and `lib` are folders without a slash at their end."""

    name: str
    version: tuple[int, ...]
    machine: str
    mpy: int
    platform: str
    root: str
    lib: str
    hashes: bool
    block_bytes: int
    free_blocks: int

    @property
    def version_text(self) -> str:
        """1.29.0"""
        return ".".join(map(str, self.version))

    @property
    def arch(self) -> str | None:
        """What mpy-cross -march takes for it; None where it runs bytecode only."""
        number = self.mpy >> 10 & 15
        return MPY_ARCHITECTURES[number] if number < len(MPY_ARCHITECTURES) else None


def probe(session: Session) -> Facts:
    """Ask the board. BoardError when it is none that can be flashed."""
    try:
        answer = ast.literal_eval(session.run(PROBE).strip())
        name, version, machine, mpy, platform, root, libs, hashes, block, free = answer
    except (ValueError, SyntaxError, TypeError) as error:
        raise BoardError(f"What is at {session.port} answers strangely: is it MicroPython?") from error
    facts = Facts(name, version, machine, mpy, platform, root.rstrip("/"), (libs or [""])[0], hashes, block, free)
    _check(facts, session.port)
    return facts


def _check(facts: Facts, port: str) -> None:
    if facts.name != "micropython":
        raise BoardError(
            f"{port} runs {facts.name} {facts.version_text}, not MicroPython. Install MicroPython {_oldest()} or newer "
            f"from {DOWNLOAD}"
        )
    if facts.version < OLDEST:
        raise BoardError(
            f"{port} runs MicroPython {facts.version_text}, which is too old: {_oldest()} is needed. Install a newer "
            f"one, which keeps your files on most boards: {DOWNLOAD}"
        )
    if facts.mpy & 0xFF != MPY_VERSION:
        raise BoardError(
            f"This MicroPython {facts.version_text} loads .mpy files of version {facts.mpy & 0xFF}, and ours are of "
            f"version {MPY_VERSION}. Install a release from {DOWNLOAD}"
        )
    if not facts.lib:
        raise BoardError(
            "The board looks for modules in no folder lib, so that nothing can be installed on it: its flash is not "
            "mounted. A reset, or MicroPython installed anew, brings it back."
        )


def _oldest() -> str:
    return ".".join(map(str, OLDEST))


def identify(facts: Facts, boards: Sequence[BoardFile], wanted: str | None) -> BoardFile:
    """The folder of boards/ for it. BoardError lists what fits where that is not one."""
    by_name = {board.name: board for board in boards}
    if wanted is not None:
        if wanted not in by_name:
            raise BoardError(f"There is no board {wanted}. There are: {', '.join(by_name)}")
        return by_name[wanted]
    found = find_board(boards, facts.machine)
    if found is not None:
        return found
    port = PORTS.get(facts.platform, facts.platform)
    fits = [board.name for board in boards if board.port == port]
    if port == "unix" and fits:  # the machine itself: there is nothing to tell apart
        return by_name[fits[0]]
    listed = f"These are made for its port, {port}: {', '.join(fits)}" if fits else f"There are: {', '.join(by_name)}"
    raise BoardError(
        f"The board says that it is {facts.machine!r}, which is none that we know. {listed}. Choose one with --board "
        "NAME, or make a folder for it: boards/_template"
    )


def warns(facts: Facts, board: BoardFile) -> str | None:
    """What to tell where the chosen board is for another port than this one."""
    port = PORTS.get(facts.platform, facts.platform)
    if board.port in (port, "linux") or port not in {"unix", "esp32", "rp2", "stm32"}:
        return None
    return f"{board.name} is made for the port {board.port}, and this board's is {port}"
