"""ST's NUCLEO-F446RE."""

from boards._ports import common, running, stm32

_SCL_SDA = ("B8", "B9")

PLATFORM = stm32.PLATFORM
CLOCK_SOURCE = stm32.CLOCK_SOURCE
SENSORS = stm32.SENSORS


def make_sensor(name, options, clock, device_id):
    """The sensor of a name in SENSORS; None where it is not wired."""
    return stm32.make_sensor(name, options, clock, _SCL_SDA)


check_link = stm32.check_link
open_uart = stm32.uart(6)
open_socket = None  # check_link refuses what would need it
wall_clock = running.wall_clock
device_id = stm32.device_id
mcu = common.mcu
reset_cause = stm32.reset_cause
reset = running.reset
memory = stm32.memory
deepsleep = running.deepsleep
lightsleep = running.stop_mode
watchdog = stm32.watchdog
