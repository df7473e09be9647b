"""A board's own wall clock, as its hellos have told it: pairs of uptime and time, and how far they can be wrong."""

from __future__ import annotations

from host_bridge.core.drift import MAX_DRIFT

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
