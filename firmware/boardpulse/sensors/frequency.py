"""The CPU's clock frequency."""

from boardpulse.compat import const

TYPE_CHECKING = const(0)
if TYPE_CHECKING:
    from collections.abc import Callable

    from boardpulse.protocols import Row

_FREQUENCY = const(10)  # catalog: device_cpu_frequency_hertz


def megahertz(hz: "int | tuple[int, ...]") -> int:
    """MHz of machine.freq(): Hz on most ports, on STM32 a tuple whose first is SYSCLK (MicroPython,
    ports/stm32/modmachine.c)."""
    if isinstance(hz, tuple):
        hz = hz[0]
    return (hz + 500000) // 1000000


class Frequency:
    """MHz from `read_hz`: machine.freq, or linux_frequency's linux_reader() on Linux."""

    name = "frequency"
    series = ((_FREQUENCY, "0"),)

    def __init__(self, read_hz: "Callable[[], int | tuple[int, ...]]") -> None:
        self._read_hz = read_hz

    def read(self, into: "Row", at: int) -> None:
        """MHz"""
        into[at] = megahertz(self._read_hz())
