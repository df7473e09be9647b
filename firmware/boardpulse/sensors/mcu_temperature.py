"""The temperature of the chip itself: each port's reading in centi-°C."""

from boardpulse.compat import const

TYPE_CHECKING = const(0)
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from boardpulse.protocols import Row

_TEMPERATURE = const(3)  # catalog: device_temperature_celsius
_INVALID_FAHRENHEIT = const(128)
_LEAST = const(-4000)
_GREATEST = const(12500)


def fahrenheit(raw: int) -> "int | None":
    """centi-°C of esp32.raw_temperature(), °F on the classic ESP32 (MicroPython, Quick reference for the ESP32).
    Many chips say 128 now and then, or always, instead of a reading (ESPHome's internal_temperature drops it too):
    None."""
    return None if raw == _INVALID_FAHRENHEIT else ((raw - 32) * 1000 + 9) // 18


def celsius(raw: int) -> int:
    """centi-°C of esp32.mcu_temperature(), whole °C on the ESP32-S2, -S3, -C3, -C6. Below zero the port cuts instead of
    rounding, so that it says up to a degree and a half too much there."""
    return raw * 100


def celsius_float(raw: float) -> int:
    """centi-°C of pyb.ADCAll.read_core_temp(), °C. Outside the G0, G4, L1, L4 and U5 families read_core_vref() comes
    first, or the supply's error is in it (MicroPython, ports/stm32/adc.c)."""
    return round(raw * 100)


def rp2(u16: int) -> int:
    """centi-°C of ADC(ADC.CORE_TEMP).read_u16(): 27 °C - (V - 0.706 V) / 1.721 mV, V = 3.3 V / 4096 times the 12 bits
    that the ADC has (RP2040 datasheet, section 4.9.5; RP2350 datasheet, section 12.4.6)."""
    return 2700 - (((u16 >> 4) * 103125 // 128 - 706000) * 100 + 860) // 1721


class McuTemperature:
    """What `convert` makes of `read_raw()`, at `location`; None beyond -40 … 125 °C, where no chip runs."""

    name = "temperature"

    def __init__(
        self, read_raw: "Callable[[], Any]", convert: "Callable[[Any], int | None]", location: str = "mcu"
    ) -> None:
        self._read_raw = read_raw
        self._convert = convert
        self.series = ((_TEMPERATURE, location),)

    def read(self, into: "Row", at: int) -> None:
        """centi-°C"""
        value = self._convert(self._read_raw())
        into[at] = value if value is not None and _LEAST <= value <= _GREATEST else None
