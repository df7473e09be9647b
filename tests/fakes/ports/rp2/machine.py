"""machine of the rp2 port."""

import hardware
from hardware import Pin, SoftI2C, Timer  # noqa: F401

# ports/rp2/modmachine.c: there are no others
PWRON_RESET, WDT_RESET = 1, 3
mem32 = hardware.Registers()
cause = PWRON_RESET


def reset_cause():
    """As a test says; a call of reset() is a watchdog's too."""
    return cause


def freq():
    """Hz."""
    return 125000000


def unique_id():
    """The flash chip's."""
    return b"\xe6\x61\x64\x08\x43\x4b\x2c\x21"


class UART(hardware.Line):
    """ports/rp2/machine_uart.c: pins belong to a UART; with timeout=0 a write takes what fits, None where nothing
    does."""

    def __init__(self, id, baudrate=115200, bits=8, parity=None, stop=1, *, tx=None, rx=None, cts=None, rts=None,
                 timeout=0, timeout_char=0, invert=0, flow=0, txbuf=256, rxbuf=256):  # fmt: skip
        if id not in (0, 1):
            raise ValueError("UART(%d) doesn't exist" % id)
        for pin, least in ((tx, 0), (rx, 1)):
            if pin is not None and (pin & 3 != least or ((pin + 4) & 8) >> 3 != id):
                raise ValueError("bad pin")
        if not 32 <= txbuf <= 32766 or not 32 <= rxbuf <= 32766:
            raise ValueError("buffer")
        self._open(id, baudrate, txbuf, {"tx": tx, "rx": rx, "rxbuf": rxbuf, "timeout": timeout})

    def write(self, buf, offset, length):
        """What fits."""
        fits = min(length, int(self.txbuf - self.queued))
        return self._take(buf, offset, fits) if fits > 0 else None


class ADC:
    """ports/rp2/machine_adc.c: 12 bits, repeated to 16; channel 4 is the thermometer."""

    CORE_TEMP = 4

    def __init__(self, pin):
        self.channel = pin if isinstance(pin, int) else pin.name

    def read_u16(self):
        """0.7 V at the thermometer (30.5 °C), 1.66 V at a third of VSYS, 2 V elsewhere."""
        raw = {4: 869, 29: 2060}.get(self.channel, 2482)
        return raw << 4 | raw >> 8


class WDT(hardware.Watchdog):
    """ports/rp2/machine_wdt.c."""

    most_ms = 8388


reset = hardware.ends("reset")
soft_reset = hardware.ends("soft_reset")
bootloader = hardware.ends("bootloader")
deepsleep = hardware.ends("deepsleep")
lightsleep = hardware.ends("lightsleep")
