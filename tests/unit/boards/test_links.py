"""A board's UART as links.uart wants it, what of a link its check refuses, and whole nodes: against fakes."""

import json
from typing import Any

import pytest

from boardpulse_tools.boards_schema import BoardFile
from tests.unit.boards.folders import FOLDER, ON_MICROPYTHON, microcontrollers, names, said_by
from tests.unit.boards.test_composition import IDS, has_radio

BOARDS = microcontrollers()
each_board = pytest.mark.parametrize("board", BOARDS, ids=names(BOARDS))

# UART and pins as wiring.md says; STM32's UARTs have theirs. The NUCLEO-L476RG has none to spare: here it has a build
# of its own, with UART 4.
UARTS: dict[str, tuple[Any, ...]] = {
    "esp32_generic": (1, 33, 32),
    "esp32_s2": (1, 17, 18),
    "esp32_s3": (1, 17, 18),
    "esp32_c3": (1, 4, 5),
    "esp32_c6": (1, 18, 19),
    "_template": (1, 17, 18),
    "rpi_pico": (0, 0, 1),
    "rpi_pico_w": (0, 0, 1),
    "pyboard_v11": (4,),
    "nucleo_f446re": (6,),
    "nucleo_f767zi": (6,),
    "nucleo_h743zi": (6,),
    "nucleo_l476rg": (4,),
    "nucleo_wb55": ("LP1",),
}
LONGEST_WAIT_MS = {"esp32": 0, "rp2": 0, "stm32": 64 * 10000 / 115200 + 0.01}


def said(board: BoardFile, micropython: bool = False) -> Any:
    """What run_link.py prints."""
    own = "4" if board.name == "nucleo_l476rg" else "0"
    return said_by(board.name, "run_link.py", own, micropython=micropython)


@each_board
def test_the_uart_is_the_one_of_wiring_md(board: BoardFile) -> None:
    """`id` 0 is the board's own; a 256 byte command fits its receive buffer, and reading never waits."""
    stream = said(board)["stream"]
    settings = stream["settings"]
    pins = tuple(settings[name] for name in ("tx", "rx") if name in settings)
    assert (stream["number"], *pins) == UARTS[board.name]
    assert settings["rxbuf"] >= 512
    assert settings["timeout"] == 0


@each_board
def test_every_uart_is_in_the_boards_wiring_md(board: BoardFile) -> None:
    """Who wires it reads the same numbers."""
    text = (FOLDER / board.name / "wiring.md").read_text()
    number, *pins = UARTS[board.name]
    if board.name != "nucleo_l476rg":
        assert f"UART {number}" in text
    assert all(f"| {pin} " in text for pin in pins)


@each_board
def test_a_write_waits_no_longer_than_the_port_forces_it_to(board: BoardFile) -> None:
    """Not at all with a transmit buffer; for 64 bytes at a time on STM32, with a pause after each for other tasks."""
    stream = said(board)["stream"]
    assert stream["longest_ms"] <= LONGEST_WAIT_MS[board.port]
    assert stream["together_ms"] <= LONGEST_WAIT_MS[board.port]
    assert stream["refused"] > 0


@each_board
def test_all_bytes_arrive_in_order(board: BoardFile) -> None:
    """However they were cut; and the line is busy for most of the time."""
    stream = said(board)["stream"]
    assert stream["same"] is True
    assert stream["took_ms"] < 1.5 * stream["line_ms"]


@each_board
def test_reading_returns_what_is_there(board: BoardFile) -> None:
    """None for nothing, what fits, the rest; closing lets go."""
    stream = said(board)["stream"]
    assert (stream["nothing"], stream["first"], stream["rest"], stream["open"]) == (None, 3, 2, False)


@each_board
def test_a_uart_that_is_not_there_is_an_oserror(board: BoardFile) -> None:
    """Which the link reports and tries again, instead of an exception that ends it."""
    assert said(board)["refusal"].startswith("UART 14: ")


@each_board
def test_what_of_a_link_makes_no_sense_is_refused(board: BoardFile) -> None:
    """A path, pins on STM32, a broker or Wi-Fi without a network. No secret is repeated."""
    problems = said(board)["problems"]
    where = {name: [problem[0] for problem in found] for name, found in problems.items()}
    radio = has_radio(board)
    assert where == {
        "path": ["link.path"],
        "pins": ["link.tx", "link.rx"] if board.port == "stm32" else [],
        "wifi": [] if radio else ["wifi"],
        "repl": [],
        "mqtt": ["wifi"] if radio else [] if "mqtt" in board.links else ["link.type"],
        "mqtt_wifi": [] if "mqtt" in board.links else ["link.type"],
    }
    assert "plant" not in json.dumps(problems)


@each_board
def test_a_node_runs_on_it(board: BoardFile) -> None:
    """boardpulse.start() with a configuration of two lines: hello and samples come out of the UART, and no sensor
    fails."""
    node = said(board)["node"]
    assert node["device_id"] == IDS[board.port]
    assert node["platform"] == board.port
    assert node["info"] == [board.name, f"a board with {board.chip.upper()}"]
    assert node["reset_cause"] == 1
    assert node["anchor"][0] == 1770000000
    assert node["samples"] > 10
    assert ("wifi" in node["sensors"]) is has_radio(board)
    assert node["events"] == []


@each_board
def test_what_the_start_needed_can_be_forgotten(board: BoardFile) -> None:
    """Nothing that stays refers to the composition: no sensor, no link, not the node."""
    assert said_by(board.name, "run_forget.py") == []


@pytest.mark.upy
@pytest.mark.parametrize("name", ON_MICROPYTHON)
def test_micropython_says_the_same(name: str) -> None:
    """The same links and node on MicroPython's unix port; how many samples fall into the time differs."""
    (board,) = [one for one in BOARDS if one.name == name]
    ours, theirs = said(board), said(board, micropython=True)
    assert theirs["node"].pop("samples") > 10
    assert theirs == {**ours, "node": {key: value for key, value in ours["node"].items() if key != "samples"}}
