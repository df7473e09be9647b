"""Runs on MicroPython, 64 and 32 bit, and on CPython: fake power monitors, and what the sensors promise over them where
boards differ from hosts, allocation above all.

Prints a line for each promise kept, and ends with an exception at the first that is not.
"""

import gc
import sys

from boardpulse.sensors.battery import Battery
from boardpulse.sensors.ds18b20 import Ds18b20
from boardpulse.sensors.i2c_temperature import I2cTemperature
from boardpulse.sensors.ina219 import Ina219
from boardpulse.sensors.ina226 import Ina226
from boardpulse.sensors.ina260 import Ina260

MASK_32 = (1 << 30) - 1
HALF_32 = 1 << 29


class Ticks:
    """A counter of milliseconds that wraps as a 32-bit board's does, in the middle of a run."""

    def __init__(self):
        self.now = MASK_32 - 500 * 1000

    def __call__(self):
        return self.now

    def advance(self, ms):
        """Let time pass."""
        self.now = self.now + ms if self.now <= MASK_32 - ms else self.now - MASK_32 - 1 + ms


def ticks_diff(later, earlier):
    """As time.ticks_diff on a 32-bit board; no step of it leaves a small integer."""
    passed = later - earlier
    if passed < -HALF_32:
        return passed + MASK_32 + 1
    return passed - MASK_32 - 1 if passed >= HALF_32 else passed


class FakeIna:
    """A fake monitor at 0x40 on a fake bus: registers and equations as in the datasheets, nobody home while not
    `present`. convert() ends a conversion."""

    reset = (0x4127, 0, 0, 0, 0, 0, 0, 0)
    calibration_bits = 0x7FFF
    current_at = 4
    flags_at = 6
    converted = 8
    overflow = 4

    def __init__(self):
        self.present = True
        self.nack = 19  # ENODEV; some ports say ETIMEDOUT
        self.written = []
        self.power_on()

    def power_on(self):
        """All registers at their reset values."""
        self.words = list(self.reset)

    def convert(self, shunt, bus):
        """A conversion of a shunt and a bus voltage, in the steps of their registers."""
        current = self.current_of(shunt)
        power = self.power_of(abs(current), bus)
        fits = -0x8000 <= current <= 0x7FFF and power <= 0xFFFF
        self.words[1] = shunt & 0xFFFF
        self.words[2] = self.bus_of(bus)
        self.words[3] = power & 0xFFFF
        self.words[self.current_at] = current & 0xFFFF
        self.words[self.flags_at] &= ~self.overflow
        self.words[self.flags_at] |= self.converted if fits else self.converted | self.overflow

    def current_of(self, shunt):
        """INA226 equation 3."""
        return shunt * self.words[5] // 2048

    def power_of(self, current, bus):
        """INA226 equation 4."""
        return current * bus // 20000

    def bus_of(self, bus):
        """Its register."""
        return bus

    def readfrom_mem_into(self, address, register, buf):
        """As of machine.I2C."""
        self._answer(address)
        word = self.words[register]
        buf[0] = word >> 8
        buf[1] = word & 0xFF
        self.after_reading(register)

    def after_reading(self, register):
        """INA226 and INA260: reading Mask/Enable clears the conversion ready flag."""
        if register == self.flags_at:
            self.words[register] &= ~self.converted

    def writeto_mem(self, address, register, buf):
        """As of machine.I2C."""
        self._answer(address)
        word = buf[0] << 8 | buf[1]
        self.words[register] = word & self.calibration_bits if register == 5 else word
        self.written.append((register, word))
        if register == 0:
            self.after_configuring()

    def after_configuring(self):
        """INA226 and INA260: so does writing the configuration."""
        self.words[self.flags_at] &= ~self.converted

    def _answer(self, address):
        if not self.present or address != 0x40:
            raise OSError(self.nack)


class FakeIna219(FakeIna):
    """The flags are in the bus register; reading the power clears the one of a conversion, writing the same mode
    does not."""

    reset = (0x399F, 0, 0, 0, 0, 0)
    calibration_bits = 0xFFFE
    flags_at = 2
    converted = 2
    overflow = 1

    def current_of(self, shunt):
        """Equation 4."""
        return shunt * self.words[5] // 4096

    def power_of(self, current, bus):
        """Equation 5."""
        return current * bus // 5000

    def bus_of(self, bus):
        """Its register."""
        return bus << 3

    def after_reading(self, register):
        """Section 8.6.3.2."""
        if register == 3:
            self.words[2] &= ~2

    def after_configuring(self):
        """Nothing: the mode is the one that it had."""


class FakeIna260(FakeIna):
    """What goes for the shunt is the current, in steps of 1.25 mA; a step of power is 10 mW."""

    reset = (0x6127, 0, 0, 0, 0, 0, 0, 0)
    current_at = 1

    def current_of(self, shunt):
        """As it is."""
        return shunt

    def power_of(self, current, bus):
        """1.25 mA * 1.25 mV to steps of 10 mW."""
        return current * bus // 6400


class FakeThermometer:
    """A fake ds18x20.DS18X20 with one thermometer, and a fake I²C thermometer at 0x48."""

    def __init__(self):
        self.data = bytearray((0x91, 0x01, 0, 0, 0x7F, 0xFF, 0, 0x10, 0))

    def convert_temp(self):
        """Begin."""

    def read_scratch(self, rom):
        """The scratchpad."""
        return self.data

    def readfrom_mem_into(self, address, register, buf):
        """The temperature register of a TMP117."""
        buf[0] = 0xF3
        buf[1] = 0x80


def monitors(ticks):
    """(fake, sensor over it, shunt and bus of 10 A and 11.98 V, the datasheets' example)."""
    fakes = (FakeIna219(), FakeIna(), FakeIna260())
    return (
        (fakes[0], Ina219(fakes[0], 2, 32767, ticks_ms=ticks, ticks_diff=ticks_diff), 2000, 2995),
        (fakes[1], Ina226(fakes[1], 2, 32767, ticks_ms=ticks, ticks_diff=ticks_diff), 8000, 9584),
        (fakes[2], Ina260(fakes[2], ticks_ms=ticks, ticks_diff=ticks_diff), 8000, 9584),
    )


def the_datasheets_example():
    """10 A at 11.98 V are 119.8 W, and the other way round as much less than none."""
    ticks = Ticks()
    row = [None] * 6
    for fake, sensor, shunt, bus in monitors(ticks):
        sensor.read(row, 1)
        assert row == [None, None, None, None, 0, None], row
        for sign in (1, -1):
            fake.convert(sign * shunt, bus)
            sensor.read(row, 1)
            assert row[1:4] == [11980, sign * 10000, sign * 119800], row


def nothing_is_taken():
    """A thousand readings of everything, past the wrap of the ticks, allocate not one byte."""
    ticks = Ticks()
    row = [None] * 4
    sensors = []
    for fake, sensor, shunt, bus in monitors(ticks):
        sensor.read(row, 0)
        fake.convert(shunt, bus)
        sensors.append(sensor)
    thermometer = FakeThermometer()
    sensors.append(I2cTemperature(thermometer))
    sensors.append(Ds18b20(thermometer, [b"\x28abcdefg"], (), ticks, ticks_diff))
    sensors.append(Battery(lambda: 1931, upper_ohm=100000, lower_ohm=100000))
    taken = [run(sensor, row, ticks) for sensor in sensors]
    assert taken == [0] * 6, taken
    assert ticks.now < HALF_32
    sensors[1].read(row, 0)
    # 100 readings a minute apart, 1,000 a second apart (and more of the other sensors), at 119.8 W, in mJ
    assert row[3] >= 119800 * (100 * 60 + 1000), row


def run(sensor, row, ticks):
    """The bytes that a thousand readings of it take."""
    i = 0
    while i < 100:  # a minute apart: what is large is large before it is counted
        ticks.advance(60000)
        sensor.read(row, 0)
        i += 1
    if not hasattr(gc, "mem_alloc"):
        return 0
    gc.collect()
    gc.disable()
    before = gc.mem_alloc()
    i = 0
    while i < 1000:
        ticks.advance(1000)
        sensor.read(row, 0)
        i += 1
    taken = gc.mem_alloc() - before
    gc.enable()
    return taken


def main():
    """Keep every promise."""
    for promise in (the_datasheets_example, nothing_is_taken):
        promise()
        print(promise.__name__)


if __name__ == "__main__":
    main()
    print("kept on", sys.implementation.name)
