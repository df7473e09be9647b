"""Two reports of a bench side by side, or runs of one against stored ratios: what got better, what got worse."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from boardpulse_tools.bench.report import NO_VALUE, Table

TOLERANCE = 0.1
STORED_TOLERANCE = 0.5  # of a stored ratio: from machine to machine
BETTER, SAME, WORSE, GONE, NEW = "better", "same", "WORSE", "GONE", "new"
# Goals that compare two things measured in one run, so that another machine may be held to them. No absolute times.
_RATIO_MARK = "_vs_"
_OTHER_RATIOS = frozenset(("cost_growth",))


class CompareError(Exception):
    """A file is no report, or there is nothing to compare. The message says which and why."""


@dataclass(frozen=True, slots=True)
class Change:
    """A goal's values in both runs; None: it has none there. `tolerance` as a share of the first."""

    name: str
    before: float | None
    after: float | None
    at_least: bool = False
    tolerance: float = TOLERANCE

    @property
    def ratio(self) -> float | None:
        """After ÷ before; None without both, infinite where there was nothing before."""
        if self.before is None or self.after is None:
            return None
        if self.before == 0:
            return 1.0 if self.after == 0 else math.inf
        return self.after / self.before

    @property
    def verdict(self) -> str:
        """BETTER, SAME, WORSE beyond the tolerance, GONE: not measured any more, NEW: not measured before."""
        if self.after is None or math.isnan(self.after):
            return SAME if self.before is None else GONE
        if self.before is None:
            return NEW
        low, high = sorted((self.before * (1 + self.tolerance), self.before / (1 + self.tolerance)))
        if low <= self.after <= high:
            return SAME
        return BETTER if (self.after > high) == self.at_least else WORSE

    @property
    def regressed(self) -> bool:
        """Whether the gate is closed to it."""
        return self.verdict in (WORSE, GONE)


def read_goals(path: Path) -> dict[str, dict[str, Any]]:
    """The goals of a report that a bench has printed with --json. CompareError when it is none."""
    try:
        whole = json.loads(path.read_text())
        return {str(name): {"value": one["value"], "limit": one["limit"], "met": one["met"]}
                for name, one in whole["goals"].items()}  # fmt: skip
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        raise CompareError(f"{path} is no report of a bench: {error}") from error


def at_least(*goals: Mapping[str, Any] | None) -> bool:
    """Whether a goal is a floor: a value on this side of the limit is met, or one on the other is not."""
    known = [goal for goal in goals if goal is not None and goal["value"] not in (None, goal["limit"])]
    return any((goal["value"] > goal["limit"]) == goal["met"] for goal in known)


def compare(
    before: Mapping[str, dict[str, Any]], after: Mapping[str, dict[str, Any]], tolerance: float
) -> list[Change]:
    """Every goal of either run. CompareError when they have none in common."""
    if not before.keys() & after.keys():
        raise CompareError("the two reports have no goal in common: they are of different benches")
    changes = []
    for name in (*before, *(name for name in after if name not in before)):
        old, new = before.get(name), after.get(name)
        first, second = (None if goal is None else goal["value"] for goal in (old, new))
        changes.append(Change(name, first, second, at_least(old, new), tolerance))
    return changes


def is_ratio(name: str) -> bool:
    """Whether a goal is a ratio within one run."""
    return _RATIO_MARK in name or name in _OTHER_RATIOS


def read_ratios(path: Path) -> dict[str, float | None]:
    """What a report offers the gate: `results.gate` where it has that, taken so that a busy machine hardly changes it;
    otherwise its goals that are ratios. CompareError when it is no report."""
    goals = read_goals(path)
    try:
        offered = json.loads(path.read_text())["results"].get("gate")
        if offered is not None:
            return {str(name): None if value is None else float(value) for name, value in offered.items()}
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        raise CompareError(f"{path} is no report of a bench: {error}") from error
    return {name: goal["value"] for name, goal in goals.items() if is_ratio(name)}


def read_baseline(path: Path) -> dict[str, dict[str, float]]:
    """Stored ratios: name → value and tolerance. CompareError when it has anything else."""
    try:
        stored = json.loads(path.read_text())["ratios"]
        found = {str(name): {key: float(one[key]) for key in ("value", "tolerance")} for name, one in stored.items()}
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        raise CompareError(f"{path} is no file of ratios: {error}") from error
    if absolute := [name for name in found if not is_ratio(name)]:
        raise CompareError(f"{path}: {absolute[0]} is no ratio within one run, so it means nothing on another machine")
    return found


def gate(
    stored: Mapping[str, dict[str, float]], runs: Sequence[Mapping[str, float | None]], tolerance: float | None = None
) -> list[Change]:
    """The stored ratios that runs of one bench have tried to measure, by the best run of each: WORSE in every one of
    them is what closes the gate. Each against its own tolerance unless another is given."""
    tried = [name for name in stored if any(name in run for run in runs)]
    if not tried:
        raise CompareError("the report has none of the stored ratios")
    return [
        Change(name, one["value"], _best(name, runs), False, one["tolerance"] if tolerance is None else tolerance)
        for name, one in stored.items()
        if name in tried
    ]


def _best(name: str, runs: Sequence[Mapping[str, float | None]]) -> float | None:
    """The least of what was measured; None when nothing was."""
    values = [run.get(name) for run in runs]
    return min((value for value in values if value is not None and not math.isnan(value)), default=None)


def store(path: Path, ratios: Mapping[str, float | None], tolerance: float | None) -> list[str]:
    """Put the ratios of a run into the file, beside those of other benches; their names. Tolerances stay."""
    stored = read_baseline(path) if path.exists() else {}
    measured = {name: value for name, value in ratios.items() if value is not None}
    if not measured:
        raise CompareError("the report has no ratio to store")
    for name, value in measured.items():
        kept = stored[name]["tolerance"] if name in stored else STORED_TOLERANCE
        stored[name] = {"value": float(f"{value:.4g}"), "tolerance": tolerance or kept}
    path.write_text(json.dumps({"ratios": dict(sorted(stored.items()))}, indent=2) + "\n")
    return list(measured)


def table(changes: Sequence[Change]) -> Table:
    """For people."""
    rows = [
        (one.name, _number(one.before), _number(one.after), _number(one.ratio), f"{one.tolerance:.0%}", one.verdict)
        for one in changes
    ]
    return Table("Compared", ("goal", "before", "after", "after ÷ before", "tolerance", ""), rows)


def as_json(changes: Sequence[Change]) -> str:
    """One JSON object: the changes by name, and whether the gate is closed."""
    goals = {
        one.name: {
            "before": one.before,
            "after": one.after,
            "ratio": _finite(one.ratio),
            "verdict": one.verdict.lower(),
        }
        for one in changes
    }
    return json.dumps({"goals": goals, "regressed": [one.name for one in changes if one.regressed]}, indent=2)


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None


def _number(value: float | None) -> str:
    return NO_VALUE if value is None else f"{value:.4g}"
