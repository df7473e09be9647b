"""How often something may be said. No clock: `now` is passed in."""

from __future__ import annotations


class RateLimit:
    """At most `per_minute` calls of allow() a minute return True for a key; at most `max_keys` keys are remembered."""

    def __init__(self, per_minute: int, max_keys: int = 4096) -> None:
        self._per_minute = per_minute
        self._max_keys = max_keys
        self._windows: dict[object, list[float]] = {}  # key → [start of its minute, said in it]

    def allow(self, key: object, now: float) -> bool:
        """Whether `key` may speak at `now`. When too many keys are remembered, all begin anew."""
        window = self._windows.get(key)
        if window is None or not 0 <= now - window[0] < 60:
            if window is None and len(self._windows) >= self._max_keys:
                self._windows.clear()
            self._windows[key] = [now, 1]
            return self._per_minute > 0
        window[1] += 1
        return window[1] <= self._per_minute
