"""What every board makes of itself at the start, whatever its port: the sensors that all have, and what may be wired to
it. Not kept after the start."""

import gc
import os
import sys
import time

from boardpulse.config import integer, text

_ADDRESS = {"address": integer(8, 119)}  # the others are reserved (NXP UM10204, table 4)
_MONITOR = {"component": text(128), "average": integer(1, 1024), "address": integer(64, 79)}
_SHUNT = {"shunt_milliohm": integer(1, 100000), "max_ma": integer(1, 1000000)}
_SHUNT.update(_MONITOR)
_THERMOMETER = {"location": text(128), "shift": integer(0, 15), "bits": integer(2, 16), "per_degree": integer(1, 1024)}
_THERMOMETER.update(_ADDRESS)
_OHM = integer(0, 100000000)


def pin(value):
    """A check for a pin: a number, or a name such as B6 on STM32."""
    return "" if not integer(0, 255)(value) or not text(16)(value) else "a pin's number or name"


_DIVIDER = {"pin": pin, "upper_ohm": _OHM, "lower_ohm": integer(1, 100000000)}

# name, interval in ms if it is to be longer than the configured one, checks of its options. What is not in a chip is
# off until its options name an address or a pin.
SENSORS = (
    ("heap", 0, {}),
    ("stack", 0, {}),
    ("temperature", 0, {}),
    ("uptime", 0, {}),
    ("loop_lag", 0, {}),
    ("frequency", 10000, {}),
    ("gc_pause", 30000, {}),
    ("filesystem", 30000, {}),
    ("ina219", 0, _SHUNT),
    ("ina226", 0, _SHUNT),
    ("ina260", 0, _MONITOR),
    ("i2c_temperature", 0, _THERMOMETER),
    ("ds18b20", 0, {"pin": pin}),
    ("battery", 0, _DIVIDER),
    ("boot_number", 60000, {}),  # made by compose.py
)
HEALTH = (("health", 10000, {}),)  # the last: it tells of those before it


def own_sensor(name, clock, paths):
    """A sensor that every board has in itself; None for another name."""
    if name == "heap":
        from boardpulse.sensors.heap import Heap

        return Heap()
    if name == "stack":
        from micropython import stack_use

        from boardpulse.sensors.stack import Stack

        return Stack(stack_use)
    if name == "uptime":
        from boardpulse.sensors.uptime import Uptime

        return Uptime(clock)
    if name == "loop_lag":
        from boardpulse.sensors.loop_lag import LoopLag

        return LoopLag("0")
    if name == "frequency":
        from machine import freq

        from boardpulse.sensors.frequency import Frequency

        return Frequency(freq)
    if name == "gc_pause":
        from boardpulse.sensors.gc_pause import GcPause

        return GcPause(gc.collect, time.ticks_us, time.ticks_diff)
    if name == "filesystem":
        from boardpulse.sensors.filesystem import Filesystem

        return Filesystem(os.statvfs, paths)
    return None


def wired_sensor(name, options, i2c_pins, read_mv):
    """A sensor that is wired to a board, where its options say so: an address on the I²C bus at `i2c_pins`, (SCL, SDA),
    or a pin. `read_mv(pin)` makes a function that returns the millivolts at a pin. None where they do not."""
    given = {key: value for key, value in options.items() if value is not None and key not in ("interval_ms", "batch")}
    if "pin" in given:
        place = given.pop("pin")
        if name == "battery":
            from boardpulse.sensors.battery import Battery

            return Battery(read_mv(place), **given)
        return _thermometers(place)
    return _on_i2c(name, given, i2c_pins) if "address" in given else None


def _thermometers(place):
    from ds18x20 import DS18X20
    from machine import Pin
    from onewire import OneWire

    from boardpulse.sensors.ds18b20 import Ds18b20

    return Ds18b20(DS18X20(OneWire(Pin(place))))


def _on_i2c(name, options, pins):
    from machine import Pin, SoftI2C

    bus = SoftI2C(scl=Pin(pins[0]), sda=Pin(pins[1]), freq=100000)
    if name == "ina219":
        from boardpulse.sensors.ina219 import Ina219

        return Ina219(bus, **options)
    if name == "ina226":
        from boardpulse.sensors.ina226 import Ina226

        return Ina226(bus, **options)
    if name == "ina260":
        from boardpulse.sensors.ina260 import Ina260

        return Ina260(bus, **options)
    from boardpulse.sensors.i2c_temperature import I2cTemperature

    return I2cTemperature(bus, **options)


def check_uart(link, has_pins=True, has_wifi=False):
    """What is wrong with the options of a UART, as ConfigError lists it."""
    problems = []
    if link["wifi"] and not has_wifi:
        problems.append(("wifi", None, "left out: this board has no Wi-Fi"))
    if link["path"]:
        problems.append(("link.path", link["path"], "left out: this board's UARTs have numbers, `id`"))
    for name in ("tx", "rx"):
        if link[name] is not None and not has_pins:
            problems.append(("link." + name, link[name], "left out: each UART of this chip has its pins"))
    return problems


def no_network(link):
    """What is wrong with a link over a network for a board that has none."""
    return [("link.type", link["type"], "uart: this board has no network")]


def watchdog(ms, most):
    """A watchdog that bites after `ms` milliseconds without a step of the node. Where the chip's own waits for `most`
    only, a timer feeds it meanwhile."""
    from machine import WDT

    from boardpulse.watchdog import Watchdog

    hardware_ms = min(ms, most)
    dog = Watchdog(WDT(timeout=hardware_ms).feed, ms, hardware_ms)
    if hardware_ms < ms:
        dog.timer = _every(hardware_ms // 2, dog.feed)  # kept: RP2 collects a timer that nothing refers to
    return dog


def _every(ms, callback):
    from machine import Timer

    try:
        return Timer(-1, period=ms, mode=Timer.PERIODIC, callback=callback, hard=True)
    except TypeError:  # of a MicroPython whose timers wait for the line of Python that runs
        return Timer(-1, period=ms, mode=Timer.PERIODIC, callback=callback)


def device_id(platform):
    """What a board is called where the configuration does not say: its port, and the chip's number in hex."""
    from machine import unique_id

    return platform + "-" + unique_id().hex()


def mcu():
    """Board and chip, as MicroPython calls them."""
    return sys.implementation._machine
