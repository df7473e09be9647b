"""A serial cable without hardware: two pseudo-terminals, and a thread that carries bytes from each to the other."""

import contextlib
import os
import selectors
import threading
import tty
from collections.abc import Callable
from types import TracebackType
from typing import Self

READ_BYTES = 4096


class Cable:
    """`board_port` and `bridge_port` are paths to open as serial ports. A line loses what nobody takes, as a UART does.

    It stays plugged in while either side comes and goes. add_noise() puts bytes on the line towards the bridge. With
    `record`, all that either side sent is kept in `from_board` and `from_bridge`. `change` makes of what was sent, and
    of whether it goes to the bridge, what arrives.
    """

    def __init__(self, record: bool = False, change: Callable[[bytes, bool], bytes] | None = None) -> None:
        self.from_board = bytearray()
        self.from_bridge = bytearray()
        self._record = record
        self._change = change
        self._board, self._board_line = _raw_pty()
        self._bridge, self._bridge_line = _raw_pty()
        self.board_port = os.ttyname(self._board_line)
        self.bridge_port = os.ttyname(self._bridge_line)
        self._wake_read, self._wake_write = os.pipe()
        self._noise: list[bytes] = []
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._carry, name="cable", daemon=True)
        self._thread.start()

    def add_noise(self, data: bytes) -> None:
        """Let the bridge receive these bytes, between what the board sends."""
        with self._lock:
            self._noise.append(data)
        os.write(self._wake_write, b"n")

    def close(self) -> None:
        """Pull it out: both ports are gone."""
        if self._wake_write < 0:
            return
        os.write(self._wake_write, b"q")
        self._thread.join()
        for end in (self._board, self._board_line, self._bridge, self._bridge_line, self._wake_read, self._wake_write):
            os.close(end)
        self._wake_write = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def _carry(self) -> None:
        with selectors.DefaultSelector() as selector:
            selector.register(self._board, selectors.EVENT_READ, self._bridge)
            selector.register(self._bridge, selectors.EVENT_READ, self._board)
            selector.register(self._wake_read, selectors.EVENT_READ, None)
            while True:
                for key, _ in selector.select():
                    if key.data is not None:
                        self._pass_on(key.fd, key.data)
                    elif b"q" in os.read(self._wake_read, READ_BYTES):
                        return
                    else:
                        self._put_noise()

    def _pass_on(self, source: int, target: int) -> None:
        data = os.read(source, READ_BYTES)
        if self._record:
            (self.from_board if source == self._board else self.from_bridge).extend(data)
        if self._change is not None:
            data = self._change(data, source == self._board)
        _write(target, data)

    def _put_noise(self) -> None:
        with self._lock:
            noise, self._noise = self._noise, []
        for data in noise:
            _write(self._bridge, data)


def _raw_pty() -> tuple[int, int]:
    """Our end and the line's end of a pseudo-terminal that changes no byte. We keep the line's end open: with nobody on
    it, our end would report an error instead of waiting."""
    ours, line = os.openpty()
    tty.setraw(line)
    os.set_blocking(ours, False)
    return ours, line


def _write(end: int, data: bytes) -> None:
    with contextlib.suppress(BlockingIOError):  # nobody reads at the other end, and its buffer is full
        os.write(end, data)
