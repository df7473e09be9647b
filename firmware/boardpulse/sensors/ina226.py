"""TI INA226, 16-bit current and power monitor for up to 36 V (datasheet SBOS547B)."""

from boardpulse.compat import const, ticks_diff, ticks_ms
from boardpulse.sensors.ina2xx import Ina2xx, calibration, current_lsb, position

TYPE_CHECKING = const(0)
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

_CONSTANT = const(5120000)  # equation 1, for µA and mΩ
_MOST = const(0x7FFF)  # bits 14 … 0 of the calibration (register 05h)
_AVERAGES = (1, 4, 16, 64, 128, 256, 512, 1024)


class Ina226(Ina2xx):
    """Over a shunt for up to `max_ma`, together at most 81.9 mV; `average` is 1, 4, 16, 64, 128, 256, 512 or 1024
    samples of 2.2 ms."""

    name = "ina226"

    def __init__(
        self,
        i2c: "Any",
        shunt_milliohm: float = 100,
        max_ma: int = 800,
        address: int = 0x40,
        component: str = "load",
        average: int = 1,
        ticks_ms: "Callable[[], int]" = ticks_ms,
        ticks_diff: "Callable[[int, int], int]" = ticks_diff,
    ) -> None:
        if not 0 < max_ma * shunt_milliohm <= 81917:
            raise ValueError("shunt_milliohm * max_ma: up to 81.9 mV")
        lsb_ua = current_lsb(max_ma, shunt_milliohm, _CONSTANT, _MOST)
        cal = calibration(lsb_ua, shunt_milliohm, _CONSTANT)
        settings = ((5, cal), (0, 0x4127 | position(average, _AVERAGES) << 9))
        limit = 0x7FFF * cal >> 11  # equation 3, at the end of the range
        Ina2xx.__init__(self, i2c, address, component, settings, lsb_ua, limit, ticks_ms, ticks_diff)
