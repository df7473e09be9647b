"""What boards that are Unix machines have in common: ports, sockets, clock, and the sensors that read the system.

Their board.py takes from here what it needs; no other board loads this.
"""

import os
import sys
import time

from boardpulse.clock import HOST
from boardpulse.compat import sleep_ms

TYPE_CHECKING = 0
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from boardpulse.clock import Clock
    from boardpulse.protocols import Sensor, Stream

CLOCK_SOURCE = HOST
_CLOCK_UNCERTAINTY_MS = 100  # a host that keeps its clock by NTP is nearer; one that does not may be anywhere
_MAX_PATHS = 8
_PATH_BYTES = 128  # a path is a label

lightsleep = sleep_ms  # the processor of a process that sleeps does the same


def paths(value: object) -> str:
    """A check for the option `paths` of filesystem."""
    from boardpulse.config import text  # not kept: start() gives its memory back

    right = "a list of 1 to %d paths of at most %d bytes" % (_MAX_PATHS, _PATH_BYTES)
    if not isinstance(value, list) or not 0 < len(value) <= _MAX_PATHS:
        return right
    return right if any(text(_PATH_BYTES)(path) for path in value) else ""


def make_sensor(name: str, options: "dict[str, Any]", clock: "Clock") -> "Sensor | None":
    """The sensor of a name that any Unix machine may have; None where this one has none."""
    if name == "temperature":
        from boardpulse.sensors.linux_thermal import ThermalZones

        return ThermalZones()
    if name == "power":
        from boardpulse.sensors.linux_power_supply import PowerSupplies

        return PowerSupplies()
    if name == "uptime":
        from boardpulse.sensors.uptime import Uptime

        return Uptime(clock)
    if name == "loop_lag":
        from boardpulse.sensors.loop_lag import LoopLag

        return LoopLag()
    if name == "frequency":
        return _frequency()
    if name == "filesystem":
        from boardpulse.sensors.filesystem import Filesystem

        return Filesystem(os.statvfs, options.get("paths") or ("/",))
    return None


def _frequency() -> "Sensor | None":
    from boardpulse.sensors.frequency import Frequency
    from boardpulse.sensors.linux_frequency import linux_reader

    reader = linux_reader()
    return None if reader is None else Frequency(reader)


def check_link(link: "dict[str, Any]") -> "list[tuple[str, object, str]]":
    """What is wrong with a link's options for a Unix machine, as ConfigError lists it."""
    if link["type"] != "uart":
        return []
    from boardpulse.links.tty import speed

    problems: list[tuple[str, object, str]] = []
    if not link["path"]:
        problems.append(("link.path", None, "given: the path of a serial port"))
    try:
        speed(link["baudrate"])
    except ValueError as error:
        problems.append(("link.baudrate", link["baudrate"], str(error)))
    return problems


def open_uart(link: "dict[str, Any]") -> "Stream":
    """The serial port or pseudo-terminal at link["path"]; for "repl" the terminal that the program runs in."""
    from boardpulse.links.tty import open_repl, open_tty

    return open_repl(link) if link["path"] == "repl" else open_tty(link["path"], link["baudrate"])


def open_socket(link: "dict[str, Any]") -> "Stream":
    """A connection to the broker."""
    from boardpulse.links.sockets import open_socket as connect

    return connect(link)


def wall_clock() -> "tuple[int, int, int]":
    """(unix seconds, milliseconds, uncertainty in ms) of the operating system."""
    ns = time.time_ns()
    return ns // 1000000000, ns // 1000000 % 1000, _CLOCK_UNCERTAINTY_MS


def device_id() -> "str | None":
    """No default: two programs on one machine would share it."""
    return None


def mcu() -> str:
    """What the machine is."""
    return sys.platform


def reset_cause() -> int:
    """A program that was started: power on."""
    return 1


def memory() -> "Callable[..., bytes] | None":
    """For boardpulse.retained: the file that BOARDPULSE_MEMORY names, in the place of a board's backup memory. None
    without it: a program that is started again remembers nothing."""
    path = os.getenv("BOARDPULSE_MEMORY")
    if not path:
        return None

    def file(data: "bytes | None" = None) -> bytes:
        try:
            with open(path, "rb" if data is None else "wb") as stream:
                if data is None:
                    return stream.read()
                stream.write(data)
        except OSError:
            pass
        return data or b""

    return file


def deepsleep(ms: int) -> None:
    """End with status 5: whoever runs the program starts it again after `ms`, which it is told on the console."""
    print("deep sleep: %d ms" % ms)
    sys.exit(5)


def reset(mode: int) -> None:
    """End with status 3 for a soft reset, 4 for a hard one: whoever runs the program starts it again."""
    sys.exit(4 if mode == 1 else 3)
