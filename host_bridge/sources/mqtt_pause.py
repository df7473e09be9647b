"""When to read from a broker again.

While messages come, reads are PAUSE_S apart: what comes meanwhile then costs one call, not one each. A message that
comes after a silence waits for nothing.

A wake-up costs a third of a millisecond, since nothing of what the threads need is in the processor's cache by then. So
while hundreds of messages a second come, and none that is to be confirmed is open, reads are FLEET_PAUSE_S apart.

A broker sends only so many messages of QoS 1 ahead of their confirmations, and does not say how many (mosquitto: 20).
While it waits for us, a pause would be lost time. So the most that were ever open at once are taken for that number,
and whenever they are open again there is no pause for a while.
"""

from __future__ import annotations

PAUSE_S = 0.02
FLEET_PAUSE_S = 0.1  # no page is drawn so often, and no threshold is in such a hurry
FLEET_PER_S = 500  # messages: at this rate a longer pause halves what one of them costs
FULL_S = 0.1


class Pause:
    """Of one connection. Times are of the monotonic clock."""

    def __init__(self) -> None:
        self._open = self._most = 0
        self._full_at = self._read_at = float("-inf")
        self.until = 0.0  # not to be read before

    def read(self, came: int, open_more: int, whole: bool, now: float) -> None:
        """What was there was read: `came` messages, of which `open_more` want a confirmation. whole: there may be more
        already."""
        since, self._read_at = now - self._read_at, now
        self._open += open_more
        if open_more and self._open >= self._most:
            self._most, self._full_at = self._open, now
        if whole or now - self._full_at < FULL_S:
            self.until = 0.0
        elif not self._open and came >= FLEET_PER_S * max(since, PAUSE_S):
            self.until = now + FLEET_PAUSE_S
        else:
            self.until = now + PAUSE_S

    def confirmed(self, number: int) -> None:
        """So many messages were confirmed."""
        self._open -= number
