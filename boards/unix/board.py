"""A Unix machine in the place of a board: MicroPython's unix port, or CPython. What it has no sensor for is
simulated, and says so."""

import gc
import os
import sys
import time

from boardpulse.clock import HOST
from boardpulse.config import text

PLATFORM = "unix"
CLOCK_SOURCE = HOST
_CLOCK_UNCERTAINTY_MS = 100  # a host that keeps its clock by NTP is nearer; one that does not may be anywhere


def _paths(value):
    """A check for the option `paths`."""
    right = "a list of 1 to 8 paths"
    return (
        "" if isinstance(value, list) and 0 < len(value) <= 8 and not any(text(256)(path) for path in value) else right
    )


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
    ("filesystem", 30000, {"paths": _paths}),
    ("health", 10000, {}),
)


def make_sensor(name, options, clock):
    """The sensor of a name in SENSORS; None where this machine has none."""
    if name == "heap" and hasattr(gc, "mem_free"):
        from boardpulse.sensors.heap import Heap

        return Heap()
    if name == "stack":
        return _stack()
    if name == "temperature":
        from boardpulse.sensors.linux_thermal import ThermalZones

        return ThermalZones()
    if name == "power":
        from boardpulse.sensors.linux_power_supply import PowerSupplies

        return PowerSupplies()
    if name == "simulated" and not (_has("/sys/class/thermal/thermal_zone0") and _has("/sys/class/power_supply")):
        from boardpulse.sensors.simulated import Simulated

        return Simulated()
    if name == "uptime":
        from boardpulse.sensors.uptime import Uptime

        return Uptime(clock)
    if name == "loop_lag":
        from boardpulse.sensors.loop_lag import LoopLag

        return LoopLag()
    if name == "frequency":
        from boardpulse.sensors.frequency import Frequency, linux_reader

        reader = linux_reader()
        return None if reader is None else Frequency(reader)
    if name == "filesystem":
        from boardpulse.sensors.filesystem import Filesystem

        return Filesystem(os.statvfs, options.get("paths") or ("/",))
    return None


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


def open_uart(link):
    """The serial port or pseudo-terminal at link["path"]."""
    from boardpulse.links.tty import open_tty

    return open_tty(link["path"], link["baudrate"])


def open_socket(link):
    """A connection to the broker."""
    from boardpulse.links.sockets import open_socket as connect

    return connect(link)


def wall_clock():
    """(unix seconds, milliseconds, uncertainty in ms) of the operating system."""
    ns = time.time_ns()
    return ns // 1000000000, ns // 1000000 % 1000, _CLOCK_UNCERTAINTY_MS


def device_id():
    """No default: two programs on one machine would share it."""
    return


def mcu():
    """What the machine is."""
    return sys.platform


def reset_cause():
    """A program that was started: power on."""
    return 1


def reset(mode):
    """End with status 3 for a soft reset, 4 for a hard one: whoever runs the program starts it again."""
    sys.exit(4 if mode == 1 else 3)
