"""Numbers for machines without sensors. Their labels say that they are simulated."""

from boardpulse.compat import const

TYPE_CHECKING = const(0)
if TYPE_CHECKING:
    from boardpulse.protocols import Row

_TEMPERATURE = const(3)  # catalog: device_temperature_celsius
_POWER = const(4)  # catalog: device_power_watts
_VOLTAGE = const(5)  # catalog: device_voltage_volts
_LABEL = "simulated"


def seed_of(device_id: str) -> int:
    """A seed for each device, so that two boards show different numbers, and each the same at every start."""
    seed = 0
    for character in device_id:
        seed = (seed * 31 + ord(character)) & 0x7FFF
    return seed


class Simulated:
    """A temperature (35 to 55 °C), power (300 to 700 mW) and voltage (3.2 to 3.4 V) that wander by a fixed rule
    from `seed` on."""

    name = "simulated"
    series = ((_TEMPERATURE, _LABEL), (_POWER, _LABEL), (_VOLTAGE, _LABEL))

    def __init__(self, seed: int = 1) -> None:
        self._state = seed & 0x7FFF
        self._centi_celsius = self._wander(4500, 500, 3500, 5500)
        self._milliwatts = self._wander(500, 100, 300, 700)
        self._millivolts = self._wander(3300, 50, 3200, 3400)

    def read(self, into: "Row", at: int) -> None:
        """centi-°C, mW, mV"""
        self._centi_celsius = self._wander(self._centi_celsius, 12, 3500, 5500)
        self._milliwatts = self._wander(self._milliwatts, 40, 300, 700)
        self._millivolts = self._wander(self._millivolts, 4, 3200, 3400)
        into[at] = self._centi_celsius
        into[at + 1] = self._milliwatts
        into[at + 2] = self._millivolts

    def _wander(self, value: int, step: int, low: int, high: int) -> int:
        """Up to `step` to either side, within low … high, by a linear congruential generator that stays in small
        integers."""
        self._state = (self._state * 1103 + 12345) & 0x7FFF
        return min(high, max(low, value + (self._state >> 4) % (2 * step + 1) - step))
