"""Any board with an ESP32-S2."""

from boards._ports import common, esp32, radio, running, wifi

_SCL_SDA = (9, 8)

PLATFORM = esp32.PLATFORM
CLOCK_SOURCE = esp32.CLOCK_SOURCE
SENSORS = esp32.SENSORS


def make_sensor(name, options, clock, device_id):
    """The sensor of a name in SENSORS; None where this board has none, or it is not wired."""
    return esp32.make_sensor(name, options, clock, _SCL_SDA)


check_link = radio.check_link
open_uart = esp32.uart(1, 17, 18)
join = radio.join
open_socket = wifi.open_socket
wall_clock = running.wall_clock
device_id = esp32.device_id
mcu = common.mcu
reset_cause = esp32.reset_cause
wake_reason = esp32.wake_reason
reset = running.reset
memory = esp32.memory
deepsleep = running.deepsleep
lightsleep = running.lightsleep
watchdog = esp32.watchdog
