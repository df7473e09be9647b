"""The ledger of a device: expected = received + recovered + lost + dropped_on_device, over all of its boots."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from operator import add

from host_bridge.core.sequence import Sequence


@dataclass(frozen=True, slots=True)
class Counts:
    """Reliable frames. None of these ever falls, but `lost`, when a frame that was counted so comes after all."""

    expected: int = 0
    received: int = 0
    recovered: int = 0
    lost: int = 0
    dropped_samples: int = 0
    dropped_events: int = 0
    dropped_crashes: int = 0
    repeated: int = 0
    too_old: int = 0
    thinned: int = 0  # samples, of frames that arrived

    @property
    def dropped(self) -> int:
        """All that the board gave up."""
        return self.dropped_samples + self.dropped_events + self.dropped_crashes

    @property
    def balanced(self) -> bool:
        """Whether it adds up: true whenever nothing is in flight."""
        return self.expected == self.received + self.recovered + self.lost + self.dropped


_NONE = (0,) * 10


class Ledger:
    """Sums over boots. A boot that is forgotten leaves its counts here."""

    __slots__ = ("_closed",)

    def __init__(self) -> None:
        self._closed: tuple[int, ...] = _NONE

    def close(self, sequence: Sequence) -> None:
        """Settle a boot of which nothing more is expected, and keep its counts."""
        sequence.close()
        self._closed = _add(self._closed, _row(sequence))

    def reopen(self, sequence: Sequence) -> None:
        """The boot of a sequence that was closed goes on: it counts for itself again."""
        self._closed = _add(self._closed, tuple(-count for count in _row(sequence)))

    def state(self) -> list[int]:
        """What the boots that are forgotten have left."""
        return list(self._closed)

    def restore(self, state: Iterable[int]) -> None:
        """Go on from a state(), also of a version that counted less."""
        kept = tuple(state)
        self._closed = _add((0,) * len(self._closed), kept + (0,) * (len(self._closed) - len(kept)))

    def counts(self, open_boots: Iterable[Sequence]) -> Counts:
        """The sums, those of boots that still go on included."""
        return Counts(*self.row(open_boots))

    def row(self, open_boots: Iterable[Sequence]) -> tuple[int, ...]:
        """The same as a tuple, in the order of Counts."""
        total = self._closed
        for sequence in open_boots:
            total = _add(total, _row(sequence))
        return total


def _row(s: Sequence) -> tuple[int, ...]:
    return (s.expected, s.received, s.recovered, s.lost, *s.dropped, s.repeated, s.too_old, s.thinned)


def _add(one: tuple[int, ...], other: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(map(add, one, other)) if one is not _NONE else other
