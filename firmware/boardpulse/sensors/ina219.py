"""TI INA219, 12-bit current and power monitor for up to 26 V (datasheet SBOS448G)."""

from boardpulse.compat import const, ticks_diff, ticks_ms
from boardpulse.sensors.ina2xx import Ina2xx, calibration, current_lsb, position

TYPE_CHECKING = const(0)
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

_CONSTANT = const(40960000)  # equation 1, for µA and mΩ
_MOST = const(0xFFFE)  # bit 0 of the calibration is always 0 (section 8.6.4.1)
_AVERAGES = (1, 2, 4, 8, 16, 32, 64, 128)


def gain(max_ma: int, shunt_milliohm: float) -> int:
    """PG (section 8.6.2.1) for the least range that holds the current: 0 … 3 for 40, 80, 160 and 320 mV. ValueError
    for none."""
    for bits in range(4):
        if 0 < max_ma * shunt_milliohm <= 40000 << bits:
            return bits
    raise ValueError("shunt_milliohm * max_ma: up to 320 mV")


def configuration(pg: int, average: int) -> int:
    """Section 8.6.2.1: 32 V of bus, both inputs at 12 bits, `average` samples of 0.53 ms, all the time."""
    steps = position(average, _AVERAGES)
    adc = 8 | steps if steps else 3
    return 0x2007 | pg << 11 | adc << 7 | adc << 3


class Ina219(Ina2xx):
    """Over a shunt for up to `max_ma`; `average` is 1, 2, 4 … 128 samples."""

    name = "ina219"
    flags_at = 2
    overflow = 1
    converted = 2
    bus_shift = 3  # section 8.6.3.2: 4 mV, above the flags
    bus_quarters = 16
    power_divisor = 50  # equation 3: 20 times

    def __init__(
        self,
        i2c: "Any",
        shunt_milliohm: float = 100,
        max_ma: int = 3200,
        address: int = 0x40,
        component: str = "load",
        average: int = 1,
        ticks_ms: "Callable[[], int]" = ticks_ms,
        ticks_diff: "Callable[[int, int], int]" = ticks_diff,
    ) -> None:
        pg = gain(max_ma, shunt_milliohm)
        lsb_ua = current_lsb(max_ma, shunt_milliohm, _CONSTANT, _MOST)
        cal = calibration(lsb_ua, shunt_milliohm, _CONSTANT) & _MOST
        settings = ((5, cal), (0, configuration(pg, average)))
        limit = (4000 << pg) * cal >> 12  # equation 4, at the end of the range in steps of 10 µV
        Ina2xx.__init__(self, i2c, address, component, settings, lsb_ua, limit, ticks_ms, ticks_diff)
