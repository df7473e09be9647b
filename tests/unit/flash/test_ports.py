"""Ports and boards are told apart, and what cannot be used is a sentence."""

import errno
from collections.abc import Sequence
from pathlib import Path

import pytest
from serial.tools import list_ports
from serial.tools.list_ports_common import ListPortInfo

from boardpulse_tools.boards import board_file
from boardpulse_tools.boards_schema import read_boards
from boardpulse_tools.flash.errors import BoardError, PortError, SilentError
from boardpulse_tools.flash.ports import Candidate, candidates, choose, why_not_open
from boardpulse_tools.flash.probe import Facts, identify, warns
from boardpulse_tools.flash.report import Result, table
from boardpulse_tools.flash.transport import script_error
from boardpulse_tools.flash.verify import Heard

BOARDS = read_boards(board_file("boards"))
PICO = Candidate("/dev/ttyACM0", "Board in FS mode", "2e8a:0005", ("rpi_pico",))
OTHER = Candidate("/dev/ttyUSB0", "GPS", "1234:5678", ())


def facts(machine: str, platform: str = "rp2") -> Facts:
    """What a board says of itself."""
    return Facts("micropython", (1, 29, 0), machine, 0x306 | 4 << 10, platform, "", "/lib", True, 512, 100)


def port(device: str, vid: int | None, pid: int | None) -> ListPortInfo:
    """As pyserial lists it."""
    info = ListPortInfo(device)
    info.vid, info.pid, info.description = vid, pid, "something"
    return info


def test_ports_are_named_by_their_usb_ids(monkeypatch: pytest.MonkeyPatch) -> None:
    """Boards first; what is not on USB is none."""
    found = [port("/dev/ttyS0", None, None), port("/dev/ttyACM3", 0x1234, 1), port("/dev/ttyACM9", 0x2E8A, 5)]
    monkeypatch.setattr(list_ports, "comports", lambda: found)
    first, second = candidates(BOARDS)
    assert (first.device, first.usb) == ("/dev/ttyACM9", "2e8a:0005")
    assert {"rpi_pico", "rpi_pico_w"} <= set(first.boards)
    assert (second.device, second.boards) == ("/dev/ttyACM3", ())


@pytest.mark.parametrize(
    ("wanted", "found", "chosen"),
    [("/dev/x", [PICO], "/dev/x"), (None, [PICO], PICO.device), (None, [OTHER, PICO], PICO.device)],
)
def test_the_port_that_is_meant(wanted: str | None, found: Sequence[Candidate], chosen: str) -> None:
    """The one that is named, else the only one that may be a board."""
    assert choose(wanted, found) == chosen


def test_no_port_and_too_many_are_told() -> None:
    """With what to do."""
    with pytest.raises(PortError, match="carries data"):
        choose(None, [])
    with pytest.raises(PortError, match=r"(?s)Which board.*/dev/ttyACM0.*/dev/ttyACM1"):
        choose(None, [PICO, Candidate("/dev/ttyACM1", "", "2e8a:0005", ("rpi_pico",))])


@pytest.mark.parametrize(
    ("number", "says"),
    [
        (errno.EBUSY, "in use by another program"),
        (errno.EAGAIN, "in use by another program"),
        (errno.EACCES, "sudo usermod -a -G"),
        (errno.ENOENT, "There is no board at"),
        (errno.EINVAL, "cannot be opened"),
    ],
)
def test_a_port_that_does_not_open_is_explained(number: int, says: str, tmp_path: Path) -> None:
    """By the error of the operating system."""
    error = why_not_open(str(tmp_path), OSError(number, "why"))
    assert says in str(error)
    assert error.exit_code == 4


def test_a_board_is_known_by_what_it_says() -> None:
    """The longest that matches wins; --board overrides."""
    assert identify(facts("Raspberry Pi Pico W with RP2040"), BOARDS, None).name == "rpi_pico_w"
    assert identify(facts("Raspberry Pi Pico with RP2040"), BOARDS, None).name == "rpi_pico"
    assert identify(facts("Raspberry Pi Pico with RP2040"), BOARDS, "rpi_pico_w").name == "rpi_pico_w"


def test_an_unknown_board_is_told_what_fits() -> None:
    """Those of its port, else all."""
    with pytest.raises(BoardError, match=r"for its port, rp2: rpi_pico, rpi_pico_w\. Choose one with --board"):
        identify(facts("Strange board with RP2040"), BOARDS, None)
    with pytest.raises(BoardError, match=r"There are: .*unix"):
        identify(facts("Strange board", "strange"), BOARDS, None)
    with pytest.raises(BoardError, match="There is no board pico"):
        identify(facts("x"), BOARDS, "pico")


def test_a_board_of_another_port_is_warned_of() -> None:
    """It is still done: somebody said --board."""
    by_name = {board.name: board for board in BOARDS}
    assert warns(facts("x"), by_name["rpi_pico"]) is None
    assert warns(facts("x"), by_name["esp32_c3"]) == "esp32_c3 is made for the port esp32, and this board's is rp2"


def test_native_code_is_for_the_chip() -> None:
    """From the bits of _mpy."""
    assert facts("x").arch == "armv6m"


def test_an_error_on_the_board_keeps_its_number() -> None:
    """With and without a name, as ports print it; the traceback is not repeated."""
    for last in ("OSError: [Errno 28] ENOSPC", "OSError: 28"):
        error = script_error(f"Traceback (most recent call last):\n  File x, secret\n{last}\n")
        assert (error.errno, str(error)) == (28, f"The board says: {last}")
    assert script_error("ValueError: x").errno == 0


def test_the_table_has_a_line_for_each_board() -> None:
    """With the first sentence of what went wrong."""
    good = Result("/dev/a", "flashed", "unix", "kiln", verified="its hello came over this line")
    bad = Result("/dev/b", error="You may not open /dev/b. Join its group")
    _, first, second = table([good, bad]).splitlines()
    assert first.split()[:4] == ["/dev/a", "unix", "kiln", "flashed"]
    assert second.endswith("You may not open /dev/b")


def test_what_the_board_printed_is_shown_at_its_end() -> None:
    """Eight lines are enough for a traceback."""
    assert Heard().said() == ""
    shown = Heard(None, [str(n) for n in range(20)]).said()
    assert shown.splitlines()[-1] == "  19"
    assert len(shown.splitlines()) == 2 + 8
    assert SilentError("x").exit_code == 1
