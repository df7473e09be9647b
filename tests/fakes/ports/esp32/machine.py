"""machine of the esp32 port."""

import hardware
from hardware import Pin, SoftI2C, Timer  # noqa: F401

# ports/esp32/modmachine.c
PWRON_RESET, HARD_RESET, WDT_RESET, DEEPSLEEP_RESET, SOFT_RESET = 1, 2, 3, 4, 5
PIN_WAKE, EXT0_WAKE, EXT1_WAKE, TIMER_WAKE, TOUCHPAD_WAKE, ULP_WAKE = 2, 2, 3, 4, 5, 6
mem32 = hardware.Registers()
cause = PWRON_RESET
woken_by = TIMER_WAKE


def reset_cause():
    """As a test says."""
    return cause


def wake_reason():
    """As a test says."""
    return woken_by


def freq():
    """Hz."""
    return 160000000


def unique_id():
    """The first MAC address."""
    return b"\x24\x6f\x28\xa1\xb2\xc3"


class UART(hardware.Line):
    """ports/esp32/machine_uart.c: keyword arguments as there; a write waits until all of it is in txbuf. POLLOUT is
    always set."""

    def __init__(self, id, baudrate=115200, *, tx=None, rx=None, rts=None, cts=None, txbuf=256, rxbuf=256, timeout=0,
                 timeout_char=0, invert=0, flow=0):  # fmt: skip
        if not 0 <= id <= (2 if hardware.chip in ("esp32", "esp32s3") else 1):
            raise ValueError("UART(%d) does not exist" % id)
        self._open(id, baudrate, txbuf, {"tx": tx, "rx": rx, "rxbuf": rxbuf, "timeout": timeout})

    def write(self, buf, offset, length):
        """All of it, however long that takes."""
        over = self.queued + length - self.txbuf
        if over > 0:
            self._wait_for(over)
        return self._take(buf, offset, length)


class ADC:
    """ports/esp32/machine_adc.c, calibrated."""

    ATTN_11DB = 3

    def __init__(self, pin, *, atten=0):
        self.pin, self.atten = pin, atten

    def read_uv(self):
        """1.85 V, in steps of a millivolt."""
        return 1850000


class RTC:
    """2048 bytes live through a deep sleep (ports/esp32/machine_rtc.c)."""

    kept = b""

    def memory(self, data=None):
        """Read, or write."""
        if data is not None:
            RTC.kept = bytes(data)
        return RTC.kept


class WDT(hardware.Watchdog):
    """No greatest timeout in the code (ports/esp32/machine_wdt.c)."""


reset = hardware.ends("reset")
soft_reset = hardware.ends("soft_reset")
deepsleep = hardware.ends("deepsleep")
lightsleep = hardware.ends("lightsleep")
