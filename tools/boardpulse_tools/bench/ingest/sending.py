"""The publisher's process, from outside."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from boardpulse_tools.bench.ingest import publisher
from boardpulse_tools.bench.ingest.packets import PacketFile
from boardpulse_tools.bench.ingest.publisher import ANSWER_S, Outcome
from boardpulse_tools.processes import Process, ProcessError

START_S = 30.0


class Sender:
    """Sends parts of files to the broker at `port`, each by a process of its own, whose log is in `folder`."""

    def __init__(self, port: int, folder: Path) -> None:
        self.port = port
        self._log = folder / "publisher.log"

    def send(self, file: PacketFile, first: int, count: int, rate: float) -> Outcome:
        """Send `count` packets from number `first` on, `rate` a second (0: at once); wait until the broker has them.

        ProcessError when that fails.
        """
        with self.sending(file, first, count, rate) as process:
            process.wait(START_S + 2 * ANSWER_S + (count / rate if rate else 0))
        return Outcome(**json.loads(process.output()))

    @contextmanager
    def sending(self, file: PacketFile, first: int, count: int, rate: float) -> Iterator[Process]:
        """The same while something else is done: a process that sends as long as it runs."""
        arguments = (str(self.port), str(file.path), str(first), str(count), str(rate))
        self._log.unlink(missing_ok=True)
        process = Process("publisher", [sys.executable, "-m", publisher.__name__, *arguments], self._log)
        with process:
            yield process
        if process.exit_code != 0:
            raise ProcessError(f"the publisher ended with code {process.exit_code}\n{process.last_lines()}")
