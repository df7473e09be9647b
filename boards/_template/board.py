"""Copy this folder to boards/<name>. board.py is the one place that knows pins and buses: it makes them, and hands
them on.

compose.py asks for the names below; everything else is up to the board.
"""

import gc
import time

from boardpulse.clock import RTC, unix_offset_s

PLATFORM = "esp32"
CLOCK_SOURCE = RTC
_CLOCK_UNCERTAINTY_MS = 1000  # machine.RTC tells whole seconds on most ports

# name, interval in ms if it is to be longer than the configured one, checks of its options (see boards/unix)
SENSORS = (
    ("heap", 0, {}),
    ("temperature", 0, {}),
    ("uptime", 0, {}),
    ("loop_lag", 0, {}),
    ("health", 10000, {}),
)


def make_sensor(name, options, clock, device_id):
    """The sensor of a name in SENSORS, with what it reads; None where this board has none. Imports only what it makes.

    compose.py makes `health`, and gives `loop_lag` what it measures.
    """
    if name == "heap":
        from boardpulse.sensors.heap import Heap

        return Heap(gc)
    if name == "temperature":
        from esp32 import mcu_temperature

        from boardpulse.sensors.temperature import Temperature

        return Temperature(lambda: mcu_temperature() * 100)
    if name == "uptime":
        from boardpulse.sensors.uptime import Uptime

        return Uptime(clock)
    if name == "loop_lag":
        from boardpulse.sensors.loop_lag import LoopLag

        return LoopLag()
    return None


class Port:
    """A machine.UART as a stream for links.uart: it never waits."""

    def __init__(self, link):
        from machine import UART

        tx, rx = link["tx"] or 17, link["rx"] or 18
        self._uart = UART(link["id"] or 1, link["baudrate"], tx=tx, rx=rx, timeout=0, rxbuf=512, txbuf=1024)

    def write(self, buf, offset, length):
        """Bytes that were taken. At most what txbuf holds at once, because POLLOUT is always true on this port."""
        return self._uart.write(buf, offset, min(length, 128)) if self._uart.txdone() else None

    def readinto(self, buf):
        """Bytes that were read; None for none."""
        return self._uart.readinto(buf)

    def close(self):
        """Let go of the pins."""
        self._uart.deinit()


def open_uart(link):
    """The UART that is wired to the bridge (wiring.md)."""
    return Port(link)


def open_socket(link):
    """A connection to the broker; OSError while there is no network, which the link takes as a reason to try again
    later."""
    from boardpulse.links.sockets import open_socket as connect

    return connect(link)


def wall_clock():
    """(unix seconds, milliseconds, uncertainty in ms). A clock that was never set says 2000 or so, and is not
    believed."""
    return time.time() + unix_offset_s(time.gmtime), 0, _CLOCK_UNCERTAINTY_MS


def device_id():
    """What the board is called where the configuration does not say."""
    from machine import unique_id

    return PLATFORM + "-" + unique_id().hex()


def mcu():
    """What the chip is."""
    import os

    return os.uname().machine


def reset_cause():
    """SPEC.md section 3: 1 power on, 2 hard, 3 watchdog, 4 deep sleep, 5 soft. The port's own numbers differ from
    port to port."""
    import machine

    causes = {
        machine.PWRON_RESET: 1,
        machine.HARD_RESET: 2,
        machine.WDT_RESET: 3,
        machine.DEEPSLEEP_RESET: 4,
        machine.SOFT_RESET: 5,
    }
    return causes.get(machine.reset_cause(), 0)


def reset(mode):
    """0 soft, 1 hard, 2 boot loader."""
    import machine

    (machine.soft_reset, machine.reset, machine.bootloader)[mode]()
