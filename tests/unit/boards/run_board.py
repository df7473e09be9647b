"""Runs on CPython and on MicroPython, before the fakes of a port: makes everything of a board that compose.py asks for,
and prints what it says as JSON.

    run_board.py <folder of boards/> <chip>
"""

import gc
import json
import sys
import time

import hardware

MICROPYTHON = sys.implementation.name == "micropython"
hardware.chip = sys.argv[2]
if not MICROPYTHON:  # what every MicroPython has, and CPython has not
    time.ticks_us = lambda: time.monotonic_ns() // 1000
    time.ticks_ms = lambda: time.monotonic_ns() // 1000000
    time.ticks_diff = lambda later, earlier: later - earlier
    gc.mem_free = lambda: 90000
    gc.mem_alloc = lambda: 12000

import machine  # noqa: E402

from boardpulse import chips, compat  # noqa: E402
from boardpulse.clock import Clock  # noqa: E402
from boards._ports import common, running  # noqa: E402

OPTIONS = {
    "ina219": {"address": 64, "shunt_milliohm": 100, "max_ma": 3200},
    "ina226": {"address": 65, "component": "motor"},
    "ina260": {"address": 68},
    "i2c_temperature": {"address": 72, "location": "case"},
    "ds18b20": {"pin": 4},
    "battery": {"pin": 35, "upper_ohm": 100000, "lower_ohm": 100000},
}
CAUSES = ("PWRON_RESET", "HARD_RESET", "WDT_RESET", "DEEPSLEEP_RESET", "SOFT_RESET")


class Ticks:
    """Milliseconds: a second has passed each time that it is asked."""

    now = 0

    def __call__(self):
        self.now += 1000
        return self.now


class Sys:
    """sys of a board."""

    class implementation:
        """With what it runs on."""

        _machine = "a board with " + hardware.chip.upper()


class Os:
    """os of a board."""

    def listdir(self, path):
        """STM32's root."""
        return ["flash"] if path == "/" else []

    def statvfs(self, path):
        """96 KiB, half of it free."""
        if path not in ("/flash" if "stm32" in hardware.chip else "/", "/sd"):
            raise OSError(1)
        return (512, 512, 192, 96, 96, 0, 0, 0, 0, 255)


class Time:
    """time of a board that counts from `year`, some time in 2026."""

    def __init__(self, year):
        self.year = year

    def time(self):
        """Seconds."""
        return 1770000000 - (946684800 if self.year == 2000 else 0)

    def gmtime(self, seconds):
        """Of 0 only."""
        return (self.year, 1, 1, 0, 0, 0, 5, 1)


def read(sensor):
    """[[series …], [values]] of the second reading."""
    row = [0] * 16
    for _ in range(2):
        sensor.read(row, 0)
    series = [list(one) if isinstance(one, tuple) else [one] for one in sensor.series]
    return [series, row[: len(series)]]


def sensors(board, options):
    """Name → reading, None for what the board has not."""
    clock = Clock(time.ticks_ms, (1 << 30) - 1)
    out = {}
    for row in board.SENSORS:
        given = dict.fromkeys(list(row[2]) + ["interval_ms", "batch"])
        given.update(options.get(row[0], {}))
        made = board.make_sensor(row[0], given, clock, "bench")
        out[row[0]] = None if made is None else read(made)
    return out


def wrong_options(board):
    """The options above that a board's own checks refuse."""
    checks = {row[0]: row[2] for row in board.SENSORS}
    return [(name, key) for name in OPTIONS for key in OPTIONS[name] if checks[name][key](OPTIONS[name][key])]


def causes(board):
    """The chip's name of a cause → the number for hello."""
    out = {}
    for name in CAUSES:
        if hasattr(machine, name):
            machine.cause = getattr(machine, name)
            machine.mem32[0x40058008] = 1  # RP2: the watchdog's time was over
            out[name] = board.reset_cause()
    if hardware.chip == "rp2040":
        machine.mem32[0x40058008] = 2  # RP2: somebody called reset()
        out["reset()"] = board.reset_cause()
    return out


def clocks(board):
    """Unix seconds by a clock that counts from 2000, and from 1970."""
    out = []
    for year in (2000, 1970):
        running.time = Time(year)
        out.append(list(board.wall_clock()))
    return out


def resets(board):
    """What is called for each mode."""
    hardware.happened = []
    for mode in range(3):
        try:
            board.reset(mode)
        except SystemExit:
            pass
    return [name for (name,) in hardware.happened]


def keeps(board):
    """What memory() holds after 24 bytes were put there."""
    memory = board.memory()
    memory(bytes(range(24)))
    return list(board.memory()()[:24])


def guards(board, ms):
    """What a watchdog of so many milliseconds sets up."""
    hardware.happened = []
    board.watchdog(ms)
    return [list(one) for one in hardware.happened]


def main(name):
    """Say everything."""
    common.os = Os()
    compat.ticks_ms = Ticks()  # before the sensors are imported that take it
    chips.sys = common.sys = Sys
    hardware.SoftI2C.devices = {
        64: {2: 3000 << 3 | 2, 3: 60, 4: 1000},  # 12 V; bit 1: it has converted
        65: {2: 9600, 3: 50, 4: 1000, 6: 8},
        68: {1: 800, 2: 9600, 3: 1200, 6: 8},
        72: {0: 0x0C80},
    }
    board = getattr(__import__("boards.%s.board" % name), name).board
    module = sys.modules["boards._ports." + board.PLATFORM]
    if hasattr(module, "os"):
        module.os = common.os
    said = {
        "platform": board.PLATFORM,
        "clock_source": board.CLOCK_SOURCE,
        "rows": [[row[0], row[1]] for row in board.SENSORS],
        "plain": sensors(board, {}),
        "wired": sensors(board, OPTIONS),
        "wrong_options": wrong_options(board),
        "device_id": board.device_id(),
        "mcu": board.mcu(),
        "causes": causes(board),
        "wake_reason": board.wake_reason() if hasattr(board, "wake_reason") else None,
        "clocks": clocks(board),
        "resets": resets(board),
        "keeps": keeps(board),
        "guards": [guards(board, 5000), guards(board, 60000)],
    }
    if hasattr(board, "join"):
        board.join({"ssid": "plant", "password": "secret"})
        hardware.WLAN.connected = True
        said["wifi"] = read(board.make_sensor("wifi", {}, None, ""))
    print(json.dumps(said))


main(sys.argv[1])
