"""What every scenario is handed: a folder, a seed, its length, someone to tell, and waits that can be ended."""

import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

from boardpulse_tools.processes import ProcessError

POLL_S = 0.1


class HaltedError(RuntimeError):
    """Somebody wants the run to end: leave what is open in order."""


@dataclass(frozen=True, slots=True)
class Run:
    """One scenario's run. `short`: the form for CI."""

    folder: Path
    seed: int
    short: bool
    tell: Callable[[str], None]
    halt: threading.Event = field(default_factory=threading.Event)

    def chance(self, name: str) -> random.Random:
        """Random numbers that the same seed, folder's name and name repeat."""
        return random.Random(f"{self.seed} {self.folder.name} {name}")  # noqa: S311 - to choose moments, not secrets

    def inside(self, name: str) -> "Run":
        """The same in a folder of its own, with random numbers of its own."""
        return replace(self, folder=self.folder / name)

    def say(self, text: str) -> None:
        """Tell how far it is."""
        self.tell(f"{self.folder.name}: {text}")

    def pause(self, seconds: float) -> None:
        """Let time pass. HaltedError as soon as the run is to end."""
        if self.halt.wait(seconds):
            raise HaltedError

    def wait(self, condition: Callable[[], bool], timeout_s: float, what: str) -> None:
        """Wait until it holds; what cannot be asked meanwhile does not. ProcessError after the timeout."""
        until = time.monotonic() + timeout_s
        while not holds(condition):
            if time.monotonic() > until:
                raise ProcessError(f"no {what} after {timeout_s:g} s")
            self.pause(POLL_S)


def holds(condition: Callable[[], bool]) -> bool:
    """Whether it holds; no, where nobody answers."""
    try:
        return condition()
    except OSError:
        return False
