"""Runs programs that are parts of benches, and reads the JSON that they print."""

import json
import subprocess
import sys
from contextlib import suppress
from types import TracebackType
from typing import IO, Any, Self

from boardpulse_tools.processes import ProcessError

_PACKAGE = "boardpulse_tools.bench"
STOP_S = 10.0


def run(program: str, *arguments: object) -> dict[str, Any]:
    """The JSON object that a program prints; ProcessError with the end of its complaint when it fails."""
    command = [sys.executable, "-m", f"{_PACKAGE}.{program}", *map(str, arguments)]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    if answer.returncode:
        raise ProcessError(f"{program} ended with code {answer.returncode}\n{answer.stderr[-2000:]}")
    found: dict[str, Any] = json.loads(answer.stdout)
    return found


class Asked:
    """A program that answers lines with JSON. Use it as a context: its input ends with it, and so does it."""

    def __init__(self, program: str, *arguments: object) -> None:
        command = [sys.executable, "-m", f"{_PACKAGE}.{program}", *map(str, arguments)]
        self._name = program
        self._child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self._child.stdin is not None  # noqa: S101 - both are pipes
        assert self._child.stdout is not None  # noqa: S101
        self._input: IO[str] = self._child.stdin
        self._output: IO[str] = self._child.stdout

    def tell(self, line: object) -> None:
        """Say something that has no answer."""
        with suppress(BrokenPipeError):  # it has ended, as a missing answer will say
            print(line, file=self._input, flush=True)

    def read(self) -> Any:
        """What it says next; ProcessError when it has ended instead."""
        answer = self._output.readline()
        if not answer:
            raise ProcessError(f"{self._name} ended with code {self._child.wait()}; its complaint stands above")
        return json.loads(answer)

    def ask(self, line: object) -> dict[str, Any]:
        """Its answer."""
        self.tell(line)
        found: dict[str, Any] = self.read()
        return found

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        try:
            self._child.communicate(timeout=STOP_S)  # its input closes: it ends
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait()
