"""What a board is composed of, against fakes of its port's modules: on CPython all boards, on MicroPython some."""

from typing import Any

import pytest

from boardpulse_tools.boards_schema import BoardFile
from shared_schema._generated import METRICS
from tests.unit.boards.folders import ON_MICROPYTHON, microcontrollers, names, said_by

BOARDS = microcontrollers()
each_board = pytest.mark.parametrize("board", BOARDS, ids=names(BOARDS))

RANGES = {metric[0]: (metric[5], metric[6]) for metric in METRICS}
# What a board has to tell of itself with nothing wired to it and no network named.
EVERYWHERE = {
    "heap", "stack", "temperature", "uptime", "loop_lag", "frequency", "gc_pause", "filesystem",
}  # fmt: skip
OF_A_PORT = {"esp32": {"idf_heap"}, "stm32": {"supply"}, "rp2": set()}
WIRED = {"ina219", "ina226", "ina260", "i2c_temperature", "ds18b20", "battery"}
MADE_BY_COMPOSE = {"health", "boot_number"}
FIRST_IS_MISSING = {9}  # the utilization of a core
CAUSES = {"PWRON_RESET": 1, "HARD_RESET": 2, "WDT_RESET": 3, "DEEPSLEEP_RESET": 4, "SOFT_RESET": 5}
IDS = {"esp32": "esp32-246f28a1b2c3", "stm32": "stm32-390030000d51333233343730", "rp2": "rp2-e6616408434b2c21"}
NO_BOOTLOADER = {"esp32"}
WATCHDOG_MS = {"esp32": 60000, "stm32": 32000, "rp2": 8388}


def has_radio(board: BoardFile) -> bool:
    """Whether it has Wi-Fi: the others with a network have Ethernet."""
    return "mqtt" in board.links and board.port != "stm32"


def said(board: BoardFile, micropython: bool = False) -> Any:
    """What run_board.py prints."""
    return said_by(board.name, "run_board.py", micropython=micropython)


def implausible(readings: dict[str, Any]) -> list[tuple[str, Any, Any]]:
    """(sensor, series, value) of what is no integer, or not in the catalogue's range."""
    out = []
    for name, reading in readings.items():
        for series, value in zip(*reading, strict=True) if reading else ():
            low, high = RANGES[series[0]]
            if value is None and series[0] in FIRST_IS_MISSING:
                continue
            if type(value) is not int or not low <= value <= high:
                out.append((name, series, value))
    return out


@each_board
def test_what_is_in_the_chip_is_read(board: BoardFile) -> None:
    """Without a word in the configuration; each value is an integer that the catalogue allows."""
    plain = said(board)["plain"]
    made = {name for name, reading in plain.items() if reading}
    supply = {"supply"} if board.name == "rpi_pico" else set()
    assert made == EVERYWHERE | OF_A_PORT[board.port] | supply
    assert implausible(plain) == []


@each_board
def test_what_is_wired_is_read_when_it_is_configured(board: BoardFile) -> None:
    """Each by its address or pin; the board's own checks take the options."""
    assert said(board)["wrong_options"] == []
    wired = said(board)["wired"]
    assert {name for name in wired if wired[name]} >= WIRED
    assert implausible(wired) == []
    assert wired["i2c_temperature"] == [[[3, "case"]], [2500]]
    assert wired["ina226"][0][0] == [5, "motor"]
    assert wired["ds18b20"][1] == [2150]


@each_board
def test_a_chips_temperature_is_in_celsius(board: BoardFile) -> None:
    """°F of the classic ESP32, °C of the others, a voltage of the RP2: what the fakes say is between 30 and 53 °C."""
    ((series, (value,)),) = [said(board)["plain"]["temperature"]]
    expected = {"esp32": 4100, "stm32": 3453, "rp2": 3042}[board.port]
    assert (series, value) == ([[3, "mcu"]], 5278 if board.chip == "esp32" else expected)


@each_board
def test_health_is_told_last(board: BoardFile) -> None:
    """It has to know all others; boot_number and health are made by compose.py."""
    rows = [name for name, _ in said(board)["rows"]]
    assert rows[-1] == "health"
    assert len(rows) == len(set(rows))
    assert set(rows) >= MADE_BY_COMPOSE
    assert [said(board)["plain"][name] for name in MADE_BY_COMPOSE] == [None, None]


@each_board
def test_reset_causes_are_those_of_the_wire(board: BoardFile) -> None:
    """By the chip's own names, whatever numbers the port gives them; RP2 tells a watchdog from a reset()."""
    expected = CAUSES if board.port != "rp2" else {"PWRON_RESET": 1, "WDT_RESET": 3, "reset()": 2}
    assert said(board)["causes"] == expected
    assert said(board)["wake_reason"] == (1 if board.port == "esp32" else None)


@each_board
def test_the_clock_is_unix_time_from_either_epoch(board: BoardFile) -> None:
    """2000 on ESP32 and STM32, 1970 on RP2: the port is asked, not known."""
    assert said(board)["clocks"] == [[1770000000, 0, 1000]] * 2
    assert said(board)["clock_source"] == 1


@each_board
def test_a_board_says_who_it_is(board: BoardFile) -> None:
    """Port and chip's number; what MicroPython calls it."""
    assert said(board)["platform"] == board.port
    assert said(board)["device_id"] == IDS[board.port]
    assert said(board)["mcu"] == f"a board with {board.chip.upper()}"


@each_board
def test_resets(board: BoardFile) -> None:
    """Soft, hard, and the boot loader; a hard one where there is no way into it."""
    last = "reset" if board.port in NO_BOOTLOADER else "bootloader"
    assert said(board)["resets"] == ["soft_reset", "reset", last]


@each_board
def test_memory_keeps_what_retained_needs(board: BoardFile) -> None:
    """24 bytes come back from a second look at it."""
    assert said(board)["keeps"] == list(range(24))


@each_board
def test_a_watchdog_waits_for_no_longer_than_the_chip_can(board: BoardFile) -> None:
    """Where it is asked for more, a timer feeds it twice as often."""
    most = WATCHDOG_MS[board.port]
    timer = [["timer", most // 2, True]] if most < 60000 else []
    assert said(board)["guards"] == [[["wdt", 5000], ["feed", 5000]], [["wdt", most], ["feed", most], *timer]]


@each_board
def test_wifi_is_told_of_where_it_was_joined(board: BoardFile) -> None:
    """Signal and reconnects on boards with a radio, once the configuration names a network."""
    radio = has_radio(board)
    assert ("wifi" in [name for name, _ in said(board)["rows"]]) is radio
    if radio:
        assert said(board)["plain"]["wifi"] is None
        assert said(board)["wifi"] == [[[8, "wlan0"], [40, "wlan0"]], [-61, 0]]


def steady(answer: Any) -> Any:
    """An answer without what differs from run to run and from interpreter to interpreter."""
    for kind in ("plain", "wired"):
        for name in ("heap", "stack", "gc_pause"):
            answer[kind][name] = answer[kind][name][0]
        for name, reading in answer[kind].items():
            if name.startswith("ina") and reading:
                reading[1][3] = None  # energy
        answer[kind]["loop_lag"] = answer[kind]["loop_lag"][0]
        answer[kind]["uptime"] = answer[kind]["uptime"][0]
    return answer


@pytest.mark.upy
@pytest.mark.parametrize("name", ON_MICROPYTHON)
def test_micropython_says_the_same(name: str) -> None:
    """The same composition, before the same fakes, on MicroPython's unix port."""
    (board,) = [one for one in BOARDS if one.name == name]
    assert implausible(said(board, micropython=True)["wired"]) == []
    assert steady(said(board, micropython=True)) == steady(said(board))
