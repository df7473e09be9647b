"""How long to wait before the next attempt: doubling up to a cap, for ever: no outage needs a person to end it."""

from __future__ import annotations


class Backoff:
    """Delays in seconds: `first`, doubled each time, at most `cap`; reset() begins again."""

    def __init__(self, first: float, cap: float) -> None:
        self._first = first
        self._cap = cap
        self._following = first

    def next(self) -> float:
        """The delay to wait now."""
        delay = self._following
        self._following = min(self._cap, delay * 2)
        return delay

    def reset(self) -> None:
        """The link was well: the next outage begins with the shortest delay."""
        self._following = self._first
