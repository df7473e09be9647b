"""From a board's uptime to wall time (SPEC.md section 10, docs/clocks.md)."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf, log10
from typing import Any

from host_bridge.core.anchors import BEHIND_MS, KEPT, Anchor, Doubt
from host_bridge.core.line import AHEAD_MS, SETTLED, Line
from shared_schema import messages as m

ARRIVAL = "arrival"
_BRIDGE = m.ANCHOR_SOURCES.index("bridge")
_BEHIND_MS = m.MAX_CLOCK_BEHIND_S * 1000.0
_FIRST_MINUTE_S = 0.1  # how far the smallest delay so far may be from that of many frames
_BEST_S, _WORST_DECADES = 0.01, 4  # quality: 1 at 10 ms, 0 at 100 s


def quality(error_s: float) -> float:
    """1 when samples' times are right to 10 ms, a quarter less for each tenfold of it, 0 at 100 s."""
    if error_s <= _BEST_S:
        return 1.0
    return max(0.0, 1 - log10(error_s / _BEST_S) / _WORST_DECADES)


class Clock(Line):
    """The mapping of one boot: its line, or the board's own clock.

    source   what samples are dated by: ARRIVAL or a name of ANCHOR_SOURCES
    refused  anchors that could not be right; clamped: samples that would have been dated into the future
    ahead_s  the board's own clock less the bridge's when it last told it; None: it never did
    command  the number of the last command in this boot
    """

    __slots__ = (
        "_anchor",
        "_bridge",
        "_dated",
        "_doubt",
        "_newest",
        "_used",
        "ahead_s",
        "clamped",
        "command",
        "refused",
        "source",
    )

    def __init__(self, before: Clock | None = None) -> None:
        """`before`: that of an earlier boot of the same board. The crystal is the same, and so is the clock."""
        super().__init__(0.0 if before is None else before.drift or 0.0)
        self.source = ARRIVAL
        self.refused = self.clamped = self.command = 0
        self.ahead_s: float | None = None
        self._anchor: Anchor | None = None  # the board's own clock
        self._bridge: Anchor | None = None  # what the bridge had told it, and it has told back
        self._used: Anchor | None = None
        # None: the board's clock was never far behind.
        self._doubt: Doubt | None = None if before is None else before._doubt
        self._newest = self._dated = -inf  # the newest sample that was dated, and its date

    def anchor(self, uptime_ms: int, anchor: tuple[int, ...], arrival: float, way: int = KEPT) -> bool:
        """Take a hello's [unix_seconds, milliseconds, source, uncertainty_ms]. False: it cannot be right; counted.
        `way`: of anchors.py, how the hello came."""
        seconds, milliseconds, source, uncertainty_ms = anchor
        wall = seconds * 1000.0 + milliseconds
        line = self._origin + uptime_ms * self._factor
        if source != _BRIDGE and line < inf:
            self.ahead_s = (wall - line) / 1000
        earliest = min(arrival * 1000, line)
        if (
            seconds < m.MIN_ANCHOR_UNIX_S
            or not earliest - _BEHIND_MS <= wall <= earliest + AHEAD_MS
            or (source != _BRIDGE and self._behind(uptime_ms, wall, source, earliest, arrival, way))
        ):
            self.refused += 1
            self._choose(uptime_ms)
            return False
        pair = uptime_ms, wall, source, uncertainty_ms
        if source == _BRIDGE:
            if self._heard < SETTLED:
                self._bridge = Anchor(*pair)
        elif self._anchor is None:
            self._anchor = Anchor(*pair)
        else:
            self._anchor.take(*pair)
        self._choose(uptime_ms)
        return True

    def _behind(self, uptime_ms: int, wall: float, source: int, earliest: float, arrival: float, way: int) -> bool:
        """Whether the board's clock is far behind. What is known of it so far and was of such a clock goes, too."""
        limit, own, doubt = earliest - BEHIND_MS, self._anchor, self._doubt
        own_behind = own is not None and own.wall(uptime_ms) < limit
        if wall >= limit:
            if doubt is not None:
                doubt.settle(source)
            if own_behind:
                self._anchor = None
            return False
        if own is not None and not own_behind:
            return True  # the clock was set back: that the one before had agreed by chance is less likely
        if doubt is None:
            doubt = self._doubt = Doubt()
        if not doubt.refuses(wall, source, arrival * 1000, way):
            return False
        self._anchor = None
        return True

    def _choose(self, uptime_ms: int) -> None:
        """The board's own clock, unless the line disproves it; the line; what the bridge told once, only when frames
        come later than that can be wrong."""
        line = self._origin + uptime_ms * self._factor
        used, told = self._anchor, self._bridge
        if used is not None and line < inf and not line - _BEHIND_MS <= used.wall(uptime_ms) <= line + AHEAD_MS:
            self._anchor = used = None
            self.refused += 1
        if used is None and told is not None and line - told.wall(uptime_ms) > told.error(uptime_ms) + AHEAD_MS:
            used = told
        self._used = used
        number = -1 if used is None else used.source
        self.source = ARRIVAL if used is None else m.ANCHOR_SOURCES[number if number < len(m.ANCHOR_SOURCES) else 0]
        self.moves += 1

    @property
    def doubtful(self) -> bool:
        """Whether one more hello would tell if the line, or the board's own clock, is wrong."""
        return self._late is not None or (self._doubt is not None and self._doubt.open)

    @property
    def own(self) -> bool:
        """Whether the board has a wall clock that is believed, and not the bridge's."""
        return self._anchor is not None

    def hello(self, uptime_ms: int, arrival: float) -> None:
        """As a line takes it. From the second one on, what was heard live is better than what the bridge has told."""
        super().hello(uptime_ms, arrival)
        if self._heard == SETTLED:
            self._bridge = None

    def shift(self, seconds: float) -> None:
        """As a line is shifted. Anchors are the board's own; those of the bridge are of no more use in this boot."""
        if self._origin < inf:
            self._heard, self._bridge = SETTLED, None
        super().shift(seconds)

    def _moved(self, uptime_ms: int, anew: bool) -> None:
        if anew:
            self._newest = self._dated = -inf
        self._choose(uptime_ms)

    def wall(self, uptime_ms: int, arrival: float) -> float:
        """The time of `uptime_ms`; its arrival when it would be later than that plus MAX_CLOCK_AHEAD_S."""
        used = self._used
        ms = self._origin + uptime_ms * self._factor if used is None else used.wall(uptime_ms)
        return arrival if ms > arrival * 1000 + AHEAD_MS else ms / 1000

    def dates(self, uptimes: Sequence[int], arrival: float) -> list[int]:
        """Unix ms of the samples of a frame, not decreasing. To be called once for each.

        A frame that would be later than its arrival plus MAX_CLOCK_AHEAD_S is dated as if made at its arrival, and
        counted. Samples newer than all before are not dated before them because the line has moved by less than that.
        """
        used = self._used
        origin, factor = (self._origin, self._factor) if used is None else (used.origin, used.factor)
        newest = uptimes[-1]
        if origin + newest * factor > arrival * 1000 + AHEAD_MS:
            self.clamped += len(uptimes) if self._origin < inf else 0
            self.moves += 1
            return [int(arrival * 1000) + uptime - newest for uptime in uptimes]
        if len(uptimes) == 1:
            dates = [int(origin + newest * factor)]
        else:
            dates = [int(origin + uptime * factor) for uptime in uptimes]
        if newest > self._newest:
            if dates[0] <= self._dated and uptimes[0] > self._newest and dates[0] > self._dated - AHEAD_MS:
                floor = int(self._dated) + 1
                dates = [max(floor, date) for date in dates]
            self._newest, self._dated = newest, dates[-1]
        return dates

    @property
    def spread(self) -> float:
        """Seconds by which the sources of time differ: the bound on the error of samples' times."""
        line, used = self._origin + self._at * self._factor, self._used
        if used is not None:
            apart = 0.0 if line == inf else abs(line - used.wall(self._at))
            return (apart + used.error(self._at if line < inf else used.uptime)) / 1000
        return 0.0 if line == inf else max(self._high, self._high_before) / 1000

    @property
    def drift(self) -> float | None:
        """How much faster than the bridge's clock the uptime runs, as a ratio; None: not known yet."""
        return self.figures()[2]

    @property
    def quality(self) -> float:
        """quality() of the spread, with what is unsure before the first minute is over."""
        return self.figures()[1]

    def figures(self) -> tuple[float, float, float | None]:
        """Spread, quality and drift."""
        spread, used = self.spread, self._used
        unsure = 0.0 if used is not None or self._envelope.xs else _FIRST_MINUTE_S
        factor = self._factor if used is None or used.factor == 1 else used.factor
        return spread, quality(spread + unsure), None if factor == 1 else 1 / factor - 1

    def state(self) -> list[object]:
        """What restore() needs, as JSON can carry it."""
        own, told = self._anchor, self._bridge
        anchors = None if own is None else own.state(), None if told is None else told.state()
        doubt = () if self._doubt is None else (self._doubt.state(),)
        return [self.line_state(), *anchors, self.refused, self.clamped, self.command, self.ahead_s, *doubt]

    @classmethod
    def restore(cls, state: list[Any]) -> Clock:
        """The clock whose state() it is. ValueError or TypeError when it is none."""
        clock = cls()
        line, own, told, clock.refused, clock.clamped, clock.command, clock.ahead_s, *doubt = state
        clock._doubt = Doubt.restored(doubt[0]) if doubt else None
        clock._anchor = None if own is None else Anchor.restored(own)
        clock._bridge = None if told is None else Anchor.restored(told)
        clock.restore_line(line)
        return clock
