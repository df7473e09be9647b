"""A Linux machine as a node of its own, a Raspberry Pi or a server: under CPython or MicroPython. Only what can be
read is sent."""

from boardpulse import posix

PLATFORM = "linux"

# name, interval in ms if it is to be longer than the configured one, checks of its options
SENSORS = (
    ("cpu", 0, {}),
    ("memory", 0, {}),
    ("temperature", 0, {}),
    ("hwmon", 0, {}),
    ("power", 0, {}),
    ("rapl", 0, {}),
    ("accelerator", 0, {}),
    ("network", 0, {}),
    ("uptime", 0, {}),
    ("loop_lag", 0, {}),
    ("frequency", 0, {}),
    ("filesystem", 30000, {"paths": posix.paths}),
    ("health", 10000, {}),
)


def make_sensor(name, options, clock, device_id):
    """The sensor of a name in SENSORS; None where this machine has none."""
    if name == "cpu":
        from boardpulse.sensors.linux_cpu import Cpu

        return Cpu()
    if name == "memory":
        from boardpulse.sensors.linux_memory import SystemMemory

        return SystemMemory()
    if name == "hwmon":
        from boardpulse.sensors.linux_hwmon import Hwmon

        return Hwmon()
    if name == "network":
        from boardpulse.sensors.linux_network import Network

        return Network()
    if name == "rapl":
        from boardpulse.sensors.linux_rapl import Rapl

        return Rapl()
    if name == "accelerator":
        from boardpulse.sensors.linux_accelerator import Accelerators

        return Accelerators()
    if name == "frequency":
        from boardpulse.sensors.linux_core_frequency import CoreFrequencies

        cores = CoreFrequencies()
        if cores.series:
            return cores
    return posix.make_sensor(name, options, clock)


CLOCK_SOURCE = posix.CLOCK_SOURCE
check_link = posix.check_link
open_uart = posix.open_uart
open_socket = posix.open_socket
wall_clock = posix.wall_clock
device_id = posix.device_id
mcu = posix.mcu
reset_cause = posix.reset_cause
reset = posix.reset
