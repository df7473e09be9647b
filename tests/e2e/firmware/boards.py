"""The firmware as a process, and the bridge's end of its line in the test's hand."""

import json
import os
import pty
import select
import signal
import subprocess
import sys
import time
import tty
from collections.abc import Callable
from pathlib import Path
from typing import Any

from shared_schema.cbor_reader import loads
from shared_schema.commands import encode_ack
from shared_schema.framing import FRAME, Deframer, encode_frame
from shared_schema.parse import parse
from tests.support.components import require

ROOT = Path(__file__).parents[3]
INTERPRETERS = ("micropython", "cpython")


class Board:
    """main.py (or `program`) with a configuration, on an interpreter of INTERPRETERS."""

    def __init__(self, interpreter: str, folder: Path, config: dict[str, Any], program: str | None = None) -> None:
        self._log = folder / "console.log"
        path = folder / "boardpulse.json"
        path.write_text(json.dumps(config))
        main = ROOT / "firmware" / "main.py"
        if program is not None:
            main = folder / "main.py"
            main.write_text(program)
        binary = require("micropython") if interpreter == "micropython" else sys.executable
        places = f"{ROOT}:{ROOT}/firmware"
        environment = os.environ | {"MICROPYPATH": f".frozen:{places}", "PYTHONPATH": places}
        with self._log.open("ab") as log:
            self.process = subprocess.Popen(
                [str(binary), str(main), str(path)],
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=folder,
            )

    def interrupt(self) -> int:
        """Ctrl-C; the exit status."""
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(10)

    def console(self) -> str:
        """What it has printed."""
        return self._log.read_text()

    def close(self) -> None:
        """End it, whatever it does."""
        self.process.kill()
        self.process.wait(10)


class Cable:
    """A pseudo-terminal whose other end is `path`. Reads frames; acknowledges them while `acks`."""

    def __init__(self) -> None:
        self._master, slave = pty.openpty()
        tty.setraw(slave)
        self.path = os.ttyname(slave)
        self._slave = slave
        self._deframer = Deframer()
        self.frames: list[Any] = []
        self.raw: list[bytes] = []
        self.other: list[tuple[int, Any]] = []
        self.acks = True
        self._wanted: dict[int, int] = {}
        self._early: dict[int, set[int]] = {}

    def until(self, condition: Callable[[], object], timeout_s: float = 15.0) -> None:
        """Read until the condition holds. AssertionError when it does not in time."""
        end = time.monotonic() + timeout_s
        while not condition():
            assert time.monotonic() < end, [(f.kind, getattr(f, "seq", None)) for f in self.frames][-40:]
            self.read(0.05)

    def read(self, timeout_s: float) -> None:
        """Take what comes within the time."""
        if select.select([self._master], [], [], timeout_s)[0]:
            for what, payload in self._deframer.feed(os.read(self._master, 4096)):
                if what == FRAME:
                    assert isinstance(payload, bytes)
                    self._take(payload)
                else:
                    self.other.append((what, payload))

    def _take(self, payload: bytes) -> None:
        frame: Any = parse(loads(payload))
        self.frames.append(frame)
        self.raw.append(payload)
        if not self.acks or frame.kind not in (2, 3, 4, 5):
            return
        early = self._early.setdefault(frame.boot, set())
        early.add(frame.seq)
        wanted = self._wanted.get(frame.boot, 0)
        while wanted in early:
            wanted += 1
        self._wanted[frame.boot] = wanted
        self.say(encode_ack(frame.boot, wanted))

    def say(self, frame: bytes) -> None:
        """Send a frame down."""
        self.noise(encode_frame(frame))

    def noise(self, data: bytes) -> None:
        """Send any bytes down."""
        os.write(self._master, data)

    def of(self, kind: int) -> list[Any]:
        """The frames of a kind so far."""
        return [frame for frame in self.frames if frame.kind == kind]

    def close(self) -> None:
        """Pull the plug."""
        os.close(self._master)
        os.close(self._slave)
