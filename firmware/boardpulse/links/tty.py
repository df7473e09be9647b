"""A serial port or pseudo-terminal of a Unix machine as a stream for links.uart, on MicroPython's unix port and on
CPython."""

import sys
import termios

from boardpulse.compat import MICROPYTHON, const

if MICROPYTHON:
    import select
else:
    import os

TYPE_CHECKING = const(0)
if TYPE_CHECKING:
    from typing import Any

# A pseudo-terminal says that it can be written to while it has a little room; a longer write would wait for its reader.
_MOST_AT_ONCE = const(128)
_VTIME = const(5)
_VMIN = const(6)
# Baud rates as Linux numbers them; macOS uses the rates themselves.
_RATES = {9600: 13, 19200: 14, 38400: 15, 57600: 4097, 115200: 4098, 230400: 4099, 460800: 4100, 921600: 4103}


def speed(baudrate: int) -> int:
    """The number that termios wants for a baud rate. ValueError for one that it has no number for."""
    if sys.platform == "darwin":
        return baudrate
    if baudrate not in _RATES:
        raise ValueError("baud rate %d: use one of %s" % (baudrate, ", ".join([str(rate) for rate in sorted(_RATES)])))
    return _RATES[baudrate]


def make_raw(fd: int, baudrate: int) -> None:
    """No echo, no translation, no signals; reads return what is there."""
    if hasattr(termios, "setraw"):
        termios.setraw(fd)
    else:
        import tty

        tty.setraw(fd)
    mode = termios.tcgetattr(fd)
    mode[4] = mode[5] = speed(baudrate)
    mode[6][_VMIN] = mode[6][_VTIME] = 0
    termios.tcsetattr(fd, termios.TCSANOW, mode)


class MicroPythonTty:
    """The port on MicroPython. Writes in pieces that are small enough not to block; poll() asks whether there is
    room."""

    def __init__(self, path: str, baudrate: int) -> None:
        self._file = open(path, "r+b")
        make_raw(self._file.fileno(), baudrate)
        self._writable = select.poll()
        self._writable.register(self._file, select.POLLOUT)

    def write(self, buf: "bytearray | bytes", offset: int, length: int) -> "int | None":
        """Bytes that were taken; None when there is no room."""
        for ready in self._writable.ipoll(0):  # type: ignore[attr-defined]
            if ready[1] & (select.POLLHUP | select.POLLERR):
                raise OSError("hung up")
            return self._file.write(buf, offset, min(length, _MOST_AT_ONCE))  # type: ignore[call-arg]
        return None

    def readinto(self, buf: bytearray) -> "int | None":
        """Bytes that were read; 0 or None for none."""
        return self._file.readinto(buf)

    def close(self) -> None:
        """Close the port."""
        self._file.close()


class HostTty:
    """The port on CPython."""

    def __init__(self, path: str, baudrate: int) -> None:
        self._fd = os.open(path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        make_raw(self._fd, baudrate)

    def write(self, buf: "bytearray | bytes", offset: int, length: int) -> "int | None":
        """Bytes that were taken; None when there is no room."""
        try:
            return os.write(self._fd, memoryview(buf)[offset : offset + length])
        except BlockingIOError:
            return None

    def readinto(self, buf: bytearray) -> "int | None":
        """Bytes that were read; None for none."""
        try:
            data = os.read(self._fd, len(buf))
        except BlockingIOError:
            return None
        buf[: len(data)] = data
        return len(data)

    def close(self) -> None:
        """Close the port."""
        os.close(self._fd)


def open_repl(link: "dict[str, Any]") -> "Any":
    """The terminal that this program runs in, on MicroPython. While it is open, Ctrl-C is a byte like any other."""
    from boardpulse.links.repl import Repl

    class Terminal(Repl):
        def __init__(self) -> None:
            self._before = termios.tcgetattr(0)
            termios.setraw(0)  # type: ignore[attr-defined]  # MicroPython's
            Repl.__init__(self)

        def close(self) -> None:
            Repl.close(self)
            termios.tcsetattr(0, termios.TCSANOW, self._before)

    return Terminal()


def open_tty(path: str, baudrate: int = 115200) -> "MicroPythonTty | HostTty":
    """The port at `path`, raw. OSError when it is not there."""
    if MICROPYTHON:
        return MicroPythonTty(path, baudrate)
    return HostTty(path, baudrate)
