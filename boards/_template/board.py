"""Copy this folder to boards/<name>. board.py is the one place that knows the board: its pins, its buses, its sensors.

What boards of a port have in common is in boards/_ports: take it from there, and write here what is different.
compose.py asks for the names below, of which those after `reset` may be left out.
"""

from boards._ports import common, esp32, radio, running, wifi

_SCL_SDA = (9, 8)  # the I²C bus that sensors are wired to

PLATFORM = esp32.PLATFORM
CLOCK_SOURCE = esp32.CLOCK_SOURCE

# name, interval in ms if it is to be longer than the configured one, checks of its options. To have one more, or one
# less, make the tuple here: esp32.SENSORS is made of common.SENSORS, its own, radio.SENSORS and common.HEALTH.
SENSORS = esp32.SENSORS


def make_sensor(name, options, clock, device_id):
    """The sensor of a name in SENSORS, with what it reads; None where this board has none, or it is not wired.

    A sensor of your own: `if name == "soil": from boardpulse.sensors.temperature import …; return …`. It must not refer
    to this module once it is made (a lambda would; running.bound() does not): the module is given back after the start.
    """
    return esp32.make_sensor(name, options, clock, _SCL_SDA)


check_link = radio.check_link
open_uart = esp32.uart(1, 17, 18)  # number, TX, RX: as wiring.md says
open_socket = wifi.open_socket
wall_clock = running.wall_clock
device_id = esp32.device_id
mcu = common.mcu
reset_cause = esp32.reset_cause
reset = running.reset
wake_reason = esp32.wake_reason
join = radio.join
memory = esp32.memory
deepsleep = running.deepsleep
lightsleep = running.lightsleep
watchdog = esp32.watchdog
