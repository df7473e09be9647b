"""From a board's uptime to wall time (SPEC.md section 10)."""

from __future__ import annotations

from shared_schema import messages as m

ARRIVAL = "arrival"
_SPREAD_FRAMES = 64  # the spread is that of the last 64 to 128 frames: old outages are forgotten


class Clock:
    """The mapping of one boot. Offsets are Unix seconds at uptime 0."""

    __slots__ = ("_anchor", "_count", "_high", "_high_before", "_uncertainty_ms", "offset", "refused", "source")

    def __init__(self) -> None:
        self.offset: float | None = None  # the smallest arrival - uptime: delay only ever adds
        self.source = ARRIVAL
        self.refused = 0
        self._anchor = 0.0
        self._uncertainty_ms = 0
        self._high = self._high_before = 0.0
        self._count = 0

    def observe(self, uptime_ms: int, arrival: float) -> None:
        """A frame whose last sample, or event, is of `uptime_ms` arrived. An anchor that dates it later is refused."""
        offset = arrival - uptime_ms / 1000
        if self.offset is None or offset < self.offset:
            self._earlier(offset)
        if offset > self._high:
            self._high = offset
        self._count += 1
        if self._count >= _SPREAD_FRAMES:
            self._count, self._high_before, self._high = 0, self._high, offset

    def _earlier(self, offset: float) -> None:
        if self.offset is None:
            self._high = self._high_before = offset
        self.offset = offset
        if self.source != ARRIVAL and self._anchor > offset + m.MAX_CLOCK_AHEAD_S:
            self.source = ARRIVAL
            self.refused += 1

    def anchor(self, uptime_ms: int, anchor: tuple[int, ...], arrival: float) -> bool:
        """Take a hello's [unix_seconds, milliseconds, source, uncertainty_ms]. False: it cannot be right; counted."""
        seconds, milliseconds, source, uncertainty_ms = anchor
        wall = seconds + milliseconds / 1000
        offset = wall - uptime_ms / 1000
        earliest = arrival if self.offset is None else min(arrival, self.offset + uptime_ms / 1000)
        if seconds < m.MIN_ANCHOR_UNIX_S or wall > earliest + m.MAX_CLOCK_AHEAD_S:
            self.refused += 1
            return False
        if self.source == ARRIVAL or uncertainty_ms <= self._uncertainty_ms:
            self._anchor, self._uncertainty_ms = offset, uncertainty_ms
            self.source = m.ANCHOR_SOURCES[source] if source < len(m.ANCHOR_SOURCES) else m.ANCHOR_SOURCES[0]
        return True

    def shift(self, seconds: float) -> None:
        """The host's clock was set by `seconds`: arrivals are dated so from now on. Anchors are the board's own."""
        if self.offset is not None:
            self.offset += seconds
            self._high += seconds
            self._high_before += seconds

    def wall(self, uptime_ms: int, arrival: float) -> float:
        """The time of `uptime_ms`, never later than its arrival plus MAX_CLOCK_AHEAD_S."""
        offset = self._anchor if self.source != ARRIVAL else self.offset
        if offset is None:
            return arrival
        return min(offset + uptime_ms / 1000, arrival + m.MAX_CLOCK_AHEAD_S)

    @property
    def spread(self) -> float:
        """Seconds by which the sources of time differ: the bound on the error of samples' times."""
        if self.offset is None:
            return 0.0
        if self.source != ARRIVAL:
            return abs(self.offset - self._anchor) + self._uncertainty_ms / 1000
        return max(self._high, self._high_before) - self.offset
