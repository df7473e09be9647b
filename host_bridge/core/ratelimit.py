"""How often something may be said. No clock: `now` is passed in."""

from __future__ import annotations

CROWD = 10  # keys that may speak at full rate at the same time, out of a crowd of any size


class RateLimit:
    """At most `per_minute` calls of allow() a minute return True for a key; at most `max_keys` keys are remembered."""

    def __init__(self, per_minute: int, max_keys: int = 4096) -> None:
        self._per_minute = per_minute
        self._max_keys = max_keys
        self._windows: dict[object, list[float]] = {}  # key → [start of its minute, said in it]
        self._crowds: dict[object, list[float]] = {}

    def allow(self, key: object, now: float, crowd: object = None) -> bool:
        """Whether `key` may speak at `now`. When too many keys are remembered, all begin anew.

        Whoever can invent keys could speak without end: a whole `crowd` has CROWD times the limit of one key.
        """
        if not self._spend(self._windows, key, now, self._per_minute):
            return False
        return crowd is None or self._spend(self._crowds, crowd, now, self._per_minute * CROWD)

    def _spend(self, windows: dict[object, list[float]], key: object, now: float, limit: int) -> bool:
        window = windows.get(key)
        if window is None or not 0 <= now - window[0] < 60:
            if window is None and len(windows) >= self._max_keys:
                windows.clear()
            windows[key] = [now, 1]
            return limit > 0
        window[1] += 1
        return window[1] <= limit
