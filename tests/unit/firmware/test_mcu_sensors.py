"""The sensors of a microcontroller's own chip, on fakes that answer as the ports do."""

from typing import Any

import pytest

from boardpulse.group import Slot
from boardpulse.sensors.frequency import Frequency, megahertz
from boardpulse.sensors.gc_pause import GcPause
from boardpulse.sensors.idf_heap import IdfHeap
from boardpulse.sensors.loop_lag import LoopLag
from boardpulse.sensors.mcu_temperature import McuTemperature, celsius, celsius_float, fahrenheit, rp2
from boardpulse.sensors.supply import Supply, adcall_mv, rp2_vsys_mv
from boardpulse.sensors.wifi_signal import WifiSignal
from tests.fakes.firmware import Bench, Ticks
from tests.unit.firmware.test_sensors import RANGES, read


def u16(raw: int) -> int:
    """What read_u16() of the RP2 port makes of the ADC's 12 bits (MicroPython, ports/rp2/machine_adc.c)."""
    return raw << 4 | raw >> 8


class FakeAdcAll:
    """A fake of pyb.ADCAll on a chip that is at `celsius` and gets `supply` volts: calibrated at 3.3 V, with a
    correction factor of 1 until the reference was read, as in MicroPython's ports/stm32/adc.c for the F4."""

    CAL_VREF, CAL_30, CAL_110, VBAT_DIV = 1500, 943, 1250, 2

    def __init__(self, celsius: float, supply: float, battery: float) -> None:
        self._counts_per_volt = 4095 / supply
        slope = (self.CAL_110 - self.CAL_30) / 80
        self._sensor_volts = (self.CAL_30 + (celsius - 30) * slope) * 3.3 / 4095
        self._battery = battery
        self._factor = 1.0

    def read_core_vref(self) -> float:
        self._factor = self.CAL_VREF / (self.CAL_VREF * 3.3 / 4095 * self._counts_per_volt)
        return self.CAL_VREF * 3.3 / 4095

    def read_vref(self) -> float:
        self.read_core_vref()
        return 3.3 * self._factor

    def read_core_vbat(self) -> float:
        counts = self._battery / self.VBAT_DIV * self._counts_per_volt
        return counts * self.VBAT_DIV * 3.3 / 4095 * self._factor

    def read_core_temp(self) -> float:
        counts = self._sensor_volts * self._counts_per_volt
        return (counts * self._factor - self.CAL_30) / ((self.CAL_110 - self.CAL_30) / 80) + 30


class FakeWlan:
    """A fake of network.WLAN. `rssi` is what the chip says; an exception is raised."""

    def __init__(self, rssi: Any, connected: bool = True) -> None:
        self.rssi = rssi
        self.connected = connected

    def isconnected(self) -> bool:
        return self.connected

    def status(self, what: str) -> Any:
        assert what == "rssi"
        if isinstance(self.rssi, Exception):
            raise self.rssi
        return self.rssi


def temperature(sensor: McuTemperature) -> Any:
    """One reading."""
    return read(sensor)[("device_temperature_celsius", "mcu")]


def test_rp2_agrees_with_the_datasheets_example() -> None:
    """RP2040 datasheet, section 4.9.5: "If the ADC returns a value of 891 this would correspond to a temperature of
    20.1 °C"."""
    assert rp2(u16(891)) == pytest.approx(2010, abs=5)


def test_rp2_is_the_datasheets_formula_for_every_reading() -> None:
    """T = 27 - (V - 0.706) / 0.001721 with V = 3.3 / 4096 a count; the integers are a centidegree off at most."""
    for raw in range(4096):
        exact = 27 - (raw * 3.3 / 4096 - 0.706) / 0.001721
        assert rp2(u16(raw)) == pytest.approx(100 * exact, abs=1), raw


def test_rp2_agrees_with_the_example_for_micropython() -> None:
    """pico-micropython-examples, adc/temperature.py, which divides by 65535: within an eighth of a degree (one step of
    the ADC is half a degree) wherever the chip may run."""
    for raw in range(795, 1020):
        example = 27 - (u16(raw) * 3.3 / 65535 - 0.706) / 0.001721
        assert rp2(u16(raw)) == pytest.approx(100 * example, abs=12.5), raw


def test_the_classic_esp32_says_fahrenheit() -> None:
    """MicroPython's quick reference for the ESP32: raw_temperature() is in °F. Fixed points of the scale, and (°F - 32)
    / 1.8 for every reading of its eight bits but the invalid one."""
    assert [fahrenheit(raw) for raw in (32, 212, 5, 68)] == [0, 10000, -1500, 2000]
    for raw in set(range(256)) - {128}:
        assert fahrenheit(raw) == pytest.approx((raw - 32) / 0.018, abs=0.5)


def test_the_classic_esp32s_invalid_reading_is_missing() -> None:
    """128 stands for no measurement."""
    assert temperature(McuTemperature(lambda: 128, fahrenheit)) is None
    assert temperature(McuTemperature(lambda: 127, fahrenheit)) == 5278


def test_the_newer_esp32s_say_celsius() -> None:
    """Whole degrees."""
    assert temperature(McuTemperature(lambda: 41, celsius)) == 4100
    assert temperature(McuTemperature(lambda: -7, celsius)) == -700


def test_stm32_says_celsius_as_a_float() -> None:
    """Right on any supply when the reference was read first, wrong on another than 3.3 V when it was not."""
    adc = FakeAdcAll(celsius=36.25, supply=3.0, battery=2.9)
    sensor = McuTemperature(adc.read_core_temp, celsius_float)
    assert temperature(sensor) > 5000
    adc.read_core_vref()
    assert temperature(sensor) == 3625
    assert [celsius_float(value) for value in (-0.004, -12.344, 21.006)] == [0, -1234, 2101]


@pytest.mark.parametrize(
    ("raw", "convert"), [(0, rp2), (65535, rp2), (126, celsius), (-41, celsius), (-273.2, celsius_float)]
)
def test_a_temperature_at_which_no_chip_runs_is_missing(raw: Any, convert: Any) -> None:
    """Beyond -40 … 125 °C the reading is nonsense."""
    assert temperature(McuTemperature(lambda: raw, convert)) is None


def test_a_reading_that_is_no_number_is_a_failure_of_the_sensor_alone() -> None:
    """The temperature of an STM32 without calibration values is a division by zero: inf or nan."""
    bench = Bench()
    slot = Slot(McuTemperature(lambda: float("nan"), celsius_float), 0)
    row: list[Any] = [7]
    slot.read(row, 0, bench.node)
    assert (row, slot.errors) == ([None], 1)


def test_the_location_is_the_boards_to_name() -> None:
    """A board with two chips names both."""
    assert read(McuTemperature(lambda: 20, celsius, "radio")) == {("device_temperature_celsius", "radio"): 2000}


def test_stm32_supply_and_battery() -> None:
    """The supply read first makes the battery right; without it the battery is off as the supply is."""
    adc = FakeAdcAll(celsius=25, supply=3.0, battery=2.9)
    assert adcall_mv(adc.read_core_vbat) == 3190
    supply = Supply(
        (("supply", lambda: adcall_mv(adc.read_vref)), ("vbat", lambda: adcall_mv(adc.read_core_vbat))),
    )
    assert read(supply) == {("device_voltage_volts", "supply"): 3000, ("device_voltage_volts", "vbat"): 2900}


def test_vsys_of_a_pico_is_three_times_the_adcs_voltage() -> None:
    """Pico datasheet, section 2.1: GPIO29 has VSYS / 3. Within a millivolt for every reading."""
    for raw in range(4096):
        assert rp2_vsys_mv(u16(raw)) == pytest.approx(raw * 3 * 3300 / 4096, abs=0.51)
    assert read(Supply((("supply", lambda: rp2_vsys_mv(u16(2069))),))) == {("device_voltage_volts", "supply"): 5001}


def test_a_supply_that_is_not_measured_now_is_missing() -> None:
    """None for the one, a number for the other."""
    assert list(read(Supply((("supply", lambda: None), ("vbat", lambda: 0)))).values()) == [None, 0]


def test_idf_heap_sums_the_regions() -> None:
    """Free, used and minimum over all regions, the largest block of any, of the example in MicroPython's documentation
    of esp32.idf_heap_info()."""
    regions = [(240, 0, 0, 0), (7288, 0, 0, 0), (16648, 4, 4, 4), (79912, 35712, 35512, 35108)]
    regions += [(15072, 15036, 15036, 15036), (113840, 0, 0, 0)]
    assert read(IdfHeap(lambda: regions)) == {
        ("device_memory_free_bytes", "idf"): 50752,
        ("device_memory_used_bytes", "idf"): 182248,
        ("device_memory_largest_free_bytes", "idf"): 35512,
        ("device_memory_minimum_free_bytes", "idf"): 50148,
    }


def test_a_heap_without_regions_is_missing_and_not_zero() -> None:
    """It fails, so that its columns are null."""
    bench = Bench()
    slot = Slot(IdfHeap(list), 0)
    row: list[Any] = [1, 2, 3, 4]
    slot.read(row, 0, bench.node)
    assert (row, slot.errors) == ([None] * 4, 1)


def test_wifi_signal_and_reconnects() -> None:
    """dBm while connected; the count always."""
    wlan = FakeWlan(-67)
    assert read(WifiSignal(wlan, lambda: 3)) == {
        ("device_wifi_signal_dbm", "wlan0"): -67,
        ("device_wifi_reconnects_total", "wlan0"): 3,
    }
    assert ("device_wifi_signal_dbm", "sta") in read(WifiSignal(wlan, lambda: 3, "sta"))


@pytest.mark.parametrize(
    "wlan",
    [
        FakeWlan(-50, connected=False),
        FakeWlan(0),
        FakeWlan(127),
        FakeWlan(-2147483648),
        FakeWlan(OSError("Wifi Not Connected")),
    ],
    ids=["not connected", "zero", "positive", "garbage", "lost in between"],
)
def test_a_signal_that_is_none_is_missing(wlan: FakeWlan) -> None:
    """No number of a chip that is not associated gets through, and the reconnects are still told."""
    assert list(read(WifiSignal(wlan, lambda: 9)).values()) == [None, 9]


@pytest.mark.parametrize("start", [0, (1 << 30) - 1000])
def test_gc_pause_times_a_collection(start: int) -> None:
    """Its duration in microseconds, also over the wrap of the ticks."""
    ticks = Ticks(start)
    collected: list[int] = []

    def collect() -> None:
        collected.append(1)
        ticks.advance(5300)

    def diff(later: int, earlier: int) -> int:
        return (later - earlier) & ticks.mask

    sensor = GcPause(collect, ticks, diff)
    assert collected == []
    assert read(sensor) == {("device_gc_pause_seconds",): 5300}
    assert collected == [1]


def test_a_long_pause_is_told_and_no_fault_of_the_sensor() -> None:
    """Its budget is what the catalogue believes, not a sensor's usual tenth of a second."""
    assert Slot(GcPause(lambda: None, lambda: 0, lambda _, __: 0), 0).budget_us == RANGES[18][1]


@pytest.mark.parametrize(
    ("hz", "mhz"),
    [
        (240_000_000, 240),
        (125_000_000, 125),
        ((168_000_000, 168_000_000, 42_000_000, 84_000_000), 168),
        ((64_000_000, 64_000_000, 64_000_000), 64),
        (16_777_216, 17),
    ],
    ids=["ESP32", "RP2", "STM32F4", "three clocks", "rounded"],
)
def test_machine_freq_is_an_integer_or_a_tuple(hz: "int | tuple[int, ...]", mhz: int) -> None:
    """STM32 returns its clocks, SYSCLK first."""
    assert megahertz(hz) == mhz
    assert read(Frequency(lambda: hz)) == {("device_cpu_frequency_hertz", "0"): mhz}


class Loop:
    """LoopLag with a clock in the test's hand."""

    def __init__(self) -> None:
        self.ticks = Ticks(5000)
        self.sensor = LoopLag("0", self.ticks)

    def sample(self) -> Any:
        """The utilization now."""
        return read(self.sensor)[("device_cpu_utilization_ratio", "0")]


def test_the_first_utilization_is_missing() -> None:
    """There is no sample before it, and none that a zero would be true of."""
    loop = Loop()
    loop.ticks.advance(700)
    assert loop.sample() is None
    assert loop.sample() is None
    loop.ticks.advance(1000)
    assert loop.sample() == 0


def test_utilization_is_the_share_of_lateness_and_steps() -> None:
    """250 ms late and 50 ms in the node's own steps, of a second: 0.3. Then it starts anew."""
    loop = Loop()
    loop.sample()
    loop.ticks.advance(1000)
    loop.sensor.note(200_000, 20_000)
    loop.sensor.note(50_000, 30_000)
    assert read(loop.sensor) == {("device_loop_lag_seconds",): 200_000, ("device_cpu_utilization_ratio", "0"): 300}
    loop.ticks.advance(1000)
    loop.sensor.note(0)
    assert read(loop.sensor) == {("device_loop_lag_seconds",): 0, ("device_cpu_utilization_ratio", "0"): 0}


def test_a_loop_that_came_back_early_was_idle() -> None:
    """flush() steps before the time that was asked for: that takes nothing from what was busy."""
    loop = Loop()
    loop.sample()
    loop.ticks.advance(1000)
    loop.sensor.note(-980_000)
    loop.sensor.note(400_000)
    assert loop.sample() == 400


def test_utilization_is_one_at_most() -> None:
    """A step that began before the last sample may carry it over."""
    loop = Loop()
    loop.sample()
    loop.ticks.advance(100)
    loop.sensor.note(160_000)
    assert loop.sample() == 1000


def test_the_node_tells_how_busy_its_loop_was() -> None:
    """With the node's own call: a loop held for a second and a half is busy, one that slept as asked is not."""
    bench = Bench()
    loop = Loop()
    bench.node.lag = loop.sensor
    bench.step()
    loop.sample()
    bench.node._slept_from -= 1_500_000
    bench.step()
    loop.ticks.advance(3000)
    assert 450 < loop.sample() < 550


def test_without_a_core_there_is_the_lag_alone() -> None:
    """On machines whose own sensor tells the utilization."""
    assert list(read(LoopLag())) == [("device_loop_lag_seconds",)]


@pytest.mark.parametrize(
    "sensor",
    [
        McuTemperature(lambda: 20, celsius),
        Supply((("supply", lambda: 3300),)),
        IdfHeap(lambda: [(10, 5, 4, 3)]),
        WifiSignal(FakeWlan(-60), lambda: 0),
        GcPause(lambda: None, lambda: 0, lambda _, __: 40),
        Frequency(lambda: 64_000_000),
        LoopLag("0"),
    ],
    ids=lambda sensor: sensor.name,
)
def test_values_are_in_the_catalogues_range(sensor: Any) -> None:
    """A usual reading is one that the host believes, in integers."""
    row: list[Any] = [None] * len(sensor.series)
    sensor.read(row, 0)
    for series, value in zip(sensor.series, row, strict=True):
        least, greatest = RANGES[series[0] if isinstance(series, tuple) else series]
        assert value is None or (type(value) is int and least <= value <= greatest)
