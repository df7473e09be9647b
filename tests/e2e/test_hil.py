"""`make hil` against boards that are emulated by MicroPython's unix port, 64 bit; no silicon is involved."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from boardpulse_tools.cable import Cable
from boardpulse_tools.processes import wait_until
from boardpulse_tools.upy_board import UpyBoard
from tests.hil.run import CHECKS, Options
from tests.support.components import require
from tests.support.hil import ROOT, TcpPort, hil, hil_here
from tests.support.line import Board

pytestmark = pytest.mark.upy

FEW = ("--frames", "40", "--interval", "50")
# The unix port has none of these; whatever else a check needs it has.
NOT_ON_UNIX = {"has network", "has Pin", "has ADC"}
# About what 100 KB are on a 32-bit board, whose objects take half as much.
SMALL_HEAP = "200K"
WAIT_S = 5.0
NO_IOBASE = """
import io, sys
class Io:
    BytesIO, StringIO, open = io.BytesIO, io.StringIO, open
sys.modules["io"] = Io
"""
X64 = 2822  # sys.implementation._mpy of the interpreter that stands behind it


@pytest.fixture(autouse=True)
def interpreter() -> None:
    """MicroPython's unix port."""
    require("micropython")


@pytest.fixture
def cable() -> Iterator[Cable]:
    """The line to the UART of the board's own."""
    with Cable() as one:
        yield one


def files_of(board: UpyBoard) -> dict[str, bytes]:
    """The files on a board whose flash is a folder."""
    return {str(path.relative_to(board.root)): path.read_bytes() for path in board.root.rglob("*") if path.is_file()}


def test_every_check_passes_on_the_unix_port(tmp_path: Path, cable: Cable) -> None:
    """All but those of hardware that it has not; what was on the board is there afterwards, and main.py runs again."""
    with UpyBoard(tmp_path / "board") as board:
        (board.root / "main.py").write_text("print('main.py', 'runs')\n")
        (board.root / "boardpulse.json").write_text("{}")
        before = files_of(board)
        link = json.dumps({"path": cable.board_port})
        done = hil(tmp_path, board.port, *FEW, "--second-port", cable.bridge_port, "--second-link", link)
        assert done.code == 0, done.output
        assert done.having("FAIL") == set()
        assert done.having("SKIP") == NOT_ON_UNIX
        assert list(done.results) == list(CHECKS)
        assert files_of(board) == before
        wait_until(lambda: b"main.py runs" in board.console.rpartition(b"soft reboot")[2], WAIT_S, "main.py")
    said, _, table = done.output.partition("CHECK")
    assert "nothing else on the flash is touched" in said
    assert table.count("PASS") == len(CHECKS) - len(NOT_ON_UNIX)


def test_a_small_board_without_a_writable_flash_runs_from_memory(tmp_path: Path) -> None:
    """Of a MicroPython that no folder of boards/ is for, what every MicroPython has is tested, and all of it passes."""
    identity = ("micropython", (1, 24, 0), "Something with STM32F405", X64)
    with UpyBoard(tmp_path / "board", flash="fat", read_only=True, heap=SMALL_HEAP, identity=identity) as board:
        done = hil(tmp_path, board.port, *FEW, "--board", "generic", "--json")
    assert done.code == 0, done.output
    assert json.loads(done.output[done.output.index("{") :].partition("\n}")[0] + "\n}") == done.report
    lacks = NOT_ON_UNIX | {"known board", "writable flash", "frames on SECOND_PORT"}
    assert done.having("SKIP") == lacks
    assert done.having("FAIL") == set()
    assert "OSError: 30" in done.row("writable flash")["why"]
    assert "RAM file system" in done.report["wrote"]


def test_a_board_behind_a_socket(tmp_path: Path) -> None:
    """The port may be elsewhere, and the flash may be spared, also on a MicroPython without io.IOBase."""
    with UpyBoard(tmp_path / "board") as board, TcpPort(board.port) as port:
        (board.root / "boot.py").write_text(NO_IOBASE)
        before = files_of(board)
        done = hil_here(Options(port.url, frames=40, interval_ms=50, in_memory=True))
        assert files_of(board) == before
    assert done.code == 0, done.output
    assert done.report["port"] == port.url
    assert done.having("FAIL") == set()


def test_a_board_that_never_answers_is_told_so() -> None:
    """Within seconds, in a sentence that says what to do; the exit code is the flash tool's for ports."""
    silent = Board()
    done = hil_here(Options(silent.path))
    silent.close()
    assert done.code == 4
    assert done.having("FAIL") == {"answers"}
    assert "does not answer as MicroPython does" in done.row("answers")["why"]
    assert done.report["seconds"] < 15
    assert done.having("SKIP") == set(CHECKS) - {"answers"}


def test_a_node_that_falls_fails_the_run(tmp_path: Path) -> None:
    """With what the board printed: a heap that is too small for the firmware says so."""
    with UpyBoard(tmp_path / "board", heap="96K") as board:
        done = hil_here(Options(board.port, frames=20))
        assert files_of(board) == {}
    assert done.code == 1
    assert done.having("FAIL") == {"hello"}
    assert "memory" in done.row("hello")["why"]


def test_a_cable_that_is_pulled_out_ends_the_run(tmp_path: Path) -> None:
    """At once, and the report says what is left on the board; the next run takes it away."""
    with UpyBoard(tmp_path / "board") as board:
        board.pull_after(30_000)
        done = hil_here(Options(board.port))
        assert done.code == 4
        assert done.having("FAIL") == {"deployed", "left as found"}
        assert "cable was pulled out" in done.row("deployed")["why"]
        assert "bp_hil may still be there" in done.row("left as found")["why"]
        assert files_of(board) != {}
        board.plug()
        done = hil_here(Options(board.port, frames=20, interval_ms=50))
        assert done.code == 0
        assert files_of(board) == {}


@pytest.mark.parametrize(
    ("module", "check", "says", "rest"),
    [
        (
            "select",
            "frames on the prompt's line",
            "no select.poll of sys.stdin",
            "frames cannot share the prompt's line",
        ),
        ("time", "modules of the firmware", "no time.ticks_ms", "the firmware cannot run on this MicroPython"),
    ],
)
def test_what_a_micropython_lacks_is_told(tmp_path: Path, module: str, check: str, says: str, rest: str) -> None:
    """Everything that needs it is skipped for this reason; nothing is written, and nothing is claimed."""
    with UpyBoard(tmp_path / "board") as board:
        (board.root / "boot.py").write_text(f"import sys\nsys.modules['{module}'] = object()\n")
        done = hil_here(Options(board.port))
        assert set(files_of(board)) == {"boot.py"}
    assert done.code == 1
    assert done.having("FAIL") == set()
    assert says in done.row(check)["why"]
    assert done.row("ledger")["why"] == rest
    assert done.report["passed"] is False


def test_make_hil_asks_for_a_port() -> None:
    """`make hil` alone says how it is called."""
    done = subprocess.run(["make", "hil"], cwd=ROOT, capture_output=True, text=True, timeout=20, check=False)
    assert done.returncode == 2
    assert "make hil PORT=/dev/ttyACM0" in done.stdout
