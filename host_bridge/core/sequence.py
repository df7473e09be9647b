"""Which reliable frames of a boot have come: repeats, order, gaps, and what became of the gaps (SPEC.md section 11)."""

from __future__ import annotations

from collections.abc import Iterator, Set
from operator import attrgetter
from typing import Any

from shared_schema.messages import SEQ_WINDOW

Dropped = tuple[int, int, int]  # samples, events, crashes

_COUNTS = ("base", "next", "top", "known", "_prior", "missing", "received", "recovered", "repeated", "too_old", "lost")
_NUMBERS = (*_COUNTS, "came", "_dropped", "dropped", "_unstarted")
_SETS = ("_above", "_early", "_given_up")
_numbers_of, _sets_of = attrgetter(*_NUMBERS), attrgetter(*_SETS)

# A set takes 216 bytes, and most boots need none of three. Shared, so never changed in place.
_NONE: Any = frozenset()

RECEIVED = 0
RECOVERED = 1
REPEATED = 2
TOO_OLD = 3


class Sequence:
    """The numbers of one boot.

    base      the first number that was still on the board when the bridge met this boot; those before were another's
              business, except what the board said it had dropped
    next      every number below it is settled: the frame came, or was given up. This is what `ack` carries
    top       one more than the highest number that came or was given up; came: of those that came alone
    known     one more than the highest number that any header told of
    missing   numbers given up: they are lost, or the board dropped them
    """

    __slots__ = (
        "_above",
        "_dropped",
        "_early",
        "_given_up",
        "_prior",
        "_unstarted",
        "base",
        "came",
        "dropped",
        "known",
        "lost",
        "missing",
        "next",
        "received",
        "recovered",
        "repeated",
        "thinned",
        "too_old",
        "top",
    )

    def __init__(self, first: int | None, dropped: Dropped = (0, 0, 0)) -> None:
        """`first` is None when nobody could say it, as in a hello that a broker kept: then the first frame decides."""
        self.base = self.next = self.top = -1
        self.known = self._prior = self.missing = self.came = 0
        self.received = self.recovered = self.repeated = self.too_old = self.lost = 0
        self.thinned = 0  # samples that thinning had removed from the frames that are used
        self._above: set[int] = _NONE  # came, above `next`
        self._early: set[int] = _NONE  # came, below `base`
        self._given_up: set[int] = _NONE  # within the window only
        self._dropped: Dropped = (0, 0, 0)
        self.dropped = [0, 0, 0]  # by kind: samples, events, crashes; as far as they stand below `next`
        self._unstarted = True
        if first is not None:
            self._start(first, dropped)

    def _start(self, first: int, dropped: Dropped) -> None:
        self._unstarted = False
        self.base = self.next = self.top = self.known = first
        self._prior = max(0, first - sum(dropped))
        self.missing = first - self._prior
        self._dropped = dropped
        self._judge()

    @property
    def expected(self) -> int:
        """How many frames the board has made, as far as this bridge has to answer for them."""
        return self.known - self._prior

    @property
    def open(self) -> int:
        """Numbers that are neither settled nor here: in flight, or in the board's outbox."""
        return 0 if self._unstarted else self.known - self.next - len(self._above)

    @property
    def gap(self) -> bool:
        """Whether a later frame has come before an earlier one that is still missing."""
        return self.top > self.next

    def take(self, seq: int) -> int:
        """Count the reliable frame `seq`. RECEIVED and RECOVERED are to be used, REPEATED and TOO_OLD dropped."""
        if seq == self.next and seq == self.top:
            self.next = self.top = self.came = seq + 1
            if seq >= self.known:
                self.known = seq + 1
            self.received += 1
            return RECEIVED
        return self._out_of_order(seq)

    def _out_of_order(self, seq: int) -> int:
        if self._unstarted:
            self._start(seq, (0, 0, 0))
            return self.take(seq)
        self.came = max(self.came, seq + 1)
        if seq >= self.top:
            self._above = _own(self._above)
            self._above.add(seq)
            self.top = seq + 1
            self.known = max(self.known, self.top)
            self.received += 1
            if self.top - SEQ_WINDOW > self.next:
                self._settle(self.top - SEQ_WINDOW)
                self._judge()
            return RECEIVED
        if seq + SEQ_WINDOW < self.top:
            self.too_old += 1
            return TOO_OLD
        if seq in self._given_up:
            return self._after_all(seq)
        if seq < self.base:
            return self._before_base(seq)
        if seq < self.next or seq in self._above:
            self.repeated += 1
            return REPEATED
        self._above = _own(self._above)
        self._above.add(seq)
        self.recovered += 1
        self._advance()
        return RECOVERED

    def _before_base(self, seq: int) -> int:
        """A frame from before the bridge met this boot: out of a broker's queue, say."""
        if seq in self._early:
            self.repeated += 1
            return REPEATED
        self._early = _own(self._early)
        self._early.add(seq)
        if self._prior:
            self._prior -= 1
            self.recovered += 1
        else:  # the board has reported it as dropped
            self.too_old += 1
        return RECOVERED

    def _after_all(self, seq: int) -> int:
        """A frame that was given up comes nevertheless. It is used, and lost no longer, unless it counts as dropped."""
        self._given_up.discard(seq)
        if self.lost:
            self.lost -= 1
            self.missing -= 1
            self.recovered += 1
        else:
            self.too_old += 1
        return RECOVERED

    def _advance(self) -> None:
        above, following = self._above, self.next
        while following in above:
            above.discard(following)
            following += 1
        self.next = following

    def heard_of(self, following: int) -> None:
        """A header said that the board's next reliable frame will be `following`."""
        if not self._unstarted:
            self.known = max(self.known, following)

    def report(self, first: int, dropped: Dropped, given_up: tuple[int, ...] = ()) -> None:
        """A hello's outbox: what is below `first` and has not come will not come; `dropped` by kind. `given_up`: of the
        numbers from `first` on so many wait, so many were given up, and so on by turns."""
        if self._unstarted:
            self._start(first, dropped)
            return
        self._dropped = tuple(map(max, self._dropped, dropped))  # type: ignore[assignment]  # three stay three
        self._settle(first)
        self._pass(first, given_up)
        self._judge()

    def _pass(self, at: int, given_up: tuple[int, ...]) -> None:
        """Settle what was given up above `next`, within the window."""
        for seq in _given_up(at, given_up, self.next, self.next + SEQ_WINDOW):
            if seq not in self._above:
                self._above = _own(self._above)
                self._above.add(seq)
                self._given_up = _own(self._given_up)
                self._given_up.add(seq)
                self.missing += 1
                self.top = max(self.top, seq + 1)
        self.known = max(self.known, self.top)
        self._advance()
        self._trim()

    def state(self) -> list[Any]:
        """All of it, as JSON can carry it, for restored()."""
        return [*_numbers_of(self), *map(_runs, _sets_of(self)), self.thinned]

    @classmethod
    def restored(cls, state: list[Any]) -> Sequence:
        """The sequence whose state() it was."""
        out = cls(None)
        for name, value in zip(_NUMBERS, state, strict=False):
            setattr(out, name, value)
        *sets, out.thinned = (*state[len(_NUMBERS) :], 0)[: len(_SETS) + 1]  # an older version counted none
        for name, value in zip(_SETS, sets, strict=True):
            setattr(out, name, _numbers(value))
        out._dropped = tuple(out._dropped)  # type: ignore[assignment]  # three stay three
        return out

    def close(self) -> None:
        """Nothing more is expected of this boot: what has not come is lost."""
        if not self._unstarted:
            self._settle(self.known)
        self._judge()

    def reopen(self, first: int, given_up: tuple[int, ...]) -> None:
        """It was closed, and the boot comes back: what its board still holds may come, and no ack may pass over it."""
        held = {seq for seq in self._given_up if seq >= first}
        held -= set(_given_up(first, given_up, self.top - SEQ_WINDOW, self.top))
        held = set(sorted(held)[: self.lost])
        if held:
            self.missing -= len(held)
            self.lost -= len(held)
            self._given_up -= held
            self.next = min(held)
            self._above = set(range(self.next, self.top)) - held

    def _settle(self, limit: int) -> None:
        """Give up every number below `limit` that has not come. Its cost is bounded by the window, not by `limit`."""
        if limit <= self.next:
            return
        came = {seq for seq in self._above if seq < limit}
        self.missing += limit - self.next - len(came)
        self._above -= came
        start = max(self.next, limit - SEQ_WINDOW)
        self._given_up = _own(self._given_up)
        self._given_up.update(seq for seq in range(start, limit) if seq not in came)
        self.next = limit
        self.top = max(self.top, limit)
        self.known = max(self.known, self.top)
        self._advance()
        self._trim()

    def _trim(self) -> None:
        """Forget what is too old to be told from a repeat."""
        if len(self._given_up) > SEQ_WINDOW:
            self._given_up = {seq for seq in self._given_up if seq + SEQ_WINDOW >= self.top}
        if len(self._early) > SEQ_WINDOW:
            self._early = {seq for seq in self._early if seq + SEQ_WINDOW >= self.top}

    def _judge(self) -> None:
        """What is missing and was not dropped is lost; divide the rest among the kinds that the board dropped."""
        self.lost = max(self.lost, self.missing - sum(self._dropped))
        left = self.missing - self.lost - sum(self.dropped)
        for kind, told in enumerate(self._dropped):
            share = max(0, min(left, told - self.dropped[kind]))
            self.dropped[kind] += share
            left -= share


def _own(numbers: Set[int]) -> set[int]:
    """A set of numbers that may be changed in place."""
    return numbers if isinstance(numbers, set) else set(numbers)


def _given_up(at: int, runs: tuple[int, ...], least: int, limit: int) -> Iterator[int]:
    """The numbers that hello key 15 says were given up, from `least` on and below `limit`; `at` is its `first`."""
    for waiting, gone in zip(runs[::2], runs[1::2], strict=False):
        at += waiting
        yield from range(max(at, least), min(at + gone, limit))
        at += gone


def _runs(numbers: set[int]) -> list[list[int]]:
    """[first, how many] of each run, in order: a state is written with every commit, and losses come in a row."""
    out: list[list[int]] = []
    for number in sorted(numbers):
        if out and number == sum(out[-1]):
            out[-1][1] += 1
        else:
            out.append([number, 1])
    return out


def _numbers(runs: list[Any]) -> set[int]:
    """The set whose _runs() they are, or which an older version wrote number by number."""
    out: set[int] = set()
    for run in runs:
        if isinstance(run, list):
            first, length = run
            out.update(range(first, first + min(length, SEQ_WINDOW * 2)))
        else:
            out.add(run)
    return out
