"""Keeps child processes running: says when one has died, and starts it again after a while."""

from collections.abc import Callable

from boardpulse_tools.processes import Process, ProcessError

FIRST_PAUSE_S = 1.0
MAX_PAUSE_S = 30.0
# One that ran for this long had started well: its next death begins with the first pause again.
WELL_AFTER_S = 30.0


class Supervised:
    """A process that was started at `now` and is to run on. Times are seconds of any steady clock."""

    def __init__(self, process: Process, say: Callable[[str], None], now: float) -> None:
        self.process = process
        self.restarts = 0
        self.say = say
        self._pause_s = FIRST_PAUSE_S
        self._started_at = now
        self._start_at: float | None = None

    def tick(self, now: float) -> None:
        """Look after it: to be called about every tenth of a second."""
        if self.process.running:
            if now - self._started_at >= WELL_AFTER_S:
                self._pause_s = FIRST_PAUSE_S
        elif self._start_at is None:
            self._mourn(now)
        elif now >= self._start_at:
            self._start_again(now)

    def _mourn(self, now: float) -> None:
        code = self.process.exit_code
        why = f"was ended by signal {-code}" if code is not None and code < 0 else f"ended with code {code}"
        self.say(f"{self.process.name} {why}; it is started again in {self._pause_s:g} s.")
        if lines := self.process.last_lines():
            self.say(lines)
        self._wait(now)

    def _wait(self, now: float) -> None:
        self._start_at = now + self._pause_s
        self._pause_s = min(self._pause_s * 2, MAX_PAUSE_S)

    def _start_again(self, now: float) -> None:
        self.restarts += 1
        try:
            self.process.start()
        except ProcessError as error:
            self.say(f"{error}; the next try is in {self._pause_s:g} s.")
            self._wait(now)
        else:
            self._started_at = now
            self._start_at = None
