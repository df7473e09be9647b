"""ST's NUCLEO-F767ZI, with Ethernet."""

from boards._ports import common, lan, running, stm32

_SCL_SDA = ("B8", "B9")

PLATFORM = stm32.PLATFORM
CLOCK_SOURCE = stm32.CLOCK_SOURCE
SENSORS = stm32.SENSORS


def make_sensor(name, options, clock, device_id):
    """The sensor of a name in SENSORS; None where it is not wired."""
    return stm32.make_sensor(name, options, clock, _SCL_SDA)


def check_link(link):
    """What is wrong with a link's options, as ConfigError lists it."""
    return stm32.check_link(link, has_network=True)


open_uart = stm32.uart(6)
open_socket = lan.open_socket
wall_clock = running.wall_clock
device_id = stm32.device_id
mcu = common.mcu
reset_cause = stm32.reset_cause
reset = running.reset
memory = stm32.memory
deepsleep = running.deepsleep
lightsleep = running.stop_mode
watchdog = stm32.watchdog
