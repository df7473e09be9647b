"""One temperature from a function, such as a port's own reading of the chip."""

from boardpulse.compat import const

TYPE_CHECKING = const(0)
if TYPE_CHECKING:
    from collections.abc import Callable

    from boardpulse.protocols import Row

_TEMPERATURE = const(3)  # catalog: device_temperature_celsius


class Temperature:
    """What `read_centi_celsius` returns, at `location`."""

    name = "temperature"

    def __init__(self, read_centi_celsius: "Callable[[], int | None]", location: str = "mcu") -> None:
        self._read = read_centi_celsius
        self.series = ((_TEMPERATURE, location),)

    def read(self, into: "Row", at: int) -> None:
        """centi-°C"""
        into[at] = self._read()
