"""Why a chip started, in the numbers of hello (SPEC.md section 3). Needed once, at the start."""

import sys

from boardpulse.compat import const

TYPE_CHECKING = const(0)
if TYPE_CHECKING:
    from typing import Any

# Each name's number in hello, from 1 on, is its place.
_CAUSES = ("PWRON_RESET", "HARD_RESET", "WDT_RESET", "DEEPSLEEP_RESET", "SOFT_RESET")
_WAKES = ("TIMER_WAKE", "PIN_WAKE", "TOUCHPAD_WAKE", "ULP_WAKE")
_HARD = const(2)
_WATCHDOG = const(3)
_PIN = const(2)


def _number(machine: "Any", names: "tuple[str, ...]", value: int) -> int:
    """The place of the constant of `machine` that `value` is, from 1 on; 0 for none. A port lacks some of them, and
    numbers the others as it likes: SOFT_RESET is 0 on STM32, where 0 is nothing on an ESP32."""
    for i in range(len(names)):
        if getattr(machine, names[i], None) == value:
            return i + 1
    return 0


def reset_cause(port: str, machine: "Any") -> int:
    """0 unknown, 1 power on, 2 hard, 3 watchdog, 4 deep sleep, 5 soft, from `machine` of the ESP32, STM32 ("stm32") or
    RP2 ("rp2") port.

    A brownout is power on, and a panic and machine.reset() are hard, where the port does not tell them apart.
    """
    cause = _number(machine, _CAUSES, machine.reset_cause())
    return _rp2_watchdog(machine) if port == "rp2" and cause == _WATCHDOG else cause


def _rp2_watchdog(machine: "Any") -> int:
    """machine.reset() and the end of machine.deepsleep() fire the watchdog by hand. REASON tells that (bit 1, FORCE:
    hard) from one that was not fed (bit 0, TIMER). RP2040 datasheet, section 4.7; RP2350 datasheet, section 12.9."""
    chip = getattr(sys.implementation, "_machine", "")
    if "RP2040" in chip:
        base = 0x40058000
    elif "RP2350" in chip:
        base = 0x400D8000
    else:
        return 0
    return _WATCHDOG if machine.mem32[base + 8] & 1 else _HARD


def wake_reason(machine: "Any") -> int:
    """0 unknown, 1 timer, 2 pin, 3 touch, 4 ULP, from machine.wake_reason(), which only the ESP32 port has."""
    if not hasattr(machine, "wake_reason"):
        return 0
    reason = machine.wake_reason()
    # PIN_WAKE is EXT0_WAKE in the port.
    return _PIN if reason == getattr(machine, "EXT1_WAKE", None) else _number(machine, _WAKES, reason)
