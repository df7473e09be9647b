"""Runs on MicroPython, 64 and 32 bit, and on CPython: the arithmetic of the sensors of a chip, and the heap that they
take.

Prints a line for each promise kept, and ends with an exception at the first that is not.
"""

import gc
import sys

from boardpulse.chips import reset_cause, wake_reason
from boardpulse.compat import MICROPYTHON, TICKS_MASK
from boardpulse.sensors.frequency import Frequency
from boardpulse.sensors.gc_pause import GcPause
from boardpulse.sensors.idf_heap import IdfHeap
from boardpulse.sensors.loop_lag import LoopLag
from boardpulse.sensors.mcu_temperature import McuTemperature, celsius, celsius_float, fahrenheit, rp2
from boardpulse.sensors.supply import Supply, adcall_mv, rp2_vsys_mv
from boardpulse.sensors.wifi_signal import WifiSignal


class Ticks:
    """A counter whose time the test lets pass."""

    def __init__(self, start):
        self.now = start

    def __call__(self):
        return self.now


class Wlan:
    """A fake of network.WLAN."""

    def isconnected(self):
        """It is."""
        return True

    def status(self, what):
        """dBm"""
        return -61


class Machine:
    """A fake of the STM32 port's machine after a soft reset."""

    SOFT_RESET = 0
    PWRON_RESET = 1

    def reset_cause(self):
        """SOFT_RESET"""
        return 0


class Reader:
    """A fake of what a port reads: the same number each time."""

    def __init__(self, value):
        self.value = value

    def __call__(self):
        return self.value


def conversions():
    """The same integers on every interpreter, over all that an ADC can say."""
    assert rp2(891 << 4 | 891 >> 8) == 2012
    total = vsys = 0
    for raw in range(4096):
        total += rp2(raw << 4 | raw >> 8)
        vsys += rp2_vsys_mv(raw << 4 | raw >> 8)
    print("sums", total, vsys, sum([fahrenheit(raw) or 0 for raw in range(256)]))
    assert celsius(-40) == -4000
    assert [celsius_float(value) for value in (36.25, -12.5, 0.0)] == [3625, -1250, 0]
    assert adcall_mv(lambda: 3.3) == 3300


def a_wrap_of_the_ticks_shows_nowhere():
    """Utilization across the wrap that the interpreter's own counter has; a host's has none."""
    ticks = Ticks(TICKS_MASK - 400)
    lag = LoopLag("0", ticks)
    row = [0, 0]
    lag.read(row, 0)
    assert row == [0, None], row
    lag.note(250000, 50000)
    ticks.now = 599 if MICROPYTHON else TICKS_MASK + 600
    lag.read(row, 0)
    assert row == [250000, 300], row


def lists_of_regions():
    """Summed."""
    row = [0] * 4
    IdfHeap(lambda: [(1000, 400, 300, 100), (2000, 1500, 1400, 900)]).read(row, 0)
    assert row == [1900, 1100, 1400, 1000], row


def causes():
    """A soft reset that is 0 is one."""
    assert reset_cause("stm32", Machine()) == 5
    assert wake_reason(Machine()) == 0


def no_heap():
    """What the sensors take in a thousand readings, where it can be measured: nothing, but for the port's own floats,
    tuples and lists."""
    ticks = Ticks(0)
    lag = LoopLag("0", ticks)
    sensors = (
        McuTemperature(Reader(14259), rp2),
        McuTemperature(Reader(65535), rp2),
        McuTemperature(Reader(110), fahrenheit),
        McuTemperature(Reader(41), celsius),
        Supply((("supply", Reader(3300)), ("vbat", Reader(None)))),
        WifiSignal(Wlan(), Reader(2)),
        Frequency(Reader(480000000)),
        GcPause(Reader(None), ticks, between),
        lag,
    )
    row = [0, 0]
    round_of(sensors, row, lag, ticks, 10)
    if hasattr(gc, "mem_alloc"):
        gc.collect()
        gc.disable()
        before = gc.mem_alloc()
        round_of(sensors, row, lag, ticks, 1000)
        taken = gc.mem_alloc() - before
        gc.enable()
        assert taken == 0, taken


def between(later, earlier):
    """A fake of ticks_diff."""
    return later - earlier


def round_of(sensors, row, lag, ticks, times):
    """Read every sensor that often, a second apart, on a loop that is almost always busy."""
    for _ in range(times):
        ticks.now += 1000
        lag.note(900000, 90000)
        for sensor in sensors:
            sensor.read(row, 0)


def main():
    """Keep every promise."""
    for promise in (conversions, a_wrap_of_the_ticks_shows_nowhere, lists_of_regions, causes, no_heap):
        promise()
        print(promise.__name__)


if __name__ == "__main__":
    main()
    print("kept on", sys.implementation.name)
