"""Thermometers on 1-Wire and I²C over fakes that answer as the datasheets say."""

from typing import Any

import pytest

from boardpulse.group import columns_of
from boardpulse.sensors import ds18b20, i2c_temperature
from boardpulse.sensors.ds18b20 import Ds18b20
from boardpulse.sensors.i2c_temperature import I2cTemperature
from tests.fakes.firmware import Ticks
from tests.unit.firmware.power_on_a_board import ticks_diff

ROMS = [b"\x28\xff\x64\x1e\x82\x16\xc3\xa1", b"\x28\x00\x00\x00\x00\x00\x00\x01", b"\x10\x00\x00\x00\x00\x00\x00\x02"]


def read(sensor: Any) -> list[Any]:
    """One reading."""
    row: list[Any] = ["untouched"] * (columns_of(sensor) + 1)
    sensor.read(row, 0)
    assert row.pop() == "untouched"
    return row


class FakeDs18x20:
    """A fake of MicroPython's ds18x20.DS18X20 and of the thermometers on its bus: a conversion's result is there
    750 ms after convert_temp()."""

    def __init__(self, ticks: Ticks, words: dict[bytes, int]) -> None:
        self.ticks = ticks
        self.words = words
        self.registers = self.pending = dict.fromkeys(words, 0x0550)
        self.broken: set[bytes] = set()
        self.silent: set[bytes] = set()
        self.restarted: set[bytes] = set()
        self.shorted = False
        self.since: int | None = None
        self.conversions = 0

    def scan(self) -> list[bytes]:
        """All roms."""
        return list(self.words)

    def convert_temp(self) -> None:
        """All begin, if there is one at all: else an OneWireError, which is an Exception."""
        self._settle()
        if set(self.words) <= self.silent:
            raise Exception("onewire")  # as the driver's class is
        self.pending = dict(self.words)
        self.since = self.ticks()
        self.conversions += 1

    def read_scratch(self, rom: bytes) -> bytearray:
        """The scratchpad; Exception for a wrong CRC, and for a rom that does not answer its ones look like that."""
        self._settle()
        if self.shorted:
            return bytearray(9)
        if rom in self.broken or rom in self.silent:
            raise Exception("CRC error")  # as the driver does
        word = 0x0550 if rom in self.restarted else self.registers[rom]
        return bytearray((word & 0xFF, word >> 8, 0x4B, 0x46, 0x7F, 0xFF, 0x0C, 0x10, 0))

    def _settle(self) -> None:
        if self.since is not None and ticks_diff(self.ticks(), self.since) >= 750:
            self.registers = self.pending
            self.since = None


@pytest.mark.parametrize(
    ("word", "centi_celsius"),
    [
        (0x07D0, 12500), (0x0550, 8500), (0x0191, 2506), (0x00A2, 1013), (0x0008, 50), (0x0000, 0), (0xFFF8, -50),
        (0xFF5E, -1012), (0xFE6F, -2506), (0xFC90, -5500),
    ],
)  # fmt: skip
def test_ds18b20_as_in_its_table(word: int, centi_celsius: int) -> None:
    """DS18B20 datasheet 19-7487 table 1, rounded to a hundredth, halves upwards."""
    assert ds18b20.centi_celsius(word, 0x28) == centi_celsius


@pytest.mark.parametrize(("word", "centi_celsius"), [(0x00AA, 8500), (0x0032, 2500), (0x0001, 50), (0xFFFF, -50)])
def test_ds18s20_has_half_degrees(word: int, centi_celsius: int) -> None:
    """DS18S20 datasheet, table of its temperature register."""
    assert ds18b20.centi_celsius(word, 0x10) == centi_celsius


def test_a_reading_is_the_conversion_before() -> None:
    """The first has none; from then on each takes what was begun and begins the next, past the wrap of the ticks."""
    ticks = Ticks((1 << 30) - 2500)
    fake = FakeDs18x20(ticks, {ROMS[0]: 0x0191})
    sensor = Ds18b20(fake, ticks_ms=ticks, ticks_diff=ticks_diff)
    seen = []
    for word in (0x0191, 0x00A2, 0xFFF8, 0x0000):
        fake.words[ROMS[0]] = word
        seen += read(sensor)
        ticks.advance(1000)
    assert seen == [None, 2506, 1013, -50]
    assert fake.conversions == 4


def test_a_conversion_is_waited_for_without_blocking() -> None:
    """Readings that come sooner have the value before; the conversion is not begun anew."""
    ticks = Ticks()
    fake = FakeDs18x20(ticks, {ROMS[0]: 0x0191})
    sensor = Ds18b20(fake, ticks_ms=ticks, ticks_diff=ticks_diff)
    seen = []
    for _ in range(10):
        seen += read(sensor)
        ticks.advance(250)
    assert seen == [None] * 3 + [2506] * 7
    assert fake.conversions == 4


def test_thermometers_have_names_or_their_roms() -> None:
    """Those that are named first, the others at their rom."""
    fake = FakeDs18x20(Ticks(), dict.fromkeys(ROMS, 0))
    assert list(Ds18b20(fake, names=("inlet",)).series) == [
        (3, "inlet"),
        (3, "2800000000000001"),
        (3, "1000000000000002"),
    ]
    assert list(Ds18b20(fake, ROMS[:1], ("a", "b")).series) == [(3, "a")]
    assert Ds18b20(fake, ROMS).budget_ms > 100


def test_one_thermometer_does_not_stop_the_others() -> None:
    """A wrong CRC, no answer, and the power-on value of one that lost its supply are missing."""
    ticks = Ticks()
    fake = FakeDs18x20(ticks, dict.fromkeys(ROMS, 0x0032))
    sensor = Ds18b20(fake, ticks_ms=ticks, ticks_diff=ticks_diff)
    read(sensor)
    ticks.advance(1000)
    assert read(sensor) == [313, 313, 2500]
    fake.broken = {ROMS[0]}
    fake.restarted = {ROMS[1]}
    ticks.advance(1000)
    assert read(sensor) == [None, None, 2500]
    fake.broken = fake.restarted = set()
    fake.silent = {ROMS[2]}
    ticks.advance(1000)
    assert read(sensor) == [313, 313, None]


def test_a_bus_that_is_held_low_is_not_at_0_degrees() -> None:
    """Nine zeros have the right CRC, and are no scratchpad."""
    ticks = Ticks()
    fake = FakeDs18x20(ticks, {ROMS[0]: 0x0191})
    sensor = Ds18b20(fake, ticks_ms=ticks, ticks_diff=ticks_diff)
    read(sensor)
    fake.shorted = True
    ticks.advance(1000)
    assert read(sensor) == [None]


def test_a_bus_that_everybody_left_raises() -> None:
    """The node tells of it; when they are back, what was converted before is not taken."""
    ticks = Ticks()
    fake = FakeDs18x20(ticks, {ROMS[0]: 0x0191})
    sensor = Ds18b20(fake, ticks_ms=ticks, ticks_diff=ticks_diff)
    read(sensor)
    ticks.advance(1000)
    fake.silent = set(ROMS)
    for _ in range(2):
        with pytest.raises(Exception, match="onewire"):
            read(sensor)
    fake.silent = set()
    ticks.advance(1000)
    assert read(sensor) == [None]
    ticks.advance(1000)
    assert read(sensor) == [2506]


def test_a_bus_without_thermometers_has_no_series() -> None:
    """Nothing is invented."""
    assert not Ds18b20(FakeDs18x20(Ticks(), {})).series


TMP117 = {"shift": 0, "bits": 16, "per_degree": 128}
LM75 = {"shift": 7, "bits": 9, "per_degree": 2}
TMP1075 = {"shift": 4, "bits": 12, "per_degree": 16}


@pytest.mark.parametrize(
    ("chip", "word", "centi_celsius"),
    [
        # SNOSD82D table 7-1
        *[(TMP117, *row) for row in ((0xF380, -2500), (0xFFF0, -12), (0xFFFF, -1), (0, 0), (1, 1), (0x0010, 13))],
        *[(TMP117, *row) for row in ((0x0080, 100), (0x0C80, 2500), (0x3200, 10000), (0x7FFF, 25599), (0x8000, None))],
        # 9 bits, 0.5 °C (SNIS153B); 125, 25, 0.5, -0.5, -25, -55 °C as STLM75 table 3 has them, the rest undefined
        *[(LM75, *row) for row in ((0x0FA << 7, 12500), (0x032 << 7 | 0x7F, 2500), (0x001 << 7, 50))],
        *[(LM75, *row) for row in ((0x1FF << 7, -50), (0x1CE << 7 | 0x55, -2500), (0x192 << 7, -5500))],
        # SBOS854F table 7-1
        *[(TMP1075, *row) for row in ((0x7FF0, 12794), (0x1900, 2500), (0x0040, 25), (0xFFF0, -6), (0xCE00, -5000))],
    ],
)
def test_i2c_thermometers_as_in_their_tables(chip: dict[str, int], word: int, centi_celsius: int | None) -> None:
    """To a hundredth, halves upwards; -256 °C before the first conversion is none."""
    assert i2c_temperature.centi_celsius(word, **chip) == centi_celsius


class FakeI2c:
    """A fake bus with one register of one chip."""

    def __init__(self, address: int, register: int, word: int) -> None:
        self.where = (address, register)
        self.word = word
        self.present = True

    def readfrom_mem_into(self, address: int, register: int, buf: bytearray) -> None:
        """As of machine.I2C."""
        if not self.present or (address, register) != self.where:
            raise OSError(19)
        buf[:] = self.word.to_bytes(2, "big")


def test_an_i2c_thermometer() -> None:
    """It may come and go."""
    bus = FakeI2c(0x4A, 5, 0x0C80)
    bus.present = False
    sensor = I2cTemperature(bus, 0x4A, "outside", register=5)
    assert sensor.series == ((3, "outside"),)
    with pytest.raises(OSError):
        read(sensor)
    bus.present = True
    assert read(sensor) == [2500]
