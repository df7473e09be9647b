"""A Unix machine in the place of a board: MicroPython's unix port, or CPython. What it has no sensor for is
simulated, and says so."""

import gc
import os

from boardpulse import posix

PLATFORM = "unix"

# name, interval in ms if it is to be longer than the configured one, checks of its options
SENSORS = (
    ("heap", 0, {}),
    ("stack", 0, {}),
    ("temperature", 0, {}),
    ("power", 0, {}),
    ("simulated", 0, {}),
    ("uptime", 0, {}),
    ("loop_lag", 0, {}),
    ("frequency", 10000, {}),
    ("filesystem", 30000, {"paths": posix.paths}),
    ("boot_number", 60000, {}),  # made by compose.py, as health is
    ("health", 10000, {}),
)


def make_sensor(name, options, clock, device_id):
    """The sensor of a name in SENSORS; None where this machine has none."""
    if name == "heap" and hasattr(gc, "mem_free"):
        from boardpulse.sensors.heap import Heap

        return Heap()
    if name == "stack":
        return _stack()
    if name == "simulated" and not (_has("/sys/class/thermal/thermal_zone0") and _has("/sys/class/power_supply")):
        from boardpulse.sensors.simulated import Simulated, seed_of

        return Simulated(seed_of(device_id))
    return posix.make_sensor(name, options, clock)


def _has(folder):
    try:
        return bool(os.listdir(folder))
    except OSError:
        return False


def _stack():
    try:
        from micropython import stack_use
    except ImportError:
        return None
    from boardpulse.sensors.stack import Stack

    return Stack(stack_use)


CLOCK_SOURCE = posix.CLOCK_SOURCE
check_link = posix.check_link
open_uart = posix.open_uart
open_socket = posix.open_socket
wall_clock = posix.wall_clock
device_id = posix.device_id
mcu = posix.mcu
reset_cause = posix.reset_cause
reset = posix.reset
memory = posix.memory
deepsleep = posix.deepsleep
lightsleep = posix.lightsleep
