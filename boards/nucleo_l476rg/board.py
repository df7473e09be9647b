"""ST's NUCLEO-L476RG."""

from boards._ports import common, running, stm32

_SCL_SDA = ("B8", "B9")

PLATFORM = stm32.PLATFORM
CLOCK_SOURCE = stm32.CLOCK_SOURCE
SENSORS = stm32.SENSORS


def make_sensor(name, options, clock, device_id):
    """The sensor of a name in SENSORS; None where it is not wired."""
    return stm32.make_sensor(name, options, clock, _SCL_SDA)


def check_link(link):
    """What is wrong with a link's options, as ConfigError lists it. MicroPython's build has one UART, the REPL's."""
    problems = stm32.check_link(link)
    if link["type"] == "uart" and link["id"] == 0:
        problems.append(("link.id", 0, "left out, or a UART that your own build of MicroPython has"))
    return problems


open_uart = stm32.uart(None)
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
