"""Runs the programs of this bench and reads what they print."""

import json
import subprocess
import sys
from types import TracebackType
from typing import Any, Self

from boardpulse_tools.processes import ProcessError

_PACKAGE = "boardpulse_tools.bench.scale"
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
    """A program that answers each line with a JSON object. Use it as a context."""

    def __init__(self, program: str, *arguments: object) -> None:
        command = [sys.executable, "-m", f"{_PACKAGE}.{program}", *map(str, arguments)]
        self._name = program
        self._child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self, line: object) -> dict[str, Any]:
        """Its answer; ProcessError when it has ended instead."""
        assert self._child.stdin is not None  # noqa: S101 - both are pipes
        assert self._child.stdout is not None  # noqa: S101
        try:
            print(line, file=self._child.stdin, flush=True)
        except BrokenPipeError:
            pass  # it has ended, as its missing answer says
        answer = self._child.stdout.readline()
        if not answer:
            raise ProcessError(f"{self._name} ended with code {self._child.wait()}; its complaint stands above")
        found: dict[str, Any] = json.loads(answer)
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
