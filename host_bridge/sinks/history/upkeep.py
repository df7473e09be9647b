"""What is done between commits: compaction, retention, sizes. In slices, so that commits wait for none of it long."""

from __future__ import annotations

from collections.abc import Callable

from host_bridge.sinks.history.store import Store

RETENTION_S = 60.0
SIZE_S = 5.0
IDLE_S = 1.0
SLICE_S = 0.02


class Upkeep:
    """Called by the store's thread. Figures are for any thread."""

    def __init__(
        self,
        store: Store,
        max_age_s: float,
        max_bytes: int,
        clock: Callable[[], float],
        wall: Callable[[], float],
    ) -> None:
        self._store = store
        self._max_age_s = max_age_s
        self._max_bytes = max_bytes
        self._clock = clock
        self._wall = wall
        self._retain_at = clock() + RETENTION_S
        self._size_at = clock()
        self.deleted_samples = 0
        self.deleted_events = 0
        self.size_bytes = 0

    def step(self) -> float:
        """Do a slice of what is due. Seconds until the next; 0: there is more to do."""
        more = self._store.compact(int(self._wall() * 1000), SLICE_S)
        now = self._clock()
        if now >= self._retain_at:
            gone = self._store.retain(int(self._wall() * 1000), self._max_age_s, self._max_bytes, SLICE_S)
            self.deleted_samples += gone.samples
            self.deleted_events += gone.events
            self._retain_at = now if gone.more else now + RETENTION_S
            more = more or gone.more
        if now >= self._size_at:
            self._size_at = now + SIZE_S
            self.size_bytes = self._store.size_bytes()
        return 0.0 if more else IDLE_S
