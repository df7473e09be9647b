"""What the log hears of it: changes, not every request."""

from __future__ import annotations

import time
from collections import Counter

from structlog.typing import FilteringBoundLogger

from host_bridge.sinks.remote_write.answer import OUT_OF_BOUNDS, OUT_OF_ORDER, TOO_OLD

EVERY_S = 60.0
_ADVICE = {
    TOO_OLD: "the server's out_of_order_time_window is shorter than the outage was",
    OUT_OF_ORDER: "give the server an out_of_order_time_window: docs/remote-write.md",
    OUT_OF_BOUNDS: "give the server an out_of_order_time_window: docs/remote-write.md",
}


class Reporter:
    """Says once that the server fails and once that it works again, and once a minute what was dropped."""

    def __init__(self, log: FilteringBoundLogger, url: str) -> None:
        self._log = log
        self._url = url
        self._failing = False
        self._advice = ""
        self.trouble = ""  # what the server answers, and what can be done; empty: it works
        self._dropped: Counter[str] = Counter()
        self._example: dict[str, str] = {}
        self._said_at = -EVERY_S

    def works(self) -> None:
        """A request was answered."""
        self.trouble = ""
        if self._failing:
            self._failing = False
            self._log.info("remote_write_recovered", url=self._url)

    def fails(self, why: str, again_in_s: float, advice: str = "") -> None:
        """A request has to be made again. Another advice than before is said too."""
        self.trouble = f"{self._url}: {why}" + (f"; {advice}" if advice else "")
        if not self._failing or advice != self._advice:
            self._failing, self._advice = True, advice
            more = {"advice": advice} if advice else {}
            self._log.warning(
                "remote_write_failing", url=self._url, reason=why, again_in_s=round(again_in_s, 1), **more
            )

    def dropped(self, reason: str, samples: int, why: str) -> None:
        """Samples were given up."""
        self._dropped[reason] += samples
        self._example[reason] = why

    def flush(self) -> None:
        """Say what was dropped, unless it was said a moment ago."""
        now = time.monotonic()
        if not self._dropped or now < self._said_at + EVERY_S:
            return
        self._said_at = now
        for reason, samples in self._dropped.items():
            advice = {"advice": _ADVICE[reason]} if reason in _ADVICE else {}
            self._log.warning(
                "remote_write_dropped",
                url=self._url,
                reason=reason,
                samples=samples,
                example=self._example[reason],
                **advice,
            )
        self._dropped.clear()
