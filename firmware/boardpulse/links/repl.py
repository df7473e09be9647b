"""The line of MicroPython's own prompt, USB or UART, as a stream for links.uart.

A frame may hold the byte of Ctrl-C, which therefore interrupts nothing while the stream is open. Between frames it
does: no frame begins with two of them, or with a return and one, which is what people and tools send.
"""

import sys
from select import POLLIN, poll

from boardpulse.compat import const

TYPE_CHECKING = const(0)
if TYPE_CHECKING:
    from typing import Any

_CTRL_C = const(3)
_RETURN = const(13)
_MORE = const(256)  # in the place of the one byte since the last zero: there are more
_ENDED = const(-1)


class Repl:
    """The stream. MicroPython gives what is interrupted back to its prompt: what follows the Ctrl-C is not read."""

    def __init__(self) -> None:
        self._in: Any = sys.stdin.buffer
        self._out: Any = sys.stdout.buffer
        self._byte = bytearray(1)
        self._since_zero = 0
        self._readable: Any = poll()
        self._readable.register(sys.stdin, POLLIN)
        self._interrupt_by(-1)

    def write(self, buf: "bytearray | bytes", offset: int, length: int) -> "int | None":
        """Bytes that were taken."""
        return self._out.write(buf, offset, length)  # type: ignore[no-any-return]

    def readinto(self, buf: bytearray) -> int:
        """Bytes that were read. KeyboardInterrupt at a Ctrl-C between frames."""
        n = 0
        while n < len(buf) and self._since_zero != _ENDED and self._ready():
            self._in.readinto(self._byte)
            buf[n] = self._byte[0]
            self._look(buf[n])
            n += 1
        return n

    def _ready(self) -> bool:
        for _ in self._readable.ipoll(0):
            return True
        return False

    def _look(self, byte: int) -> None:
        first = self._since_zero
        if byte == 0:
            self._since_zero = 0
        elif first == 0:
            self._since_zero = byte
        elif byte == _CTRL_C and first in (_CTRL_C, _RETURN):
            self.close()
            raise KeyboardInterrupt
        else:
            self._since_zero = _MORE

    def close(self) -> None:
        """Read no more; Ctrl-C interrupts again."""
        self._since_zero = _ENDED
        self._interrupt_by(_CTRL_C)

    def _interrupt_by(self, byte: int) -> None:
        from micropython import kbd_intr

        kbd_intr(byte)


def open_repl(link: "dict[str, Any]") -> Repl:
    """The stream of a link that names no UART."""
    return Repl()
