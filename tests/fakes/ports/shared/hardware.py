"""What the fakes of all ports have in common: pins, a serial line that takes time, an I²C bus with memory.

Tests set `chip` before anything else, and read what happened from here.
"""

chip = ""
happened = []  # what was called that would not return on a board, or that a test asks about


class Pin:
    """machine.Pin: a name and nothing more."""

    IN, OUT, OPEN_DRAIN, PULL_UP = 0, 1, 2, 1

    def __init__(self, name, *args, **options):
        self.name = name


class SoftI2C:
    """machine.SoftI2C (extmod/machine_i2c.c): keyword arguments only, and ENODEV where nobody answers. What is at an
    address is in `devices`: registers of two bytes."""

    devices = {}

    def __init__(self, *, scl, sda, freq=400000):
        self.pins = scl.name, sda.name

    def _device(self, address):
        if address not in self.devices:
            raise OSError(19, "ENODEV")
        return self.devices[address]

    def readfrom_mem_into(self, address, register, buf):
        """Registers that were never written hold zeros."""
        value = self._device(address).get(register, 0)
        buf[0], buf[1] = value >> 8, value & 255

    def writeto_mem(self, address, register, buf):
        """Keep it."""
        self._device(address)[register] = buf[0] << 8 | buf[1]


class Line:
    """A UART's transmitter: a buffer that empties at the baud rate while time passes, and what a write waited for.

    `readinto` returns None where nothing came (py/stream.c: EAGAIN).
    """

    made = []
    fifo = 0

    def _open(self, number, baudrate, txbuf, settings):
        self.number = number
        self.baudrate = baudrate
        self.settings = settings
        self.txbuf = txbuf
        self.queued = 0.0
        self.waited_ms = 0.0
        self.sent = bytearray()
        self.incoming = bytearray()
        self.is_open = True
        Line.made.append(self)

    def pass_ms(self, ms):
        """Let time pass."""
        self.queued = max(0.0, self.queued - ms * self.baudrate / 10000)

    def _wait_for(self, count):
        ms = count * 10000 / self.baudrate
        self.waited_ms += ms
        self.pass_ms(ms)

    def _take(self, buf, offset, length):
        self.sent += bytes(buf[offset : offset + length])
        self.queued += length
        return length

    def txdone(self):
        """extmod/machine_uart.c: whether everything has left."""
        return self.queued < 0.5

    def readinto(self, buf):
        """What came."""
        n = min(len(buf), len(self.incoming))
        buf[:n] = self.incoming[:n]
        self.incoming = self.incoming[n:]
        return n or None

    def deinit(self):
        """The end."""
        self.is_open = False


class Watchdog:
    """machine.WDT."""

    most_ms = 0

    def __init__(self, id=0, timeout=5000):
        if self.most_ms and timeout > self.most_ms:
            raise ValueError("timeout exceeds %d" % self.most_ms)
        self.timeout = timeout
        happened.append(("wdt", timeout))

    def feed(self):
        """Count it."""
        happened.append(("feed", self.timeout))


class Timer:
    """machine.Timer, soft where the port knows no hard one."""

    PERIODIC = 1

    def __init__(self, id=-1, *, period, mode, callback, hard=False):
        happened.append(("timer", period, hard))
        self.callback = callback


class Registers:
    """machine.mem32: words by address, 0 where nothing was written."""

    def __init__(self):
        self.words = {}

    def __getitem__(self, address):
        return self.words.get(address, 0)

    def __setitem__(self, address, value):
        self.words[address] = value


class WLAN:
    """network.WLAN: status("rssi") raises where there is no connection, as on an ESP32
    (ports/esp32/network_wlan.c)."""

    IF_STA, IF_AP = 0, 1
    connected = False
    rssi = -61

    def __init__(self, interface=0):
        self.tried = []

    def active(self, on=None):
        """On."""
        return True

    def isconnected(self):
        """Whether a test says so."""
        return WLAN.connected

    def connect(self, *login):
        """Keep it."""
        self.tried.append(login)

    def disconnect(self):
        """Nothing to undo."""

    def status(self, what=None):
        """The signal, or a number."""
        if what == "rssi":
            if not WLAN.connected:
                raise OSError("STA must be connected")
            return WLAN.rssi
        return 1001


class LAN:
    """network.LAN of stm32 (ports/stm32/network_lan.c)."""

    is_active = False
    connected = False

    def active(self, on=None):
        """Started."""
        if on is None:
            return LAN.is_active
        LAN.is_active = on
        return None

    def isconnected(self):
        """Whether a test says so."""
        return LAN.is_active and LAN.connected


def ends(what):
    """A function that does not return on a board."""

    def call(*args):
        happened.append((what,) + args)

    return call
