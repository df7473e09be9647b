"""What boards of the stm32 port have in common. At the start only; what stays is in running.py and lan.py."""

import os

from boardpulse import chips
from boardpulse.clock import RTC
from boards._ports import common, running

PLATFORM = "stm32"
CLOCK_SOURCE = RTC
SENSORS = common.SENSORS + (("supply", 0, {}),) + common.HEALTH
_CHANNELS = 0x60000  # of ADCAll: none that is a pin on any of these chips; bit 16 is one on L4 and H7
_MOST_WATCHDOG_MS = 32000
_VOLUMES = ("flash", "sd")


def make_sensor(name, options, clock, i2c_pins):
    """The sensor of a name in SENSORS; None where it is not wired."""
    if name == "temperature":
        from boardpulse.sensors.mcu_temperature import McuTemperature, celsius_float

        return McuTemperature(running.bound(running.core_celsius, _adc_all()), celsius_float)
    if name == "supply":
        from boardpulse.sensors.supply import Supply, adcall_mv

        adc = _adc_all()
        vdda, vbat = running.bound(adcall_mv, adc.read_vref), running.bound(adcall_mv, adc.read_core_vbat)
        return Supply((("vdda", vdda), ("vbat", vbat)))
    paths = ["/" + volume for volume in _VOLUMES if volume in os.listdir("/")]
    return common.own_sensor(name, clock, paths) or common.wired_sensor(name, options, i2c_pins, millivolts)


def _adc_all():
    from pyb import ADCAll

    return ADCAll(12, _CHANNELS)


def millivolts(pin):
    """A function that returns the millivolts at a pin, 0 to 3.3 V."""
    from machine import ADC, Pin

    return running.bound(running.ratio_mv, ADC(Pin(pin)))


def uart(number):
    """open_uart of a board whose own UART this is. The port's write() waits until the last bit is out: 64 bytes take
    5.6 ms at 115200 baud."""
    return running.uart(number, {}, 64, rxbuf=512)


def check_link(link, has_network=False):
    """What is wrong with a link's options, as ConfigError lists it."""
    if link["type"] == "uart":
        return common.check_uart(link, has_pins=False)
    return [] if has_network else common.no_network(link)


def memory():
    """Memory that a reset and standby leave as they are: the first six backup registers of the RTC."""
    import machine
    import stm

    from boardpulse.backup_registers import BackupRegisters

    first = stm.RTC + stm.RTC_BKP0R
    return BackupRegisters(machine.mem32, range(first, first + 24, 4))


def watchdog(ms):
    """The independent watchdog: 12 bits of its clock of about 32 kHz divided by 256."""
    return common.watchdog(ms, _MOST_WATCHDOG_MS)


def device_id():
    """stm32-, and the chip's number of 96 bits."""
    return common.device_id(PLATFORM)


def reset_cause():
    """SPEC.md section 3."""
    import machine

    return chips.reset_cause(PLATFORM, machine)
