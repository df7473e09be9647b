"""Thermometers on I²C whose temperature is one 16-bit register, the high byte first: most of them."""

from boardpulse.compat import const

TYPE_CHECKING = const(0)
if TYPE_CHECKING:
    from typing import Any

    from boardpulse.protocols import Row

_TEMPERATURE = const(3)  # catalog: device_temperature_celsius


def centi_celsius(word: int, shift: int, bits: int, per_degree: int) -> "int | None":
    """A number of `bits` in two's complement, `shift` bits above the register's end, `per_degree` to 1 °C. None for the
    least number: it is colder than any of them works, and TMP117's before its first conversion."""
    sign = 1 << bits - 1
    raw = word >> shift & 2 * sign - 1
    return None if raw == sign else (((raw ^ sign) - sign) * 100 + per_degree // 2) // per_degree


class I2cTemperature:
    """A thermometer that converts by itself from power-on, at `location`.

    | chip | shift | bits | per_degree | register | source |
    | TMP117 | 0 | 16 | 128 | 0 | TI SNOSD82D table 7-1 |
    | LM75B | 7 | 9 | 2 | 0 | TI SNIS153B Temperature Register |
    | TMP1075 | 4 | 12 | 16 | 0 | TI SBOS854F table 7-1 |
    """

    name = "i2c_temperature"

    def __init__(
        self,
        i2c: "Any",
        address: int = 0x48,
        location: str = "board",
        shift: int = 0,
        bits: int = 16,
        per_degree: int = 128,
        register: int = 0,
    ) -> None:
        self.series = ((_TEMPERATURE, location),)
        self._i2c = i2c
        self._address = address
        self._register = register
        self._shift = shift
        self._bits = bits
        self._per_degree = per_degree
        self._buf = bytearray(2)

    def read(self, into: "Row", at: int) -> None:
        """centi-°C"""
        self._i2c.readfrom_mem_into(self._address, self._register, self._buf)
        word = self._buf[0] << 8 | self._buf[1]
        into[at] = centi_celsius(word, self._shift, self._bits, self._per_degree)
