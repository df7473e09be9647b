"""DS18B20 thermometers (Analog Devices 19-7487), and DS1822 and DS18S20, on MicroPython's own ds18x20."""

from boardpulse.compat import const, ticks_diff, ticks_ms

TYPE_CHECKING = const(0)
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from boardpulse.protocols import Row

_TEMPERATURE = const(3)  # catalog: device_temperature_celsius
_CONVERSION_MS = const(750)  # at 12 bits: the datasheet's table of AC characteristics
_POWER_ON = const(8500)  # what the register holds before the first conversion (section Measuring Temperature)
_DS18S20 = const(0x10)


def centi_celsius(word: int, family: int) -> int:
    """The temperature register, in two's complement: 1/16 °C (figure 4, table 1), of the DS18S20 1/2 °C."""
    word = (word ^ 0x8000) - 0x8000
    return word * 50 if family == _DS18S20 else (word * 25 + 2) // 4


class Ds18b20:
    """The thermometers `roms` on a bus, or all that `ds` (a ds18x20.DS18X20) finds now, each at a location of `names`,
    else at its rom in hex. A reading is what the call before had begun to convert, and never waits.

    Missing is what a thermometer does not say, says with a wrong CRC, or says 85 °C of: that is its power-on value."""

    name = "ds18b20"

    def __init__(
        self,
        ds: "Any",
        roms: "Sequence[bytes] | None" = None,
        names: "Sequence[str]" = (),
        ticks_ms: "Callable[[], int]" = ticks_ms,
        ticks_diff: "Callable[[int, int], int]" = ticks_diff,
    ) -> None:
        self._ds = ds
        self._roms = ds.scan() if roms is None else roms
        hexes = ["".join(["%02x" % byte for byte in rom]) for rom in self._roms]
        self.series = [(_TEMPERATURE, label) for label in list(names) + hexes[len(names) :]][: len(hexes)]
        self.budget_ms = 50 + 25 * len(hexes)  # a 1-Wire bit takes 70 µs, a thermometer's data 160 of them
        self._ticks = ticks_ms
        self._diff = ticks_diff
        self._converting = False
        self._since = 0
        self._last: Row = [None] * len(hexes)

    def read(self, into: "Row", at: int) -> None:
        """centi-°C of each; those of the call before when that is less than a conversion ago"""
        if not self._converting or self._diff(self._ticks(), self._since) >= _CONVERSION_MS:
            for i in range(len(self._roms)):
                self._last[i] = self._one(self._roms[i]) if self._converting else None
            self._converting = False
            self._ds.convert_temp()
            self._since = self._ticks()
            self._converting = True
        for value in self._last:
            into[at] = value
            at += 1

    def _one(self, rom: bytes) -> "int | None":
        try:
            data = self._ds.read_scratch(rom)
        except Exception:  # noqa: BLE001  # the driver raises no less than that for a wrong CRC
            return None
        value = centi_celsius(data[1] << 8 | data[0], rom[0])
        # A bus that is held low reads as zeros, whose CRC is right; these bits of the configuration are always 1.
        return None if value == _POWER_ON or data[4] & 0x1F != 0x1F else value
