"""When to read from a broker again.

While messages come, reads are some milliseconds apart: what comes meanwhile then costs one call, not one each. A
message that comes after a silence waits for nothing.

A broker sends only so many messages of QoS 1 ahead of their confirmations, and does not say how many (mosquitto: 20).
While it waits for us, a pause would be lost time. So the most that were ever open at once are taken for that number,
and whenever they are open again there is no pause for a while.
"""

from __future__ import annotations

PAUSE_S = 0.02
FULL_S = 0.1


class Pause:
    """Of one connection. Times are of the monotonic clock."""

    def __init__(self) -> None:
        self._open = self._most = 0
        self._full_at = float("-inf")
        self.until = 0.0  # not to be read before

    def read(self, open_more: int, whole: bool, now: float) -> None:
        """What was there was read; `open_more` messages want a confirmation. whole: there may be more already."""
        self._open += open_more
        if open_more and self._open >= self._most:
            self._most, self._full_at = self._open, now
        self.until = 0.0 if whole or now - self._full_at < FULL_S else now + PAUSE_S

    def confirmed(self, number: int) -> None:
        """So many messages were confirmed."""
        self._open -= number
