"""The Raspberry Pi Pico."""

from boards._ports import common, rp2, running

_SCL_SDA = (9, 8)
_VSYS = 29

PLATFORM = rp2.PLATFORM
CLOCK_SOURCE = rp2.CLOCK_SOURCE
SENSORS = common.SENSORS + (("supply", 0, {}),) + common.HEALTH


def make_sensor(name, options, clock, device_id):
    """The sensor of a name in SENSORS; None where it is not wired."""
    if name == "supply":
        from machine import ADC

        from boardpulse.sensors.supply import Supply, rp2_vsys_mv

        return Supply((("vsys", running.chained(rp2_vsys_mv, ADC(_VSYS).read_u16)),))
    return rp2.make_sensor(name, options, clock, _SCL_SDA)


check_link = rp2.check_link
open_uart = rp2.uart(0, 0, 1)
open_socket = None  # check_link refuses what would need it
wall_clock = running.wall_clock
device_id = rp2.device_id
mcu = common.mcu
reset_cause = rp2.reset_cause
reset = running.reset
memory = rp2.memory
deepsleep = running.deepsleep
lightsleep = running.lightsleep
watchdog = rp2.watchdog
