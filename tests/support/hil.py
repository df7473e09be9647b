"""For the tests of `make hil`: a board's port served over TCP, as ser2net does it, and a report to ask."""

import contextlib
import json
import os
import selectors
import socket
import subprocess
import sys
import threading
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import serial

from tests.hil.run import Options, Run

ROOT = Path(__file__).parents[2]
READ_BYTES = 4096
TICK_S = 0.1
LONGEST_S = 90


class TcpPort:
    """Serves the serial port at `path` to one client at a time. `url` is what pyserial takes."""

    def __init__(self, path: str) -> None:
        self._line = serial.serial_for_url(path, timeout=0)
        self._server = socket.create_server(("127.0.0.1", 0))
        self._server.settimeout(TICK_S)
        self.url = f"socket://127.0.0.1:{self._server.getsockname()[1]}"
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._serve, name="tcp port", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._stopping.set()
        self._thread.join()
        self._server.close()
        self._line.close()

    def _serve(self) -> None:
        while not self._stopping.is_set():
            with contextlib.suppress(TimeoutError):
                client, _ = self._server.accept()
                client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                with client, contextlib.suppress(OSError):
                    self._carry(client)

    def _carry(self, client: socket.socket) -> None:
        with selectors.DefaultSelector() as selector:
            selector.register(client, selectors.EVENT_READ)
            selector.register(self._line.fileno(), selectors.EVENT_READ)
            while not self._stopping.is_set():
                for key, _ in selector.select(TICK_S):
                    if key.fileobj is client:
                        data = client.recv(READ_BYTES)
                        if not data:
                            return
                        self._line.write(data)
                    else:
                        client.sendall(self._line.read(READ_BYTES))


class Outcome:
    """What a run has ended with."""

    def __init__(self, code: int, output: str, report: str) -> None:
        self.code = code
        self.output = output
        self.report: dict[str, Any] = json.loads(report)

    @property
    def results(self) -> dict[str, str]:
        """Check → PASS, FAIL or SKIP."""
        return {row["check"]: row["result"] for row in self.report["rows"]}

    def having(self, result: str) -> set[str]:
        """The checks with this result."""
        return {check for check, had in self.results.items() if had == result}

    def row(self, check: str) -> dict[str, str]:
        """One row."""
        return next(row for row in self.report["rows"] if row["check"] == check)


def hil(folder: Path, port: str, *arguments: str) -> Outcome:
    """`python -m tests.hil` as `make hil` starts it."""
    saved = folder / "hil.json"
    done = subprocess.run(
        [sys.executable, "-m", "tests.hil", port, *arguments],
        cwd=ROOT,
        env=os.environ | {"HIL_JSON": str(saved), "COLUMNS": "140"},
        capture_output=True,
        text=True,
        timeout=LONGEST_S,
        check=False,
    )
    return Outcome(done.returncode, done.stdout + done.stderr, saved.read_text() if saved.exists() else "{}")


def hil_here(options: Options) -> Outcome:
    """The same in this process, where an image that was built is known already."""
    said: list[str] = []
    run = Run(options, said.append)
    code = run.run()
    return Outcome(code, "\n".join(said), run.report.as_json())
