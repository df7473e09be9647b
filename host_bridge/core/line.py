"""The line below all of arrival - uptime of one boot: delay only ever adds, so that the fastest frames lie on it."""

from __future__ import annotations

from math import inf
from typing import Any

from host_bridge.core.drift import Envelope
from shared_schema import messages as m

BUCKET_MS = 60_000  # of uptime: the fastest frame of each goes to the envelope; the spread is that of one or two
AHEAD_MS = m.MAX_CLOCK_AHEAD_S * 1000.0
SETTLED = 2
_DOUBT_MS = 60_000.0  # a hello that is so late was kept by a broker, or the uptime was set back
_AGREE_MS = 10_000  # of uptime between two hellos that say the same


class Line:
    """Takes frames; follows the crystal. Times inside are Unix ms; a line is at uptime u: origin + u * factor.

    moves   grows after every change of what a page says of the clock, so that only then it has to be asked
    """

    __slots__ = (
        "_at",
        "_due",
        "_envelope",
        "_factor",
        "_heard",
        "_high",
        "_high_before",
        "_late",
        "_low",
        "_origin",
        "_suspect",
        "moves",
    )

    def __init__(self, drift: float) -> None:
        self.moves = 0
        self._origin = inf  # before anything came
        self._factor = 1 / (1 + drift)
        self._envelope = Envelope()
        self._heard = 0  # hellos that were not retained, at most SETTLED
        self._low = self._due = inf  # the least delay in this bucket, and the uptime at which it ends
        self._at = 0  # the uptime of that frame
        self._high = self._high_before = 0.0
        self._suspect: float | None = None  # arrival - uptime of a frame that is impossibly early
        self._late: tuple[int, float] | None = None  # uptime, and arrival - uptime, of a hello that is too late

    def _moved(self, uptime_ms: int, anew: bool) -> None:
        """The line is another one now; `anew`: it has nothing to do with the one before."""
        raise NotImplementedError

    def observe(self, uptime_ms: int, arrival: float) -> None:
        """A frame whose last sample, or event, is of `uptime_ms` arrived."""
        if uptime_ms >= self._due:
            self._close_bucket()
        delay = arrival * 1000 - self._origin - uptime_ms * self._factor
        if delay < self._low:
            self._lower(delay, uptime_ms, arrival)
        if delay > self._high:
            self._high = delay
            self.moves += 1

    def hello(self, uptime_ms: int, arrival: float) -> None:
        """The same for a hello that was not retained: its uptime is that of its sending. Two in a row that agree show
        that a line is far too low, as when the uptime was set back."""
        self._heard = min(SETTLED, self._heard + 1)
        offset = arrival * 1000 - uptime_ms
        late = self._late
        if arrival * 1000 - self._origin - uptime_ms * self._factor <= _DOUBT_MS:
            self._late = None
        elif late is None or uptime_ms < late[0]:
            self._late, self._low = (uptime_ms, offset), inf  # inf: a prompt frame ends the doubt
        elif uptime_ms >= late[0] + _AGREE_MS:
            self._late, self._low = (uptime_ms, offset), inf
            if abs(offset - late[1]) <= AHEAD_MS:
                self.begin(uptime_ms, arrival)
        self.observe(uptime_ms, arrival)

    def before(self, uptime_ms: int, latest: float) -> None:
        """`uptime_ms` was before the time `latest`, however late it was heard of: it is of a boot that is over."""
        if latest * 1000 - uptime_ms * self._factor < self._origin:
            self._move(latest * 1000 - uptime_ms * self._factor, uptime_ms)

    @property
    def uptime_ms(self) -> int:
        """An uptime that this boot has reached."""
        return self._at

    def _lower(self, delay: float, uptime_ms: int, arrival: float) -> None:
        """The fastest frame of this bucket. One that is impossibly early counts when the next one agrees."""
        if self._origin == inf:
            self.begin(uptime_ms, arrival)
            return
        offset = arrival * 1000 - uptime_ms
        if delay < -AHEAD_MS:
            if self._suspect is not None and abs(offset - self._suspect) <= AHEAD_MS:
                self.begin(uptime_ms, arrival)
            else:
                self._suspect, self._low = offset, inf  # inf: so that the next frame comes here, too
            return
        if delay < 0:
            self._move(self._origin + delay, uptime_ms)
        if delay <= AHEAD_MS:
            self._suspect = None
        if delay <= _DOUBT_MS:
            self._low, self._at, self._late = max(0.0, delay), uptime_ms, None
            self.moves += 1
            if self._due == inf:
                self._due = uptime_ms + BUCKET_MS

    def begin(self, uptime_ms: int, arrival: float) -> None:
        """Begin the line anew at this frame."""
        self._move(arrival * 1000 - uptime_ms * self._factor, uptime_ms, anew=True)
        self._envelope.clear()
        self._low, self._at, self._due = 0.0, uptime_ms, uptime_ms + BUCKET_MS
        self._suspect = self._late = None
        self.moves += 1

    def _move(self, origin: float, uptime_ms: int, anew: bool = False) -> None:
        lower = 0.0 if self._origin == inf else self._origin - origin
        self._high, self._high_before = max(0.0, self._high + lower), max(0.0, self._high_before + lower)
        self._origin = origin
        self._moved(uptime_ms, anew)

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
        self.moves += 1

    def shift(self, seconds: float) -> None:
        """The host's clock was set by `seconds`: arrivals are dated so from now on."""
        self._envelope.shift(seconds * 1000)
        self._suspect = self._late = None
        self._origin += seconds * 1000
        self._moved(self._at, True)

    def line_state(self) -> list[object]:
        """What restore_line() needs."""
        if self._origin == inf:
            return [None, self._factor]
        return [self._origin, self._factor, self._at, self._heard, *(self._envelope.edge() or ())]

    def restore_line(self, state: list[Any]) -> None:
        """Go on with what line_state() gave: later frames find the line where it was, and its drift."""
        origin, self._factor, *rest = state
        if origin is None:
            return
        self._origin = origin
        self._at, self._heard, *edge = rest
        for place in range(0, len(edge), 2):
            self._envelope.add(edge[place], edge[place + 1])
        self._envelope.add(self._at, origin + self._at * (self._factor - 1))
        self._moved(self._at, True)
