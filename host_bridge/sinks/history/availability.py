"""Whether a store works: said once when it stops, once when it goes on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from host_bridge.core.actions import LogLine
from host_bridge.sinks.history.errors import ADVICE


class Availability:
    """Told by the thread of each failure and success; read by any."""

    def __init__(self, path: Path, log: Callable[[LogLine], None], clock: Callable[[], float]) -> None:
        self._path = path
        self._log = log
        self._clock = clock
        self._since = 0.0
        self._before = 0.0
        self.reason = ""  # a key of ADVICE; empty: it works

    def seconds(self) -> float:
        """Unavailable in all, until now."""
        return self._before + (self._clock() - self._since if self.reason else 0.0)

    def fails(self, reason: str, detail: str) -> None:
        """A commit failed. Another reason than before is said too."""
        if reason == self.reason:
            return
        if not self.reason:
            self._since = self._clock()
        self.reason = reason
        fields = {"path": str(self._path), "reason": reason, "detail": detail, "advice": ADVICE[reason]}
        self._log(LogLine("error", "history_unavailable", fields))

    def works(self) -> bool:
        """A commit succeeded. True: after failures."""
        if not self.reason:
            return False
        lasted = self._clock() - self._since
        self._before += lasted
        fields = {"path": str(self._path), "reason": self.reason, "after_s": round(lasted, 1)}
        self.reason = ""
        self._log(LogLine("info", "history_available", fields))
        return True
