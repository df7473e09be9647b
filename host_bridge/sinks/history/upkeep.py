"""What is done between commits: compaction, retention, sizes. In slices, so that commits wait for none of it long."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from host_bridge.core.actions import LogLine
from host_bridge.sinks.history.age import Belief, doubted_ms
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
        log: Callable[[LogLine], None] = lambda _: None,
    ) -> None:
        self._store = store
        self._max_age_s = max_age_s
        self._max_bytes = max_bytes
        self._clock = clock
        self._wall = wall
        self._log = log
        self._believed_at = clock()
        self._doubted = False
        self._retain_at = clock() + RETENTION_S
        self._size_at = clock()
        self.deleted_samples = 0
        self.deleted_events = 0
        self.size_bytes = 0

    def step(self) -> float:
        """Do a slice of what is due. Seconds until the next; 0: there is more to do. A compaction that fails, as on a
        damaged row, keeps nothing from being deleted."""
        now = self._clock()
        if now >= self._size_at:
            self._size_at = now + SIZE_S
            self.size_bytes = self._store.size_bytes()
        try:
            more = self._store.compact(int(self._wall() * 1000), SLICE_S)
        finally:
            retained = self._retain(self._clock())
        return 0.0 if more or retained else IDLE_S

    def _retain(self, now: float) -> bool:
        """Delete, when it is time. True: there is more to do."""
        if now < self._retain_at:
            return False
        gone = self._store.retain(self._now_ms(now), self._max_age_s, self._max_bytes, SLICE_S)
        self.deleted_samples += gone.samples
        self.deleted_events += gone.events
        self._retain_at = now if gone.more else now + RETENTION_S
        return gone.more

    def _now_ms(self, now: float) -> int:
        """The time by which age is measured: never ahead of the clock that is believed, or of the host's."""
        wall_ms = int(self._wall() * 1000)
        ran_ms = int((now - self._believed_at) * 1000)
        belief = self._store.believe(wall_ms, ran_ms, self._max_age_s)
        self._believed_at += ran_ms / 1000
        self._say(belief, wall_ms)
        return min(belief.at_ms, wall_ms)

    def _say(self, belief: Belief, wall_ms: int) -> None:
        doubted = belief.at_ms != wall_ms
        if doubted == self._doubted:
            return
        self._doubted = doubted
        fields: dict[str, object] = {"host_clock": _shown(wall_ms)}
        if not doubted:
            self._log(LogLine("info", "history_clock_believed", fields))
            return
        left = doubted_ms(int(self._max_age_s * 1000)) - belief.apart_ms
        advice = f"set this machine's clock; if it is right, it is believed after {left / 3_600_000:.1f} hours more"
        fields |= {"expected": _shown(belief.at_ms), "consequence": "age is measured by the earlier of both"}
        self._log(LogLine("warning", "history_clock_doubted", fields | {"advice": advice}))


def _shown(at_ms: int) -> str:
    """A moment in UTC; also one that no calendar has."""
    try:
        return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=at_ms)).isoformat(timespec="seconds")
    except OverflowError:
        return f"{at_ms} ms"
