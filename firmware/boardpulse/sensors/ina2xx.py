"""What TI's current and power monitors INA219 (SBOS448G), INA226 (SBOS547B) and INA260 (SBOS656C) have in common.

Their registers are 16 bits, the high byte first; a chip's own module says where they differ. A current register is in
two's complement. The power register has no sign (INA260 section 8.5.1): it takes the current's.
"""

from boardpulse.compat import const
from boardpulse.sensors.energy import Energy

TYPE_CHECKING = const(0)
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from boardpulse.protocols import Row

_POWER = const(4)  # catalog: device_power_watts
_VOLTAGE = const(5)  # catalog: device_voltage_volts
_CURRENT = const(13)  # catalog: device_current_amperes
_ENERGY = const(14)  # catalog: device_energy_joules

_BUS = const(2)  # registers that all have in the same place
_POWER_AT = const(3)

_LOST = const(0)  # not configured, or something failed since
_WAITING = const(1)  # for the first conversion under this configuration
_READY = const(2)


def signed(word: int) -> int:
    """A register in two's complement."""
    return (word ^ 0x8000) - 0x8000


def scaled(raw: int, multiplier: int, divisor: int) -> int:
    """raw * multiplier / divisor, rounded."""
    return (raw * multiplier + divisor // 2) // divisor


def current_lsb(max_ma: int, shunt_milliohm: float, constant: int, most: int) -> int:
    """Equation 2 of INA219 and INA226 in µA, rounded up; more where the calibration would not fit its register."""
    return max(-(-max_ma * 1000 // 32767), int(constant // (most * shunt_milliohm)) + 1)


def calibration(lsb_ua: int, shunt_milliohm: float, constant: int) -> int:
    """Equation 1 of INA219 and INA226: 0.04096 or 0.00512 over (LSB in A times Ω), which is `constant` for µA and
    mΩ."""
    return int(constant // (lsb_ua * shunt_milliohm))


def position(average: int, allowed: "tuple[int, ...]") -> int:
    """Where `average` stands among the numbers of samples that a chip can average. ValueError if it does not."""
    if average not in allowed:
        raise ValueError("average: one of %s" % (allowed,))
    return allowed.index(average)


class Ina2xx:
    """Voltage, current, power and energy at `component`. Current from IN+ to IN- is positive.

    `settings` is what is written to which register to configure the chip; it is written on the first reading, after
    an error, and when the first of them reads otherwise: a chip that lost its supply would say 0 A. Values are missing
    until the chip has converted, current and power also on its overflow flag and from `limit` (the register's value at
    the end of the shunt's range) on.
    """

    name = "ina2xx"
    current_at = 4
    flags_at = 6
    overflow = 4
    converted = 8
    bus_shift = 0
    bus_quarters = 5  # of a millivolt, to one of the bus register
    power_divisor = 40  # 1000 / (LSB of power / LSB of current, in V)

    def __init__(
        self,
        i2c: "Any",
        address: int,
        component: str,
        settings: "tuple[tuple[int, int], ...]",
        lsb_ua: int,
        limit: int,
        ticks_ms: "Callable[[], int]",
        ticks_diff: "Callable[[int, int], int]",
    ) -> None:
        self.series = tuple([(key, component) for key in (_VOLTAGE, _CURRENT, _POWER, _ENERGY)])
        self._i2c = i2c
        self._address = address
        self._settings = settings
        self._lsb_ua = lsb_ua
        self._limit = limit
        self._energy = Energy(ticks_ms, ticks_diff)
        self._buf = bytearray(2)
        self._state = _LOST

    def read(self, into: "Row", at: int) -> None:
        """mV, mA, mW, mJ"""
        state = self._state
        self._state = _LOST  # until every register has answered
        into[at] = into[at + 1] = into[at + 2] = None
        register, value = self._settings[0]
        if state == _LOST or self._word(register) != value:
            self._configure()
            state = _WAITING
        else:
            flags = self._word(self.flags_at)
            if flags & self.converted:
                state = _READY
            if state == _READY:
                self._measure(into, at, flags)
        into[at + 3] = self._energy.add(into[at + 2])  # type: ignore[arg-type]
        self._state = state

    def _configure(self) -> None:
        for register, value in self._settings:
            self._buf[0] = value >> 8
            self._buf[1] = value & 0xFF
            self._i2c.writeto_mem(self._address, register, self._buf)
        self._word(_POWER_AT)  # INA219: clears the flag of a conversion from before (section 8.6.3.2)
        self._word(self.flags_at)  # the others: this does

    def _measure(self, into: "Row", at: int, flags: int) -> None:
        into[at] = scaled(self._word(_BUS) >> self.bus_shift, self.bus_quarters, 4)
        raw = signed(self._word(self.current_at))
        if flags & self.overflow or not -self._limit < raw < self._limit:
            return
        into[at + 1] = scaled(raw, self._lsb_ua, 1000)
        power = scaled(self._word(_POWER_AT), self._lsb_ua, self.power_divisor)
        into[at + 2] = -power if raw < 0 else power

    def _word(self, register: int) -> int:
        self._i2c.readfrom_mem_into(self._address, register, self._buf)
        return self._buf[0] << 8 | self._buf[1]
