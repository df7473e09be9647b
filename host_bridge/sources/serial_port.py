"""One serial port: opens it, reads frames and console text from it, writes down frames to it, and opens it again."""

from __future__ import annotations

import os
import select
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Any

import serial

from host_bridge.core.received import LINK_DOWN, LINK_UP, Received
from host_bridge.sources.backoff import Backoff
from host_bridge.sources.delivery import deliver_link
from host_bridge.sources.wake import Waker
from shared_schema.framing import Deframer, encode_frame

SOURCE = "serial"
READ_BYTES = 4096  # a third of a second at 115200 baud
SILENCE_S = 0.25  # after it, a prompt without a newline is a line
MAX_QUEUED_DOWN = 64  # frames: what a bridge says to a board in several seconds; older ones are out of date
FIRST_RETRY_S = 0.5
FLUSH_S = 0.3  # the last acknowledgements, at the end
MAX_RETRY_S = 10.0  # somebody closes the other program and waits for this


class LineClosedError(OSError):
    """The other end of the line has gone."""


class SerialPort:
    """A port with its thread, which ends when stopped or when the device has gone.

    Everything goes through select(), so that a port that takes no bytes holds up nobody.
    """

    def __init__(self, path: str, baudrate: int, deliver: Callable[[Received], bool]) -> None:
        self.path = path
        self._baudrate = baudrate
        self._deliver = deliver
        self._queue: deque[bytes] = deque()
        self._is_open = False
        self._said = ""
        self._paused = False
        self._stopping = threading.Event()
        self._waker = Waker()
        self._thread = threading.Thread(target=self._run, name=f"serial {path}", daemon=True)

    def start(self) -> None:
        """Begin to open the port."""
        self._thread.start()

    def is_alive(self) -> bool:
        """Whether its thread still cares for the port."""
        return self._thread.is_alive()

    def pause(self) -> None:
        """Read no more; what is to be sent still goes out."""
        self._paused = True
        self._waker.wake()

    def stop(self) -> None:
        """Ask the thread to send what is queued, for at most FLUSH_S, and to end; join() waits for it."""
        self._stopping.set()
        self._waker.wake()

    def join(self, timeout_s: float) -> None:
        """Wait for the thread."""
        self._thread.join(timeout_s)

    def send(self, frame: bytes) -> bool:
        """Queue a down frame; False when the port is closed or takes nothing any more."""
        if not self._is_open or len(self._queue) >= MAX_QUEUED_DOWN:
            return False
        self._queue.append(encode_frame(frame))
        self._waker.wake()
        return True

    def _run(self) -> None:
        retry = Backoff(FIRST_RETRY_S, MAX_RETRY_S)
        try:
            while not self._stopping.is_set():
                reason = self._open_and_pump(retry)
                if self._stopping.is_set():
                    break
                self._say_down(reason)
                if not present(self.path):
                    break
                self._stopping.wait(retry.next())
        finally:
            self._waker.close()

    def _open_and_pump(self, retry: Backoff) -> str:
        """Use the port until it fails; why it failed."""
        try:
            with open_port(self.path, self._baudrate) as line:
                retry.reset()
                self._said = ""
                self._is_open = True
                self._tell(LINK_UP, "opened")
                self._pump(line.fileno())
        except (
            OSError,
            ValueError,
        ) as error:  # SerialException is an OSError; ValueError: a baud rate that it cannot do
            return explain(error)
        finally:
            self._is_open = False
            self._queue.clear()
        return "stopped"

    def _say_down(self, reason: str) -> None:
        """Tell the core, once for each reason, not once for each attempt."""
        if reason != self._said:
            self._said = reason
            self._tell(LINK_DOWN, reason)

    def _tell(self, what: int, text: str) -> None:
        received = Received(SOURCE, self.path, time.time(), what, text)
        deliver_link(self._deliver, received, self._stopping)

    def _pump(self, line: int) -> None:
        deframer = Deframer()
        unsent = b""
        until = 0.0
        while not self._stopping.is_set() or ((unsent or self._queue) and time.monotonic() < until):
            until = until if self._stopping.is_set() else time.monotonic() + FLUSH_S
            unsent = unsent or (self._queue.popleft() if self._queue else b"")
            sources: list[int | Waker] = [self._waker] if self._paused else [line, self._waker]
            readable, writable, _ = select.select(sources, [line] if unsent else [], [], SILENCE_S)
            if self._waker in readable:
                self._waker.clear()
            if line in readable:
                self._hand_over_all(deframer.feed(read(line)))
            elif not readable:
                self._hand_over_all(deframer.flush())
            if writable:
                unsent = unsent[write(line, unsent) :]

    def _hand_over_all(self, heard: list[tuple[int, bytes | str]]) -> None:
        for what, payload in heard:
            self._hand_over(what, payload)

    def _hand_over(self, what: int, payload: bytes | str) -> None:
        """A refusal needs no more: the engine counts it, and the board sends again what nobody acknowledged."""
        self._deliver(Received(SOURCE, self.path, time.time(), what, payload))


def open_port(path: str, baudrate: int) -> Any:
    """The port, open for us alone: of two readers each would get half the bytes. Also takes socket://host:port."""
    if "://" in path:
        return serial.serial_for_url(path, baudrate=baudrate, timeout=0, write_timeout=0)
    return serial.Serial(path, baudrate=baudrate, timeout=0, write_timeout=0, exclusive=True)


def present(path: str) -> bool:
    """Whether the device is plugged in; an address always is."""
    return "://" in path or os.path.exists(path)


def read(line: int) -> bytes:
    """What has arrived on a line that select() calls readable."""
    try:
        data = os.read(line, READ_BYTES)
    except BlockingIOError:
        return b""
    if not data:
        raise LineClosedError("the other end of the line has gone")
    return data


def write(line: int, data: bytes) -> int:
    """How many of the bytes the line took."""
    try:
        return os.write(line, data)
    except BlockingIOError:
        return 0


def explain(error: Exception) -> str:
    """What is wrong with the port, and what to do about it where that is known."""
    text = str(error)
    if "exclusively lock" in text:
        return "another program has this port open: close it"
    if isinstance(error, PermissionError) or "Permission denied" in text:
        return "permission denied: put this user into the port's group (dialout or uucp) and log in again"
    return text
