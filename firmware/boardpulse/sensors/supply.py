"""Voltages that the chip measures of its own supply."""

from boardpulse.compat import const

TYPE_CHECKING = const(0)
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from boardpulse.protocols import Row

_VOLTAGE = const(5)  # catalog: device_voltage_volts


def adcall_mv(read_volts: "Callable[[], float]") -> int:
    """mV now, from a pyb.ADCAll's read_vref (the supply) or read_core_vbat. The latter is right after a read_vref() or
    read_core_vref() only, outside the G0, G4, L1, L4 and U5 families (MicroPython, ports/stm32/adc.c): read it second.
    """
    return round(read_volts() * 1000)


def rp2_vsys_mv(u16: int) -> int:
    """mV of a Pico's VSYS, a third of which is at ADC(29): 3 × 3.3 V / 4096 times the 12 bits that the ADC has
    (Raspberry Pi Pico datasheet, section 2.1). Not on a Pico W, whose Wi-Fi chip uses that pin."""
    return ((u16 >> 4) * 2475 + 512) >> 10


class Supply:
    """The voltage at each component of `readings`, which are (component, function that returns mV or None), read in
    their order."""

    name = "supply"

    def __init__(self, readings: "Sequence[tuple[str, Callable[[], int | None]]]") -> None:
        self._readings = readings
        self.series = [(_VOLTAGE, component) for component, _ in readings]

    def read(self, into: "Row", at: int) -> None:
        """mV of each"""
        for _, read_mv in self._readings:
            into[at] = read_mv()
            at += 1
