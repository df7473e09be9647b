"""What boards of the rp2 port have in common. At the start only; what stays is in running.py."""

from boardpulse import chips
from boardpulse.clock import RTC
from boards._ports import common, running

PLATFORM = "rp2"
CLOCK_SOURCE = RTC
_MOST_WATCHDOG_MS = 8388


def make_sensor(name, options, clock, i2c_pins):
    """A sensor that any board of the port may have; None where it has none, or it is not wired."""
    if name == "temperature":
        from machine import ADC

        from boardpulse.sensors.mcu_temperature import McuTemperature, rp2

        return McuTemperature(ADC(ADC.CORE_TEMP).read_u16, rp2)
    return common.own_sensor(name, clock, ("/",)) or common.wired_sensor(name, options, i2c_pins, millivolts)


def millivolts(pin):
    """A function that returns the millivolts at a pin, 0 to 3.3 V."""
    from machine import ADC, Pin

    return running.bound(running.ratio_mv, ADC(Pin(pin)))


def check_link(link):
    """What is wrong with a link's options for a board without a network, as ConfigError lists it."""
    return common.check_uart(link) if link["type"] == "uart" else common.no_network(link)


def uart(number, tx, rx):
    """open_uart of a board whose own UART this is."""
    return running.uart(number, {"tx": tx, "rx": rx}, 512, rxbuf=512, txbuf=512)


def memory():
    """Memory that a reset leaves as it is: the watchdog's scratch registers but 4, which the reset itself uses, and 7
    (RP2040 datasheet, sections 2.8.1.1 and 4.7.6)."""
    import machine

    from boardpulse.backup_registers import BackupRegisters

    return BackupRegisters(machine.mem32, [0x4005800C + 4 * number for number in (0, 1, 2, 3, 5, 6)])


def watchdog(ms):
    """The chip's watchdog, whose 24 bits count twice a microsecond (RP2040 errata E1)."""
    return common.watchdog(ms, _MOST_WATCHDOG_MS)


def device_id():
    """rp2-, and the number of the flash chip."""
    return common.device_id(PLATFORM)


def reset_cause():
    """SPEC.md section 3."""
    import machine

    return chips.reset_cause(PLATFORM, machine)
