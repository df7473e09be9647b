"""Round after round, each subject once in each: what disturbs the machine for a while disturbs all alike."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from http.client import HTTPException
from pathlib import Path

from boardpulse_tools.bench.ingest import turn
from boardpulse_tools.bench.ingest.loads import Loads
from boardpulse_tools.bench.ingest.subjects import Subject
from boardpulse_tools.bench.ingest.turn import Turn
from boardpulse_tools.processes import ProcessError

Tell = Callable[[str], None]


@dataclass(slots=True)
class Measured:
    """A subject's turns, and why others of its turns failed."""

    subject: Subject
    turns: list[Turn] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)


def order(subjects: Sequence[Subject], number: int) -> list[Subject]:
    """The subjects in the order of that round: another one begins each."""
    first = number % len(subjects)
    return [*subjects[first:], *subjects[:first]]


def run(
    subjects: Sequence[Subject],
    loads: Loads,
    folder: Path,
    rounds: int,
    tell: Tell,
    take: Callable[[Subject, Loads, Path], Turn] = turn.take,
) -> dict[str, Measured]:
    """Measure all of them. A turn that fails is noted, and the others go on."""
    measured = {subject.name: Measured(subject) for subject in subjects}
    for number in range(rounds):
        for subject in order(subjects, number):
            tell(f"round {number + 1} of {rounds}: {subject.name}")
            own = folder / f"{number}-{subject.name}"
            own.mkdir()
            try:
                measured[subject.name].turns.append(take(subject, loads, own))
            except (ProcessError, OSError, HTTPException) as error:
                measured[subject.name].failures.append(f"round {number + 1}: {error}")
            finally:
                shutil.rmtree(own, ignore_errors=True)
    return measured
