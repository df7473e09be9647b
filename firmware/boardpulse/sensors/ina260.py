"""TI INA260, current and power monitor with its shunt inside, for up to 15 A and 36 V (datasheet SBOS656C)."""

from boardpulse.compat import const, ticks_diff, ticks_ms
from boardpulse.sensors.ina2xx import Ina2xx, position

TYPE_CHECKING = const(0)
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

_LSB_UA = const(1250)  # section 8.6.2
_AVERAGES = (1, 4, 16, 64, 128, 256, 512, 1024)


class Ina260(Ina2xx):
    """`average` is 1, 4, 16, 64, 128, 256, 512 or 1024 samples of 2.2 ms."""

    name = "ina260"
    current_at = 1
    power_divisor = 125  # section 8.6.4: 10 mW, which is 8 times

    def __init__(
        self,
        i2c: "Any",
        address: int = 0x40,
        component: str = "load",
        average: int = 1,
        ticks_ms: "Callable[[], int]" = ticks_ms,
        ticks_diff: "Callable[[int, int], int]" = ticks_diff,
    ) -> None:
        settings = ((0, 0x6127 | position(average, _AVERAGES) << 9),)
        Ina2xx.__init__(self, i2c, address, component, settings, _LSB_UA, 0x7FFF, ticks_ms, ticks_diff)
