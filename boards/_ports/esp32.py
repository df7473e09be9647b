"""What boards of the esp32 port have in common. At the start only; what stays is in running.py and wifi.py."""

from boardpulse import chips
from boardpulse.clock import RTC
from boards._ports import common, radio, running

PLATFORM = "esp32"
CLOCK_SOURCE = RTC
SENSORS = common.SENSORS + (("idf_heap", 10000, {}),) + radio.SENSORS + common.HEALTH


def make_sensor(name, options, clock, i2c_pins):
    """The sensor of a name in SENSORS; None where the board has none, or it is not wired."""
    import esp32

    if name == "temperature":
        from boardpulse.sensors.mcu_temperature import McuTemperature, celsius, fahrenheit

        if hasattr(esp32, "mcu_temperature"):
            return McuTemperature(esp32.mcu_temperature, celsius)
        return McuTemperature(esp32.raw_temperature, fahrenheit)
    if name == "idf_heap":
        from boardpulse.sensors.idf_heap import IdfHeap

        return IdfHeap(running.bound(esp32.idf_heap_info, esp32.HEAP_DATA))
    if name == "wifi":
        return radio.sensor()
    return common.own_sensor(name, clock, ("/",)) or common.wired_sensor(name, options, i2c_pins, millivolts)


def millivolts(pin):
    """A function that returns the millivolts at a pin, from about 100 on, by the chip's calibration."""
    from machine import ADC, Pin

    return running.bound(running.adc_mv, ADC(Pin(pin), atten=ADC.ATTN_11DB))


def uart(number, tx, rx):
    """open_uart of a board whose own UART this is. txbuf is not of MicroPython's heap, and holds 512 bytes however the
    driver cuts them (ESP-IDF, uart_driver_install: half a ring buffer an item)."""
    return running.uart(number, {"tx": tx, "rx": rx}, 512, rxbuf=512, txbuf=1024)


def memory():
    """Memory that a deep sleep leaves as it is: 2048 bytes."""
    from machine import RTC

    return RTC().memory


def watchdog(ms):
    """The task watchdog of ESP-IDF, which waits for as long as it is told."""
    return common.watchdog(ms, ms)


def device_id():
    """esp32-, and the chip's first MAC address."""
    return common.device_id(PLATFORM)


def reset_cause():
    """SPEC.md section 3."""
    import machine

    return chips.reset_cause(PLATFORM, machine)


def wake_reason():
    """SPEC.md section 3."""
    import machine

    return chips.wake_reason(machine)
