"""machine of the stm32 port."""

import hardware
from hardware import Pin, SoftI2C, Timer  # noqa: F401

# ports/stm32/modmachine.c
SOFT_RESET, PWRON_RESET, HARD_RESET, WDT_RESET, DEEPSLEEP_RESET = 0, 1, 2, 3, 4
mem32 = hardware.Registers()
cause = PWRON_RESET
# Which UARTs MicroPython's builds have (ports/stm32/boards/*/mpconfigboard.h), the REPL's first.
UARTS = {
    "stm32f405rg": (None, 1, 2, 3, 4, 6),
    "stm32f446re": (2, 6),
    "stm32f767zi": (3, 2, 6),
    "stm32h743zi": (3, 2, 5, 6, 7, 8),
    "stm32l476rg": (2,),
    "stm32wb55rg": (1, "LP1"),
}


def reset_cause():
    """As a test says."""
    return cause


def freq():
    """SYSCLK, HCLK, PCLK1, PCLK2 in Hz."""
    return 168000000, 168000000, 42000000, 84000000


def unique_id():
    """96 bits."""
    return b"\x39\x00\x30\x00\x0d\x51\x33\x32\x33\x34\x37\x30"


class UART(hardware.Line):
    """ports/stm32/machine_uart.c: no tx, rx and txbuf; the REPL's UART is static; a write waits for the last bit."""

    def __init__(self, id, baudrate=9600, bits=8, parity=None, stop=1, *, timeout=0, timeout_char=0, flow=0, rxbuf=64,
                 read_buf_len=64):  # fmt: skip
        there = UARTS[hardware.chip]
        if id not in there:
            raise ValueError("UART(%s) doesn't exist" % id)
        if id == there[0]:
            raise ValueError("UART is static and can't be init'd")
        self._open(id, baudrate, 0, {"rxbuf": rxbuf, "timeout": timeout})

    def write(self, buf, offset, length):
        """All of it, and it has left."""
        self._take(buf, offset, length)
        self._wait_for(length)
        return length


class ADC:
    """ports/stm32/machine_adc.c: no read_uv before 1.29."""

    def __init__(self, pin):
        self.pin = pin

    def read_u16(self):
        """2 V of 3.3 V."""
        return 39718


class WDT(hardware.Watchdog):
    """ports/stm32/wdt.c: 12 bits of 32 kHz / 256."""

    most_ms = 32768


reset = hardware.ends("reset")
soft_reset = hardware.ends("soft_reset")
bootloader = hardware.ends("bootloader")
deepsleep = hardware.ends("deepsleep")
lightsleep = hardware.ends("lightsleep")
