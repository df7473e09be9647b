"""The Raspberry Pi Pico W. Its Wi-Fi chip uses the pin that VSYS would be measured at."""

from boards._ports import common, radio, rp2, running, wifi

_SCL_SDA = (9, 8)

PLATFORM = rp2.PLATFORM
CLOCK_SOURCE = rp2.CLOCK_SOURCE
SENSORS = common.SENSORS + radio.SENSORS + common.HEALTH


def make_sensor(name, options, clock, device_id):
    """The sensor of a name in SENSORS; None where this board has none, or it is not wired."""
    return radio.sensor() if name == "wifi" else rp2.make_sensor(name, options, clock, _SCL_SDA)


check_link = radio.check_link
open_uart = rp2.uart(0, 0, 1)
join = radio.join
open_socket = wifi.open_socket
wall_clock = running.wall_clock
device_id = rp2.device_id
mcu = common.mcu
reset_cause = rp2.reset_cause
reset = running.reset
memory = rp2.memory
deepsleep = running.deepsleep
lightsleep = running.lightsleep
watchdog = rp2.watchdog
