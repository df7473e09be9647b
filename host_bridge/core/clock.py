"""From a board's uptime to wall time (SPEC.md section 10, docs/clocks.md)."""

from __future__ import annotations

from math import inf, log10
from typing import Any

from host_bridge.core.anchors import Anchor
from host_bridge.core.drift import Envelope
from shared_schema import messages as m

ARRIVAL = "arrival"
_BRIDGE = m.ANCHOR_SOURCES.index("bridge")
_BUCKET_MS = 60_000  # of uptime: the fastest frame of each goes to the envelope; the spread is that of one or two
_AHEAD_MS = m.MAX_CLOCK_AHEAD_S * 1000.0
_BEHIND_MS = m.MAX_CLOCK_BEHIND_S * 1000.0
_DOUBT_MS = 60_000.0  # a hello that is so late was kept by a broker, or the uptime was set back
_SETTLED = 2
_AGREE_MS = 10_000  # of uptime between two hellos that say the same
_FIRST_MINUTE_S = 0.1  # how far the smallest delay so far may be from that of many frames
_BEST_S, _WORST_DECADES = 0.01, 4  # quality: 1 at 10 ms, 0 at 100 s


def quality(error_s: float) -> float:
    """1 when samples' times are right to 10 ms, a quarter less for each tenfold of it, 0 at 100 s."""
    return min(1.0, max(0.0, 1 - log10(max(error_s, _BEST_S) / _BEST_S) / _WORST_DECADES))


class Clock:
    """The mapping of one boot: a line below all of arrival - uptime, or the board's own clock. Inside: Unix ms.

    source   what samples are dated by: ARRIVAL or a name of ANCHOR_SOURCES
    refused  anchors that could not be right; clamped: samples that would have been dated into the future
    ahead_s  the board's own clock less the bridge's when it last told it; None: it never did
    command  the number of the last command in this boot
    """

    __slots__ = (
        "_anchor",
        "_at",
        "_bridge",
        "_dated",
        "_due",
        "_envelope",
        "_factor",
        "_heard",
        "_high",
        "_high_before",
        "_late",
        "_low",
        "_newest",
        "_origin",
        "_suspect",
        "_used",
        "ahead_s",
        "clamped",
        "command",
        "refused",
        "source",
    )

    def __init__(self, drift: float = 0.0) -> None:
        """`drift`: that of an earlier boot of the same board."""
        self.source = ARRIVAL
        self.refused = self.clamped = self.command = 0
        self.ahead_s: float | None = None
        self._origin = inf  # the line at uptime 0; inf before anything came
        self._factor = 1 / (1 + drift)  # of wall time for each ms of uptime
        self._envelope = Envelope()
        self._anchor: Anchor | None = None  # the board's own clock
        self._bridge: Anchor | None = None  # what the bridge had told it, and it has told back
        self._used: Anchor | None = None
        self._heard = 0  # hellos that were not retained, at most 2; _SETTLED: what the bridge tells is of no use to it
        self._low = self._due = inf  # the least delay in this bucket, and the uptime at which it ends
        self._at = 0  # the uptime of that frame
        self._high = self._high_before = 0.0
        self._suspect: float | None = None  # arrival - uptime of a frame that is impossibly early
        self._late: tuple[int, float] | None = None  # uptime, and arrival - uptime, of a hello that is too late
        self._newest = self._dated = -inf  # the newest sample that was dated, and its date

    def observe(self, uptime_ms: int, arrival: float) -> None:
        """A frame whose last sample, or event, is of `uptime_ms` arrived."""
        if uptime_ms >= self._due:
            self._close_bucket()
        delay = arrival * 1000 - self._origin - uptime_ms * self._factor
        if delay < self._low:
            self._lower(delay, uptime_ms, arrival)
        if delay > self._high:
            self._high = delay

    def hello(self, uptime_ms: int, arrival: float) -> None:
        """The same for a hello that was not retained: its uptime is that of its sending. Two in a row that agree show
        that a line is far too low, as when the uptime was set back."""
        self._heard += 1
        if self._heard >= _SETTLED:
            self._heard, self._bridge = _SETTLED, None
        offset = arrival * 1000 - uptime_ms
        late = self._late
        if arrival * 1000 - self._origin - uptime_ms * self._factor <= _DOUBT_MS:
            self._late = None
        elif late is None or uptime_ms < late[0]:
            self._late, self._low = (uptime_ms, offset), inf  # inf: a prompt frame ends the doubt
        elif uptime_ms >= late[0] + _AGREE_MS:
            self._late, self._low = (uptime_ms, offset), inf
            if abs(offset - late[1]) <= _AHEAD_MS:
                self._begin(uptime_ms, arrival)
        self.observe(uptime_ms, arrival)

    def before(self, uptime_ms: int, latest: float) -> None:
        """`uptime_ms` was before the time `latest`, however late it was heard of: it is of a boot that is over."""
        if latest * 1000 - uptime_ms * self._factor < self._origin:
            self._move(latest * 1000 - uptime_ms * self._factor, uptime_ms)

    @property
    def uptime_ms(self) -> int:
        """An uptime that this boot has reached."""
        return self._at

    @property
    def doubtful(self) -> bool:
        """Whether one more hello would tell if the line is wrong."""
        return self._late is not None

    def _lower(self, delay: float, uptime_ms: int, arrival: float) -> None:
        """The fastest frame of this bucket. One that is impossibly early counts when the next one agrees."""
        if self._origin == inf:
            self._begin(uptime_ms, arrival)
            return
        offset = arrival * 1000 - uptime_ms
        if delay < -_AHEAD_MS:
            if self._suspect is not None and abs(offset - self._suspect) <= _AHEAD_MS:
                self._begin(uptime_ms, arrival)
            else:
                self._suspect, self._low = offset, inf  # inf: so that the next frame comes here, too
            return
        if delay < 0:
            self._move(self._origin + delay, uptime_ms)
        if delay <= _AHEAD_MS:
            self._suspect = None
        if delay <= _DOUBT_MS:
            self._low, self._at, self._late = max(0.0, delay), uptime_ms, None
            if self._due == inf:
                self._due = uptime_ms + _BUCKET_MS

    def _begin(self, uptime_ms: int, arrival: float) -> None:
        """Begin the line anew at this frame."""
        self._move(arrival * 1000 - uptime_ms * self._factor, uptime_ms)
        self._envelope.clear()
        self._low, self._at, self._due = 0.0, uptime_ms, uptime_ms + _BUCKET_MS
        self._suspect = self._late = None
        self._newest = self._dated = -inf

    def _move(self, origin: float, uptime_ms: int) -> None:
        lower = 0.0 if self._origin == inf else self._origin - origin
        self._high, self._high_before = max(0.0, self._high + lower), max(0.0, self._high_before + lower)
        self._origin = origin
        self._choose(uptime_ms)

    def _close_bucket(self) -> None:
        """Once in a minute of uptime: the line follows the crystal, and what is old is forgotten."""
        envelope = self._envelope
        if self._low < inf:
            envelope.add(self._at, self._origin + self._low + self._at * (self._factor - 1))
        edge = envelope.edge()
        if edge is not None:
            self._factor = 1 + (edge[3] - edge[1]) / (edge[2] - edge[0])
        if envelope.xs:
            self._move(envelope.origin(self._factor - 1), self._at)
        self._high_before, self._high = self._high, 0.0
        self._low = self._due = inf

    def anchor(self, uptime_ms: int, anchor: tuple[int, ...], arrival: float) -> bool:
        """Take a hello's [unix_seconds, milliseconds, source, uncertainty_ms]. False: it cannot be right; counted."""
        seconds, milliseconds, source, uncertainty_ms = anchor
        wall = seconds * 1000.0 + milliseconds
        line = self._origin + uptime_ms * self._factor
        if source != _BRIDGE and line < inf:
            self.ahead_s = (wall - line) / 1000
        earliest = min(arrival * 1000, line)
        if seconds < m.MIN_ANCHOR_UNIX_S or not earliest - _BEHIND_MS <= wall <= earliest + _AHEAD_MS:
            self.refused += 1
            return False
        if source == _BRIDGE:
            if self._heard < _SETTLED:
                self._bridge = Anchor(uptime_ms, wall, source, uncertainty_ms)
        elif self._anchor is None:
            self._anchor = Anchor(uptime_ms, wall, source, uncertainty_ms)
        else:
            self._anchor.take(uptime_ms, wall, source, uncertainty_ms)
        self._choose(uptime_ms)
        return True

    def _choose(self, uptime_ms: int) -> None:
        """The board's own clock, unless the line disproves it; the line; what the bridge told once, only when frames
        come later than that can be wrong."""
        line = self._origin + uptime_ms * self._factor
        used, told = self._anchor, self._bridge
        if used is not None and line < inf and not line - _BEHIND_MS <= used.wall(uptime_ms) <= line + _AHEAD_MS:
            self._anchor = used = None
            self.refused += 1
        if used is None and told is not None and line - told.wall(uptime_ms) > told.error(uptime_ms) + _AHEAD_MS:
            used = told
        self._used = used
        number = -1 if used is None else used.source
        self.source = ARRIVAL if used is None else m.ANCHOR_SOURCES[number if number < len(m.ANCHOR_SOURCES) else 0]

    @property
    def own(self) -> bool:
        """Whether the board has a wall clock that is believed, and not the bridge's."""
        return self._anchor is not None

    def shift(self, seconds: float) -> None:
        """The host's clock was set by `seconds`: arrivals are dated so from now on. Anchors are the board's own; those
        of the bridge are set aside for the rest of this boot."""
        self._origin += seconds * 1000
        self._envelope.shift(seconds * 1000)
        self._suspect = self._late = self._bridge = None
        self._heard = _SETTLED if self._origin < inf else self._heard
        self._newest = self._dated = -inf
        self._choose(self._at)

    def wall(self, uptime_ms: int, arrival: float) -> float:
        """The time of `uptime_ms`; its arrival when it would be later than that plus MAX_CLOCK_AHEAD_S."""
        used = self._used
        ms = self._origin + uptime_ms * self._factor if used is None else used.wall(uptime_ms)
        return arrival if ms > arrival * 1000 + _AHEAD_MS else ms / 1000

    def dates(self, uptimes: list[int], arrival: float) -> list[int]:
        """Unix ms of the samples of a frame, not decreasing. To be called once for each.

        A frame that would be later than its arrival plus MAX_CLOCK_AHEAD_S is dated as if made at its arrival, and
        counted. Samples newer than all before are not dated before them because the line has moved by less than that.
        """
        used = self._used
        origin, factor = (self._origin, self._factor) if used is None else (used.origin, used.factor)
        newest = uptimes[-1]
        if origin + newest * factor > arrival * 1000 + _AHEAD_MS:
            self.clamped += len(uptimes) if self._origin < inf else 0
            return [int(arrival * 1000) + uptime - newest for uptime in uptimes]
        dates = [int(origin + uptime * factor) for uptime in uptimes]
        if newest > self._newest:
            if dates[0] <= self._dated and uptimes[0] > self._newest and dates[0] > self._dated - _AHEAD_MS:
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
        factor = self._factor if self._used is None or self._used.factor == 1 else self._used.factor
        return None if factor == 1 else 1 / factor - 1

    @property
    def quality(self) -> float:
        """quality() of the spread, with what is unsure before the first minute is over."""
        return quality(self.spread + (0.0 if self._used is not None or self._envelope.xs else _FIRST_MINUTE_S))

    def state(self) -> list[object]:
        """What restore() needs, as JSON can carry it."""
        known = self._origin < inf
        line = [
            self._origin if known else None,
            self._factor,
            self._low if known and self._low < inf else None,
            self._at,
        ]
        own, told = self._anchor, self._bridge
        return [
            *line,
            list(self._envelope.edge() or ()),
            None if own is None else own.state(),
            None if told is None else told.state(),
            self.refused,
            self.clamped,
            self.command,
            self._heard,
            self.ahead_s,
        ]

    @classmethod
    def restore(cls, state: list[Any]) -> Clock:
        """The clock whose state() it is. ValueError or TypeError when it is none."""
        clock = cls()
        origin, clock._factor, low, clock._at, edge, own, told, *rest = state
        clock.refused, clock.clamped, clock.command, clock._heard, clock.ahead_s = rest
        clock._origin = inf if origin is None else origin
        if edge:
            clock._envelope.xs, clock._envelope.ys = [edge[0], edge[2]], [edge[1], edge[3]]
        if low is not None:
            clock._low, clock._due = low, clock._at + _BUCKET_MS
        clock._anchor = None if own is None else Anchor.restored(own)
        clock._bridge = None if told is None else Anchor.restored(told)
        clock._choose(clock._at)
        return clock
