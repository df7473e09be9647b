"""What a board keeps as long as it runs, on every port. What it needs at the start only is in the other modules here:
nothing that stays may refer to them, so that start() can give their memory back."""

import time

from boardpulse.clock import unix_offset_s

_CLOCK_UNCERTAINTY_MS = 1000  # time.time() tells whole seconds on these ports


def wall_clock():
    """(unix seconds, milliseconds, uncertainty in ms). A clock that was never set says 2000, or 1970 or 2021 on RP2,
    and is not believed."""
    return time.time() + unix_offset_s(time.gmtime), 0, _CLOCK_UNCERTAINTY_MS


def reset(mode):
    """0 soft, 1 hard, 2 boot loader: a hard reset where MicroPython knows no way into it."""
    import machine

    if mode == 2 and hasattr(machine, "bootloader"):
        machine.bootloader()
    elif mode:
        machine.reset()
    else:
        machine.soft_reset()


def deepsleep(ms):
    """Sleep until the board starts anew."""
    import machine

    machine.deepsleep(ms)


def lightsleep(ms):
    """Sleep, and go on. Milliseconds that ticks_ms does not count meanwhile: none."""
    import machine

    machine.lightsleep(ms)
    return 0


def stop_mode(ms):
    """lightsleep() of STM32, where ticks_ms stands still meanwhile. Something else that wakes the chip before its time
    puts the clock ahead."""
    lightsleep(ms)
    return ms


def bound(function, argument):
    """A function of no arguments that calls `function` with this one."""
    return lambda: function(argument)


def adc_mv(adc):
    """mV at an ADC that is calibrated."""
    return adc.read_uv() // 1000


def ratio_mv(adc):
    """mV at an ADC whose reference is a supply of 3.3 V."""
    return adc.read_u16() * 3300 >> 16


def core_celsius(adc):
    """°C of a pyb.ADCAll, corrected by the supply as it is now."""
    adc.read_core_vref()
    return adc.read_core_temp()


def chained(convert, read):
    """A function that returns what `convert` makes of read()."""
    return lambda: convert(read())


class Port:
    """A machine.UART as a stream for links.uart.

    It gets `most` bytes when all before have left the chip: poll() says nothing useful, because POLLOUT is always true
    on an ESP32, and a write waits for what its buffer does not hold, on STM32 for the last bit. The call after a write
    takes nothing, so that other tasks run between two such waits.
    """

    def __init__(self, uart, most):
        self._uart = uart
        self._most = most
        self._rests = False

    def write(self, buf, offset, length):
        """Bytes that were taken; None for none."""
        if self._rests or not self._uart.txdone():
            self._rests = False
            return None
        self._rests = True
        return self._uart.write(buf, offset, min(length, self._most))

    def readinto(self, buf):
        """Bytes that were read; None for none."""
        return self._uart.readinto(buf)

    def close(self):
        """Let go of the pins."""
        self._uart.deinit()


def uart(number, pins, most, **buffers):
    """A board's open_uart: over the REPL's own line where the configuration names no UART, else over that UART, with
    the pins that it names. 0 is UART `number` of the board, at `pins`. `most` bytes are written at once. It raises
    OSError where there is no such UART."""

    def open_uart(link):
        if link["id"] is None and link["tx"] is None:
            from boardpulse.links.repl import open_repl

            return open_repl(link)
        from machine import UART

        options = dict(buffers)
        if not link["id"]:
            options.update(pins)
        for name in ("tx", "rx"):
            if link[name] is not None:
                options[name] = link[name]
        try:
            return Port(UART(link["id"] or number, link["baudrate"], timeout=0, **options), most)
        except ValueError as error:  # what it is asked for the chip has not, or the REPL has it
            raise OSError("UART %s: %s" % (link["id"] or number, error))

    return open_uart
