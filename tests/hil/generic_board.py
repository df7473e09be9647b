"""A composition for a board that no folder of boards/ is for: what every MicroPython has, and the line of its prompt.

It stands in the place of board.py in the image, and needs neither network, pins, an ADC nor a clock that was set.
"""

import sys
import time

from boardpulse.clock import RTC
from boardpulse.compat import const
from boards._ports import common, running

TYPE_CHECKING = const(0)
if TYPE_CHECKING:
    from typing import Any

PLATFORM = sys.platform
CLOCK_SOURCE = RTC
_EVERYWHERE = ("heap", "stack", "uptime", "loop_lag", "gc_pause")
SENSORS = tuple([one for one in common.SENSORS if one[0] in _EVERYWHERE]) + common.HEALTH


def make_sensor(name: str, options: "Any", clock: "Any", device_id: str) -> "Any":
    """The sensor of a name in SENSORS."""
    return common.own_sensor(name, clock, ())  # type: ignore[no-untyped-call]


def wall_clock() -> "tuple[int, int, int]":
    """As on every board; what was never set where there is no clock at all."""
    if not hasattr(time, "gmtime") or not hasattr(time, "time"):
        return 0, 0, 0
    seconds, ms, uncertainty_ms = running.wall_clock()  # type: ignore[no-untyped-call]
    return int(seconds), ms, uncertainty_ms  # a float on some ports


def reset_cause() -> int:
    """Unknown."""
    return 0


def device_id() -> "str | None":
    """None: the test names it."""
    return None


open_uart = running.uart(1, {}, 64)  # type: ignore[no-untyped-call]
open_socket = None
mcu = common.mcu
reset = running.reset
