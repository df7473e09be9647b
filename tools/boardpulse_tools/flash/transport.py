"""The line to a board's raw REPL: mpremote's transport, with deadlines, and with every failure as a sentence."""

import base64
import contextlib
import io
import re
import socket
import struct
import termios
import time
from collections.abc import Callable, Iterator
from typing import Any

import serial
from mpremote.transport import TransportError, TransportExecError
from mpremote.transport_serial import SerialTransport

from boardpulse_tools.flash.board_code import FEED, WATCHDOG
from boardpulse_tools.flash.errors import FlashError, PortError, ScriptError
from boardpulse_tools.flash.ports import is_busy, why_not_open

BAUDRATE = 115200
ANSWER_S = 10.0  # a board answers a command in this time, or not at all
POLL_S = 0.05
BUSY_S = 1.0  # a program that is being ended, or a process that it has just begun, may hold its port for so long
MOST_AT_ONCE = 4096
ATTEMPTS = 3
CHUNK_BYTES = 512  # of a file in one command: twice that as text, which a board with 100 KB of memory has
WAKE = b"\0\0\r\x03\x03"  # whatever frame was cut short ends; between frames, Ctrl-C interrupts (links/repl.py)

INTERRUPT_S = 4.0  # a node that is interrupted says bye, for up to 1.5 s
PROMPTS = (b">>> ", b"\r\n>")

# What pyserial, termios and mpremote raise when the other end is gone or stops in the middle of an answer.
LOST = (OSError, TransportError, struct.error, termios.error, TypeError)
_OSERROR = re.compile(r"OSError: (?:\[Errno )?(-?\d+)")


class NoAnswerError(PortError):
    """The line is there, the answer is not."""


class Wire:
    """A pyserial port whose read(n) waits for all n bytes until a deadline; what mpremote's transport reads from."""

    def __init__(self, port: Any) -> None:
        self.port = port

    def read(self, count: int = 1) -> bytes:
        """`count` bytes. OSError when they do not come in time."""
        until = time.monotonic() + ANSWER_S
        data = b""
        while len(data) < count:
            data += self.port.read(count - len(data))
            if len(data) < count and time.monotonic() > until:
                raise TimeoutError("no answer")
        return data

    def some(self) -> bytes:
        """What came; waits a moment for it."""
        data = bytes(self.port.read(1))
        while len(data) < MOST_AT_ONCE and self.port.in_waiting:  # which is 1 for a socket, however much there is
            data += self.port.read(self.port.in_waiting)
        return data

    def inWaiting(self) -> int:  # noqa: N802 - as mpremote calls it
        """How many bytes can be read at once."""
        return int(self.port.in_waiting)

    def write(self, data: bytes) -> None:
        """Send them all."""
        self.port.write(data)

    def close(self) -> None:
        """Let go of the port."""
        self.port.close()


class Line(SerialTransport):  # type: ignore[misc]  # ships no types
    """mpremote's transport over a Wire. It does not call its constructor, which forgets why a port does not open."""

    def __init__(self, port: str) -> None:
        self.in_raw_repl = False
        self.use_raw_paste = True
        self.device_name = port
        self.mounted = False
        self.is_pty = False
        opened = _opened(port)
        if port.startswith("socket://"):  # else TCP holds small writes back: 40 ms for each question to the board
            opened._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.serial = Wire(opened)

    def read_until(
        self,
        min_num_bytes: int,
        ending: bytes,
        timeout: float | None = ANSWER_S,
        data_consumer: Callable[[bytes], object] | None = None,
        timeout_overall: float | None = None,
    ) -> bytes:
        """As in mpremote, but waits in the system for the next byte instead of looking for it every 10 ms."""
        data = b""
        began = last = time.monotonic()
        while not data.endswith(ending):
            byte = self.serial.port.read(1)
            now = time.monotonic()
            if byte:
                last = now
                data = byte if data_consumer else data + byte
                if data_consumer:
                    data_consumer(byte)
            elif timeout is not None and now > last + timeout:
                break
            if timeout_overall is not None and now > began + timeout_overall:
                break
        return data


def _opened(port: str) -> Any:
    """The port, for nobody else. Who is about to let go of it is given a moment."""
    until = time.monotonic() + BUSY_S
    while True:
        try:
            return serial.serial_for_url(port, baudrate=BAUDRATE, timeout=POLL_S, exclusive=True)
        except OSError as error:
            if not is_busy(error) or time.monotonic() > until:
                raise
            time.sleep(POLL_S)


class Session:
    """A board that does what it is told. `with` ends it, and gives the port back."""

    def __init__(self, port: str) -> None:
        """PortError when the port does not open."""
        self.port = port
        self._feed = ""
        try:
            self._line = Line(port)
        except (OSError, ValueError) as error:  # the latter: a URL that is none
            raise why_not_open(port, error if isinstance(error, OSError) else OSError(str(error))) from error

    def __enter__(self) -> "Session":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let the board run again where it still waits for commands, and give the port back."""
        with contextlib.suppress(*LOST, FlashError):
            if self._line.in_raw_repl:
                self._line.serial.write(b"\r\x03")
                self.restart()
        with contextlib.suppress(*LOST):
            self._line.serial.close()

    def enter(self) -> None:
        """Stop what runs, reset softly, and get the raw REPL. PortError when nothing like MicroPython answers."""
        self._feed = ""
        for attempt in range(ATTEMPTS):
            try:
                with self._guarded(), contextlib.redirect_stdout(io.StringIO()):  # mpremote prints what it cannot use
                    self._interrupt()
                    self._line.enter_raw_repl(soft_reset=True, timeout_overall=ANSWER_S)
                return
            except NoAnswerError:
                if attempt == ATTEMPTS - 1:
                    raise self._no_repl() from None

    def _interrupt(self) -> None:
        """Stop what runs, also a main.py that ends at once and is started again for ever."""
        until = time.monotonic() + INTERRUPT_S
        quiet = False
        while not quiet and time.monotonic() < until:
            self._line.serial.write(WAKE)
            heard = self._line.serial.some() + self._line.serial.some()
            quiet = not heard or heard.endswith(PROMPTS)

    def _no_repl(self) -> PortError:
        return PortError(
            f"What is at {self.port} does not answer as MicroPython does. If it is a board with MicroPython, press its "
            "reset button and flash again; if it has none yet, install it first: https://micropython.org/download"
        )

    def run(self, code: str) -> str:
        """What the code prints. ScriptError when it raises."""
        with self._guarded():
            return self._line.exec(self._feed + code).decode()  # type: ignore[no-any-return]

    def feed_watchdog(self) -> None:
        """Do so with every command from now on."""
        self.run(WATCHDOG)
        self._feed = FEED

    def write(self, path: str, data: bytes, progress: Callable[[int], object] = lambda _: None) -> None:
        """Write a file as it is, in pieces. The board has base64 and a helper `w` (board_code.py)."""
        self.run(f"f=open({path!r},'wb')")
        for at in range(0, len(data), CHUNK_BYTES):
            piece = data[at : at + CHUNK_BYTES]
            self.run(f"w({base64.b64encode(piece)!r})")
            progress(len(piece))
        self.run("f.close()")

    def read(self, path: str) -> bytes:
        """The content of a file."""
        with self._guarded():
            return bytes(self._line.fs_readfile(path, chunk_size=CHUNK_BYTES))

    def restart(self) -> None:
        """A soft reset out of the raw REPL: boot.py and main.py run, and what they send can be read."""
        with self._guarded():
            self._line.exit_raw_repl()
            self._line.serial.write(b"\x04")

    def received(self) -> bytes:
        """What the board has sent; waits a moment for it."""
        with self._guarded():
            return self._line.serial.some()

    @contextlib.contextmanager
    def _guarded(self) -> Iterator[None]:
        """Whatever goes wrong on the line becomes one of our errors."""
        try:
            yield
        except TransportExecError as error:
            raise script_error(error.error_output) from None
        except FlashError:
            raise
        except (TransportError, TimeoutError) as error:
            raise NoAnswerError(
                f"The board at {self.port} stopped answering. Press its reset button, and flash again."
            ) from error
        except LOST as error:
            raise PortError(
                f"{self.port} is gone: the cable was pulled out, or the board was reset. Plug it in again and repeat "
                "the command; it goes on where it ended."
            ) from error


def script_error(traceback: str) -> ScriptError:
    """The error of a traceback's last line."""
    last = traceback.strip().splitlines()[-1] if traceback.strip() else "no reason given"
    match = _OSERROR.search(last)
    return ScriptError(f"The board says: {last}", int(match[1]) if match else 0)
