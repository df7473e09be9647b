"""Why a chip started: fakes of the ports' machine modules, with the constants that each has."""

import sys
from types import SimpleNamespace
from typing import Any

import pytest

from boardpulse.chips import reset_cause, wake_reason

# ports/esp32, ports/stm32, ports/rp2: modmachine.c of MicroPython 1.24 to 1.29-pre.
ESP32 = {"PWRON_RESET": 1, "HARD_RESET": 2, "WDT_RESET": 3, "DEEPSLEEP_RESET": 4, "SOFT_RESET": 5}
STM32 = {"SOFT_RESET": 0, "PWRON_RESET": 1, "HARD_RESET": 2, "WDT_RESET": 3, "DEEPSLEEP_RESET": 4}
RP2 = {"PWRON_RESET": 1, "WDT_RESET": 3}
# A port may number them as it likes.
OTHER = {"PWRON_RESET": 16, "HARD_RESET": 0, "WDT_RESET": 1, "DEEPSLEEP_RESET": 8, "SOFT_RESET": 2}

WAKES = {"PIN_WAKE": 2, "EXT0_WAKE": 2, "EXT1_WAKE": 3, "TIMER_WAKE": 4, "TOUCHPAD_WAKE": 5, "ULP_WAKE": 6}

MEANING = {"PWRON_RESET": 1, "HARD_RESET": 2, "WDT_RESET": 3, "DEEPSLEEP_RESET": 4, "SOFT_RESET": 5}


def fake(constants: dict[str, int], cause: int, **more: Any) -> Any:
    """A fake of `machine` that started for `cause`."""
    return SimpleNamespace(**constants, **more, reset_cause=lambda: cause)


@pytest.mark.parametrize("constants", [ESP32, STM32, OTHER], ids=["esp32", "stm32", "numbered otherwise"])
def test_each_cause_is_told_by_its_name(constants: dict[str, int]) -> None:
    """Whatever number the port gives it, zero included."""
    told = {name: reset_cause("any", fake(constants, number)) for name, number in constants.items()}
    assert told == MEANING


@pytest.mark.parametrize(
    ("constants", "cause"), [(ESP32, 0), (ESP32, 6), (STM32, 5), (RP2, 0), ({}, 1)], ids=lambda value: str(value)[:12]
)
def test_what_a_port_has_no_name_for_is_unknown(constants: dict[str, int], cause: int) -> None:
    """On an ESP32, 0 is one of ESP-IDF's other reasons, where it is a soft reset on STM32."""
    assert reset_cause("any", fake(constants, cause)) == 0


@pytest.mark.parametrize(
    ("chip", "address"),
    [("Raspberry Pi Pico with RP2040", 0x40058008), ("Raspberry Pi Pico2 with RP2350", 0x400D8008)],
)
@pytest.mark.parametrize(("reason", "expected"), [(1, 3), (2, 2)], ids=["not fed", "machine.reset()"])
def test_a_reset_that_the_program_made_is_no_watchdog_on_rp2(
    chip: str, address: int, reason: int, expected: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """WDT_RESET is both there; the watchdog's register REASON tells them apart."""
    monkeypatch.setattr(sys.implementation, "_machine", chip, raising=False)
    assert reset_cause("rp2", fake(RP2, RP2["WDT_RESET"], mem32={address: reason})) == expected


def test_a_watchdog_of_an_unknown_rp2_chip_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    """No register is read of which nobody knows where it is."""
    monkeypatch.setattr(sys.implementation, "_machine", "a board with RP2999", raising=False)
    assert reset_cause("rp2", fake(RP2, RP2["WDT_RESET"], mem32={})) == 0


def test_power_on_of_rp2_needs_no_register() -> None:
    """It is told as it is."""
    assert reset_cause("rp2", fake(RP2, RP2["PWRON_RESET"], mem32={})) == 1


@pytest.mark.parametrize(
    ("name", "expected"),
    [("TIMER_WAKE", 1), ("PIN_WAKE", 2), ("EXT0_WAKE", 2), ("EXT1_WAKE", 2), ("TOUCHPAD_WAKE", 3), ("ULP_WAKE", 4)],
)
def test_each_wake_reason_of_an_esp32(name: str, expected: int) -> None:
    """The numbers of hello."""
    assert wake_reason(SimpleNamespace(**WAKES, wake_reason=lambda: WAKES[name])) == expected


@pytest.mark.parametrize("reason", [0, 1, 7, 9])
def test_a_start_that_was_no_wake_has_no_reason(reason: int) -> None:
    """0 after power on, and those that MicroPython has no name for."""
    assert wake_reason(SimpleNamespace(**WAKES, wake_reason=lambda: reason)) == 0


def test_ports_that_tell_no_wake_reason() -> None:
    """STM32 and RP2 have no such function."""
    assert wake_reason(fake(STM32, 4)) == 0
