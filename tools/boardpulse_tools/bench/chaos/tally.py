"""What a board wrote down against what was kept of it: pure counting."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

WRONG_MS = 1000  # a value at a time further than this from its own is a wrong value there


@dataclass(frozen=True, slots=True)
class Taken:
    """A sample as the board wrote it down: its running number, and when it was taken, in Unix milliseconds."""

    boot: int
    seq: int
    number: int
    uptime_ms: int
    at_ms: int


@dataclass(frozen=True, slots=True)
class End:
    """How a board ended: reliable frames made, frames still held, frames given up."""

    boot: int
    next_seq: int
    held: int
    dropped: int


@dataclass(slots=True)
class Diary:
    """All that a board wrote down. `ends` of boots that ended in order."""

    samples: list[Taken] = field(default_factory=list)
    ends: list[End] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Count:
    """Samples of one board or of several. `wrong`: kept, but never taken, or at another time."""

    taken: int = 0
    kept: int = 0
    lost: int = 0
    duplicated: int = 0
    wrong: int = 0
    time_error_ms: float = 0.0

    def __add__(self, other: "Count") -> "Count":
        return Count(
            self.taken + other.taken,
            self.kept + other.kept,
            self.lost + other.lost,
            self.duplicated + other.duplicated,
            self.wrong + other.wrong,
            max(self.time_error_ms, other.time_error_ms),
        )


def diary(text: str) -> Diary:
    """What a board's file says. A last line without its end, of a board that was killed, was not written down."""
    found = Diary()
    for line in text[: text.rfind("\n") + 1].splitlines():
        kind, *numbers = line.split()
        values = [int(number) for number in numbers]
        if kind == "s":
            found.samples.append(Taken(*values))
        else:
            found.ends.append(End(values[0], values[1], values[2], sum(values[3:])))
    return found


def compare(taken: Sequence[Taken], kept: Iterable[tuple[int, float | None]]) -> Count:
    """`kept` are (Unix milliseconds, running number); None is a value that went missing on its way."""
    when = {sample.number: sample.at_ms for sample in taken}
    seen: Counter[float | None] = Counter()
    wrong, error = 0, 0.0
    for at_ms, number in kept:
        seen[number] += 1
        if number not in when:
            wrong += 1
            continue
        off = abs(at_ms - when[int(number)])
        error = max(error, off)
        wrong += off > WRONG_MS
    return Count(
        taken=len(when),
        kept=sum(seen.values()),
        lost=sum(1 for number in when if not seen[number]),
        duplicated=sum(count - 1 for number, count in seen.items() if number in when),
        wrong=wrong,
        time_error_ms=error,
    )
