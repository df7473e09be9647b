"""Power and voltage of one component from functions, such as a supply that an ADC measures."""

from boardpulse.compat import const

TYPE_CHECKING = const(0)
if TYPE_CHECKING:
    from collections.abc import Callable

    from boardpulse.protocols import Row

_POWER = const(4)  # catalog: device_power_watts
_VOLTAGE = const(5)  # catalog: device_voltage_volts


class Power:
    """Power and voltage at `component`, from functions that return mW and mV; a function left out leaves its series
    out."""

    name = "power"

    def __init__(
        self,
        component: str = "supply",
        read_milliwatts: "Callable[[], int | None] | None" = None,
        read_millivolts: "Callable[[], int | None] | None" = None,
    ) -> None:
        self._readers = []
        self.series = []
        for key, reader in ((_POWER, read_milliwatts), (_VOLTAGE, read_millivolts)):
            if reader is not None:
                self._readers.append(reader)
                self.series.append((key, component))

    def read(self, into: "Row", at: int) -> None:
        """mW and mV, those that there are"""
        for reader in self._readers:
            into[at] = reader()
            at += 1
