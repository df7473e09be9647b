"""Child processes that are started, watched, and ended by their process id."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, Self

STOP_TIMEOUT_S = 3.0
POLL_S = 0.02
SHOWN_LINES = 12


class ProcessError(RuntimeError):
    """A process did not do what it was started for. The message carries the end of its output."""


class Process:
    """A program with its output in a file. Start it with start() or `with`; stop() ends it at any time.

    It runs in a session of its own, so that a Ctrl-C in the terminal reaches only us, and we end it in order.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str | os.PathLike[str]],
        log: Path,
        environment: Mapping[str, str] | None = None,
        pass_fds: Sequence[int] = (),
        hold_stdin: bool = False,
    ) -> None:
        """`hold_stdin`: give it a pipe as standard input, which closes when we end, however we end."""
        self.name = name
        self.command = [os.fspath(part) for part in command]
        self.log = log
        self._environment = dict(environment) if environment is not None else dict(os.environ)
        self._pass_fds = tuple(pass_fds)
        self._hold_stdin = hold_stdin
        self._child: subprocess.Popen[bytes] | None = None

    def start(self) -> Self:
        """Start it. ProcessError when the program cannot be started at all."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        try:
            with self.log.open("ab") as output:
                self._child = self._spawn(output)
        except OSError as error:
            raise ProcessError(f"{self.name} cannot be started: {error}") from error
        return self

    def _spawn(self, output: IO[bytes]) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            self.command,
            stdin=subprocess.PIPE if self._hold_stdin else subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=self._environment,
            pass_fds=self._pass_fds,
            start_new_session=True,
        )

    @property
    def pid(self) -> int:
        """Its process id; ProcessError before it was started."""
        if self._child is None:
            raise ProcessError(f"{self.name} was not started")
        return self._child.pid

    @property
    def running(self) -> bool:
        """Whether it was started and has not ended."""
        return self._child is not None and self._child.poll() is None

    @property
    def exit_code(self) -> int | None:
        """None while it runs; a negative number is the signal that ended it."""
        return None if self._child is None else self._child.poll()

    def output(self) -> str:
        """All that it has printed."""
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def last_lines(self) -> str:
        """The end of its output, for an error message."""
        return "\n".join(f"    {line}" for line in self.output().splitlines()[-SHOWN_LINES:])

    def signal(self, number: int) -> None:
        """Send it a signal, unless it has ended."""
        if self._child is not None and self._child.poll() is None:
            self._child.send_signal(number)

    def wait(self, timeout_s: float) -> int:
        """Its exit code. ProcessError when it still runs after the timeout."""
        if self._child is None:
            raise ProcessError(f"{self.name} was not started")
        try:
            return self._child.wait(timeout_s)
        except subprocess.TimeoutExpired:
            raise ProcessError(f"{self.name} still runs after {timeout_s:g} s\n{self.last_lines()}") from None

    def kill(self) -> None:
        """End it at once, as a crash would."""
        self.signal(signal.SIGKILL)
        if self._child is not None:
            self._child.wait(STOP_TIMEOUT_S)

    def stop(self, timeout_s: float = STOP_TIMEOUT_S) -> int | None:
        """Ask it to end, and kill it when it has not in time. Its exit code; None when it was never started."""
        if self._child is None:
            return None
        self.signal(signal.SIGTERM)
        try:
            self._child.wait(timeout_s)
        except subprocess.TimeoutExpired:
            self.kill()
        if self._child.stdin is not None:
            self._child.stdin.close()
        return self._child.returncode

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()


def wait_until(condition: Callable[[], bool], timeout_s: float, what: str, *processes: Process) -> None:
    """Wait for the condition. ProcessError after the timeout, or as soon as one of the processes has ended."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        for process in processes:
            if not process.running:
                ended = f"{process.name} ended with code {process.exit_code} while we waited for {what}"
                raise ProcessError(f"{ended}\n{process.last_lines()}")
        if time.monotonic() > deadline:
            ends = "\n".join(f"{process.name}:\n{process.last_lines()}" for process in processes)
            raise ProcessError(f"no {what} after {timeout_s:g} s\n{ends}")
        time.sleep(POLL_S)
