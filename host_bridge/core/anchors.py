"""A board's own wall clock, as its hellos have told it: pairs of uptime and time, and how far they can be wrong."""

from __future__ import annotations

from typing import Any

from host_bridge.core.drift import MAX_DRIFT
from shared_schema import messages as m

KEPT, QUEUED, DIRECT = range(3)  # a hello that waited in a broker or on a board; that a broker may have queued; as sent
BEHIND_MS = 3_600_000.0  # longer than a hello waits in a port, and than any link takes; more of it is to be explained
PACE_MS = 10_000  # two hellos so far apart show whether they come as fast as they were made, or out of a queue
AGEING = 1e-4  # a pair is wrong by so much more for each second since: 100 ppm, the worst crystal


class Anchor:
    """The line through the best pairs of one source. Times in Unix ms, uncertainties in ms."""

    __slots__ = ("_first", "factor", "origin", "source", "uncertainty", "uptime")

    def __init__(self, uptime_ms: int, wall_ms: float, source: int, uncertainty_ms: float) -> None:
        self.source = source
        self.factor = 1.0
        self.uptime = uptime_ms
        self.origin = wall_ms - uptime_ms
        self.uncertainty = uncertainty_ms
        self._first = uptime_ms, wall_ms, uncertainty_ms

    def wall(self, uptime_ms: float) -> float:
        """The time of an uptime."""
        return self.origin + uptime_ms * self.factor

    def error(self, uptime_ms: float) -> float:
        """How far wall() can be wrong."""
        return self.uncertainty + AGEING * abs(uptime_ms - self.uptime)

    def take(self, uptime_ms: int, wall_ms: float, source: int, uncertainty_ms: float) -> None:
        """A later pair: it counts when it is as good as what is known, grown old, would be. Two that are far apart
        tell the drift between them."""
        if uncertainty_ms > self.error(uptime_ms):
            return
        first_uptime, first_wall, first_uncertainty = self._first
        passed = uptime_ms - first_uptime
        drifted = abs(wall_ms - first_wall - passed)
        if source != self.source or passed <= 0 or drifted > passed * MAX_DRIFT + uncertainty_ms + first_uncertainty:
            self._first = uptime_ms, wall_ms, uncertainty_ms  # another clock, or the board's was set
            self.factor = 1.0
        elif uncertainty_ms + first_uncertainty < passed * AGEING:
            self.factor = (wall_ms - first_wall) / passed
        self.source, self.uptime, self.uncertainty = source, uptime_ms, uncertainty_ms
        self.origin = wall_ms - uptime_ms * self.factor

    def shift(self, ms: float) -> None:
        """The clock that it came from was set."""
        self.origin += ms
        uptime, wall, uncertainty = self._first
        self._first = uptime, wall + ms, uncertainty

    def state(self) -> list[float]:
        """For restored()."""
        return [self.uptime, self.wall(self.uptime), self.source, self.uncertainty, self.factor, *self._first]

    @classmethod
    def restored(cls, state: list[float]) -> Anchor:
        """What state() gave."""
        uptime, wall, source, uncertainty, factor, *first = state
        anchor = cls(int(uptime), wall, int(source), uncertainty)
        anchor.factor = factor
        anchor.origin = wall - uptime * factor
        anchor._first = int(first[0]), first[1], first[2]
        return anchor


class Doubt:
    """Of a board whose anchors are hours or more before their arrival: is its clock behind, or had its hellos waited?

    A hello that came over a port is as old as it looks to be only when the clock is wrong. Through a broker it takes
    two: a queue is emptied faster than it was filled, so that hellos which come as far apart as they were made did not
    wait in one. Boots of a board share it: a clock that is wrong is wrong in the next one, too.
    """

    __slots__ = ("_first", "_wrong")

    def __init__(self, wrong: int = -1, first: tuple[float, float] | None = None) -> None:
        self._wrong = wrong  # the source that is known to be wrong
        self._first = first  # the time that a hello told, and its arrival

    @property
    def open(self) -> bool:
        """Whether another hello would tell."""
        return self._first is not None

    def refuses(self, wall_ms: float, source: int, arrival_ms: float, way: int) -> bool:
        """Whether an anchor that is far behind shows that its clock is."""
        if source == self._wrong:
            return True
        if way == KEPT:
            return False
        first, passed = self._first, 0.0
        if first is not None:
            passed = wall_ms - first[0]
            apart = abs(arrival_ms - first[1] - passed)
        if way == DIRECT or (passed >= PACE_MS and apart <= max(m.MAX_CLOCK_AHEAD_S * 1000, passed * MAX_DRIFT)):
            self._wrong, self._first = source, None
            return True
        if not 0 <= passed < PACE_MS or first is None:
            self._first = wall_ms, arrival_ms
        return False

    def settle(self, source: int) -> None:
        """A source has told a time that may be right."""
        self._first = None
        if source == self._wrong:
            self._wrong = -1

    def state(self) -> list[Any]:
        """For restored()."""
        return [self._wrong, self._first]

    @classmethod
    def restored(cls, state: list[Any]) -> Doubt:
        """What state() gave."""
        wrong, first = state
        return cls(wrong, None if first is None else (first[0], first[1]))
