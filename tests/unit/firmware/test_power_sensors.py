"""Power monitors over fake chips that hold registers and answer as their datasheets say, energy, and the battery."""

import random
from fractions import Fraction
from typing import Any

import pytest

from boardpulse.group import columns_of
from boardpulse.sensors import ina2xx
from boardpulse.sensors.battery import LIPO_1S, Battery, per_mille
from boardpulse.sensors.energy import Energy
from boardpulse.sensors.ina219 import Ina219, configuration, gain
from boardpulse.sensors.ina226 import Ina226
from boardpulse.sensors.ina260 import Ina260
from shared_schema import columns
from shared_schema._generated import METRICS
from shared_schema.messages import EVENT, SAMPLES
from tests.fakes.firmware import Bench, Scripted, Ticks
from tests.unit.firmware.power_on_a_board import FakeIna, FakeIna219, FakeIna260, ticks_diff

NAMES = {metric[0]: metric[1] for metric in METRICS}
CHIPS = [(Ina219, FakeIna219), (Ina226, FakeIna), (Ina260, FakeIna260)]


def read(sensor: Any) -> list[Any]:
    """One reading; a neighbour's columns are left alone."""
    row: list[Any] = ["untouched"] * (columns_of(sensor) + 2)
    sensor.read(row, 1)
    assert row[0] == row[-1] == "untouched"
    return row[1:-1]


def opened(chip: Any, fake: Any, ticks: Ticks | None = None, **options: Any) -> Any:
    """A sensor of that class over the fake, by the test's ticks."""
    return chip(fake, ticks_ms=ticks or Ticks(), ticks_diff=ticks_diff, **options)


def test_ina219_as_the_datasheet_computes_it() -> None:
    """SBOS448F table 3 (SBOS448G section 9.2.2): 2 mΩ, 1 mA a step, 10 A, 11.98 V, 119.8 W, register by register."""
    assert ina2xx.calibration(1000, 2, 40960000) == 0x5000
    fake = FakeIna219()
    sensor = opened(Ina219, fake, shunt_milliohm=2, max_ma=32767)
    read(sensor)
    assert (5, 0x5000) in fake.written
    fake.convert(0x07D0, 0x0BB3)
    assert fake.words[2] & 0xFFF8 == 0x5D98
    assert fake.words[3:5] == [0x1766, 0x2710]
    assert read(sensor) == [11980, 10000, 119800, 0]


def test_ina226_as_the_datasheet_computes_it() -> None:
    """SBOS547 table 1: 2 mΩ, 1 mA a step, 10 A, 11.98 V, 119.8 W, register by register."""
    assert ina2xx.calibration(1000, 2, 5120000) == 0xA00
    fake = FakeIna()
    sensor = opened(Ina226, fake, shunt_milliohm=2, max_ma=32767)
    read(sensor)
    assert fake.written == [(5, 0xA00), (0, 0x4127)]
    fake.convert(0x1F40, 0x2570)
    assert fake.words[2:5] == [0x2570, 0x12B8, 0x2710]
    assert read(sensor) == [11980, 10000, 119800, 0]


def test_ina260_in_its_own_steps() -> None:
    """SBOS656C sections 8.6.2 to 8.6.4: 1.25 mA, 1.25 mV, 10 mW."""
    fake = FakeIna260()
    sensor = opened(Ina260, fake)
    read(sensor)
    fake.convert(-3, 2641)
    fake.words[3] = 1
    assert read(sensor) == [3301, -4, -10, 0]


def test_equation_2() -> None:
    """15 A in 2**15 steps are 457.8 µA, of which 458 are the next whole ones; where the calibration would not fit its
    register the step is larger."""
    assert ina2xx.current_lsb(15000, 2, 40960000, 0xFFFE) == 458
    lsb_ua = ina2xx.current_lsb(100, 1, 5120000, 0x7FFF)
    assert lsb_ua == 157
    assert ina2xx.calibration(lsb_ua, 1, 5120000) <= 0x7FFF < ina2xx.calibration(lsb_ua - 1, 1, 5120000)


def test_two_complement() -> None:
    """SBOS547: -80 mV of 2.5 µV are 8300h."""
    assert ina2xx.signed(0x8300) == -32000
    assert [ina2xx.signed(word) for word in (0, 0x7FFF, 0x8000, 0xFFFF)] == [0, 32767, -32768, -1]


@pytest.mark.parametrize(("max_ma", "milliohm", "bits"), [(400, 100, 0), (401, 100, 1), (3200, 100, 3), (16, 20000, 3)])
def test_ina219_takes_the_least_range(max_ma: int, milliohm: int, bits: int) -> None:
    """40, 80, 160, 320 mV."""
    assert gain(max_ma, milliohm) == bits


@pytest.mark.parametrize(("average", "adc"), [(1, 3), (2, 9), (8, 0xB), (128, 0xF)])
def test_ina219_averages(average: int, adc: int) -> None:
    """SADC and BADC; the configuration of one sample at ±320 mV is the one after power-on, 399Fh."""
    assert configuration(3, average) == 0x399F & ~(0xFF << 3) | adc << 7 | adc << 3


@pytest.mark.parametrize(
    ("average", "code"), [(1, 0), (4, 1), (16, 2), (64, 3), (128, 4), (256, 5), (512, 6), (1024, 7)]
)
@pytest.mark.parametrize(("chip", "fake_class"), CHIPS[1:])
def test_ina226_and_ina260_average(chip: Any, fake_class: Any, average: int, code: int) -> None:
    """AVG; all else as after power-on."""
    fake = fake_class()
    read(opened(chip, fake, average=average))
    assert fake.words[0] == fake.reset[0] | code << 9


@pytest.mark.parametrize(
    ("chip", "options"),
    [
        (Ina219, {"average": 3}),
        (Ina226, {"average": 2}),
        (Ina260, {"average": 0}),
        (Ina219, {"shunt_milliohm": 100, "max_ma": 3201}),
        (Ina226, {"shunt_milliohm": 100, "max_ma": 820}),
        (Ina219, {"max_ma": 0}),
        (Ina226, {"shunt_milliohm": -1}),
    ],
)
def test_what_a_chip_cannot_do_is_refused(chip: Any, options: dict[str, int]) -> None:
    """At once, and without asking the chip."""
    with pytest.raises(ValueError):
        chip(None, **options)


@pytest.mark.parametrize(("chip", "fake_class"), CHIPS)
@pytest.mark.parametrize("nack", [19, 110, 5])
def test_a_chip_that_is_not_there(chip: Any, fake_class: Any, nack: int) -> None:
    """The sensor is made all the same; a reading raises, and configures the chip once it is there."""
    fake = fake_class()
    fake.present = False
    fake.nack = nack
    sensor = opened(chip, fake)
    for _ in range(2):
        with pytest.raises(OSError, match=str(nack)):
            read(sensor)
    fake.present = True
    assert read(sensor)[:3] == [None] * 3
    fake.convert(100, 800)
    assert None not in read(sensor)


@pytest.mark.parametrize(("chip", "fake_class"), CHIPS)
def test_an_error_midway_configures_anew(chip: Any, fake_class: Any) -> None:
    """A chip that answers again may be another one."""
    fake = fake_class()
    sensor = opened(chip, fake)
    read(sensor)
    fake.convert(100, 800)
    read(sensor)
    written = len(fake.written)
    fake.present = False
    with pytest.raises(OSError):
        read(sensor)
    fake.present = True
    assert read(sensor)[:3] == [None] * 3
    assert len(fake.written) == 2 * written


@pytest.mark.parametrize(("chip", "fake_class"), CHIPS[:2])
def test_a_chip_that_lost_its_supply_is_not_at_0_amperes(chip: Any, fake_class: Any) -> None:
    """Its calibration is gone, and with it current and power: they are missing until it was configured and has
    converted again."""
    fake = fake_class()
    sensor = opened(chip, fake)
    read(sensor)
    fake.convert(100, 800)
    assert read(sensor)[1] > 0
    fake.power_on()
    fake.convert(100, 800)
    assert fake.words[4] == 0
    assert read(sensor)[:3] == [None] * 3
    assert read(sensor)[:3] == [None] * 3
    fake.convert(100, 800)
    assert read(sensor)[1] > 0


def test_an_ina260_that_lost_its_supply_averages_again() -> None:
    """It has no calibration: its configuration tells."""
    fake = FakeIna260()
    sensor = opened(Ina260, fake, average=64)
    read(sensor)
    fake.power_on()
    read(sensor)
    assert fake.words[0] == 0x6127 | 3 << 9


@pytest.mark.parametrize(("chip", "fake_class"), CHIPS)
def test_what_was_converted_before_is_not_taken(chip: Any, fake_class: Any) -> None:
    """A chip that was running under another configuration has a result that means something else."""
    fake = fake_class()
    fake.convert(100, 800)
    sensor = opened(chip, fake)
    assert read(sensor)[:3] == [None] * 3
    assert read(sensor)[:3] == [None] * 3


@pytest.mark.parametrize(("chip", "fake_class"), CHIPS)
def test_readings_may_be_faster_than_conversions(chip: Any, fake_class: Any) -> None:
    """The last result stays."""
    fake = fake_class()
    sensor = opened(chip, fake)
    read(sensor)
    fake.convert(100, 800)
    assert read(sensor) == read(sensor)


@pytest.mark.parametrize(("chip", "fake_class"), CHIPS)
def test_an_overflow_is_no_number(chip: Any, fake_class: Any) -> None:
    """Current and power are missing, the voltage is right; no energy is guessed over it."""
    ticks = Ticks()
    fake = fake_class()
    sensor = opened(chip, fake, ticks)
    read(sensor)
    fake.convert(100, 800)
    read(sensor)
    ticks.advance(1000)
    energy = read(sensor)[3]
    fake.convert(0x7FFF * 3, 800)
    ticks.advance(1000)
    voltage, current, power, after = read(sensor)
    assert (voltage > 0, current, power, after) == (True, None, None, energy)
    fake.convert(100, 800)
    ticks.advance(1000)
    assert read(sensor)[3] == energy


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize(
    ("chip", "fake_class", "end", "options"),
    [
        (Ina219, FakeIna219, 32000, {}),
        (Ina219, FakeIna219, 4000, {"max_ma": 400}),
        (Ina226, FakeIna, 32767, {"max_ma": 819}),
        (Ina260, FakeIna260, 32767, {}),
    ],
)
def test_the_end_of_the_range_is_no_number(sign: int, chip: Any, fake_class: Any, end: int, options: Any) -> None:
    """There the current may be anything; a little below it is the full one that was asked for."""
    fake = fake_class()
    sensor = opened(chip, fake, **options)
    read(sensor)
    fake.convert(sign * end, 800)
    assert read(sensor)[1:3] == [None, None]
    fake.convert(sign * end * 99 // 100, 800)
    current = read(sensor)[1]
    assert current == pytest.approx(sign * options.get("max_ma", 3200 if chip is Ina219 else 40959) * 0.99, rel=0.002)


@pytest.mark.parametrize(("chip", "fake_class"), CHIPS)
def test_current_the_other_way_gives_and_counts_nothing(chip: Any, fake_class: Any) -> None:
    """Negative current and power; the counter stands still."""
    ticks = Ticks()
    fake = fake_class()
    sensor = opened(chip, fake, ticks)
    read(sensor)
    fake.convert(-100, 800)
    read(sensor)
    ticks.advance(10_000)
    voltage, current, power, energy = read(sensor)
    assert voltage > 0 > current
    assert power < 0
    assert energy == 0


def test_series_carry_the_component() -> None:
    """Voltage, current, power, energy."""
    assert [(NAMES[key], label) for key, label in Ina260(None, component="motor").series] == [
        ("device_voltage_volts", "motor"),
        ("device_current_amperes", "motor"),
        ("device_power_watts", "motor"),
        ("device_energy_joules_total", "motor"),
    ]


def test_a_missing_chip_leaves_the_others_alone() -> None:
    """In a node: null while it is away, one event for it, one when it is back."""
    fake = FakeIna()
    fake.present = False
    bench = Bench([(Ina226(fake), 1000, 1), (Scripted([[7]]), 1000, 1)])
    bench.run(3000)
    fake.present = True
    bench.run(4000)
    fake.convert(400, 800)
    bench.run(3000)
    messages = bench.frames()
    rows = [[columns.expand(column, 1)[0] for column in one.columns] for one in messages if one.kind == SAMPLES]
    assert rows[0] == [None] * 4 + [7]
    assert rows[-1][:3] == [1000, 10, 10]
    assert all(row[-1] == 7 for row in rows)
    assert [one.severity for one in messages if one.kind == EVENT] == [2, 1]


# --------------------------------------------------------------------------------------------------------------- Energy


def test_energy_is_exact_past_the_wrap_of_the_ticks() -> None:
    """Whatever the readings and their distances, the sum is that of the trapezoids, rounded down once."""
    random.seed(1)
    ticks = Ticks((1 << 30) - 90_000)
    energy = Energy(ticks, ticks_diff)
    exact = Fraction(0)
    before = energy.add(0)
    power = 0
    for _ in range(5000):
        ms = random.choice((0, 1, 7, 999, 1000, 1001, 59_999))
        after = random.choice((0, 1, 3, 512, 40_001))
        ticks.advance(ms)
        exact += Fraction((power + after) * ms, 2000)
        power = after
        counted = energy.add(after)
        assert before <= counted == int(exact)
        before = counted


def test_a_trickle_is_counted() -> None:
    """1 mW, read every millisecond, is a joule after a thousand seconds: no reading rounds it away."""
    ticks = Ticks()
    energy = Energy(ticks, ticks_diff)
    for _ in range(100_001):
        energy.add(1)
        ticks.advance(1)
    assert energy.millijoules == 100


def test_no_step_of_the_sum_leaves_a_small_integer() -> None:
    """At 500 W, a second apart, and 8 W, a day apart: what is kept from reading to reading is below 2**30."""
    for power, ms, seconds in ((500_000, 999, 1000), (6_000, 86_400_000, 86_400 * 3)):
        ticks = Ticks()
        energy = Energy(ticks, ticks_diff)
        for _ in range(0, seconds * 1000 + 1, ms):
            energy.add(power)
            ticks.advance(ms)
        assert 2 * power * (ms // 1000) < 1 << 30
        assert 2 * power * (ms % 1000) + 3000 < 1 << 30
        assert energy.millijoules == pytest.approx(power * seconds, rel=0.002)


def test_nothing_is_guessed_over_a_gap() -> None:
    """A reading that is missing ends one stretch and begins another."""
    ticks = Ticks()
    energy = Energy(ticks, ticks_diff)
    counted = []
    for power in (1000, 1000, None, 1000, 1000):
        counted.append(energy.add(power))
        ticks.advance(1000)
    assert counted == [0, 1000, 1000, 1000, 2000]


def test_energy_that_comes_back_is_not_taken_off() -> None:
    """The reading counts as none."""
    ticks = Ticks()
    energy = Energy(ticks, ticks_diff)
    counted = []
    for power in (1000, -5000, -5000, 1000):
        counted.append(energy.add(power))
        ticks.advance(1000)
    assert counted == [0, 500, 500, 1000]


# -------------------------------------------------------------------------------------------------------------- Battery


def test_a_battery_over_a_divider() -> None:
    """What the pin has, times the divider's ratio, is the battery's voltage; its charge lies on the curve."""
    battery = Battery(lambda: 1910, upper_ohm=100_000, lower_ohm=100_000)
    assert battery.series == ((5, "battery"), (12, "battery"))
    assert read(battery) == [3820, 450]
    assert read(Battery(lambda: None)) == [None, None]


@pytest.mark.parametrize(
    ("upper", "lower"), [(0, 1), (100_000, 100_000), (442_000, 160_000), (1_000_000, 330_000), (910_000, 15_000)]
)
def test_a_divider_to_the_millivolt(upper: int, lower: int) -> None:
    """Any divider, to 1 mV or 0.1 per mille of the exact, in small integers."""
    for pin in (0, 1, 999, 3300):
        millivolts = read(Battery(lambda pin=pin: pin, upper_ohm=upper, lower_ohm=lower))[0]
        assert millivolts == pytest.approx(pin * (upper + lower) / lower, rel=0.0001, abs=1)
    assert 3300 * Battery(lambda: 0, upper_ohm=upper, lower_ohm=lower)._ratio < 1 << 30


def test_a_curve_is_interpolated() -> None:
    """Its points are hit, the ends hold, and between them the charge only rises."""
    assert [per_mille(mv, LIPO_1S) for mv, _ in LIPO_1S] == [charge for _, charge in LIPO_1S]
    assert [per_mille(mv, LIPO_1S) for mv in (0, 3269, 4201, 9000)] == [0, 0, 1000, 1000]
    charges = [per_mille(mv, LIPO_1S) for mv in range(3200, 4300)]
    assert charges == sorted(charges)
    assert per_mille(3000, ((3000, 20),)) == per_mille(9, ((3000, 20),)) == 20
    assert [per_mille(mv, ((2000, 0), (3000, 1000))) for mv in (2000, 2001, 2500, 2999)] == [0, 1, 500, 999]


@pytest.mark.parametrize("curve", [(), ((3000, 0), (2000, 1000)), ((3000, 0), (3000, 1000))])
def test_a_curve_that_does_not_rise_is_refused(curve: Any) -> None:
    """It would divide by zero, or say anything."""
    with pytest.raises(ValueError):
        Battery(lambda: 0, curve)


@pytest.mark.parametrize(("upper", "lower"), [(1, 0), (-1, 1)])
def test_a_divider_that_cannot_be_is_refused(upper: int, lower: int) -> None:
    """So would this."""
    with pytest.raises(ValueError):
        Battery(lambda: 0, upper_ohm=upper, lower_ohm=lower)
