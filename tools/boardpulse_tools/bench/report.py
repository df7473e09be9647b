"""What every bench hands over: the machine, results, goals, and tables for people."""

import json
import platform
from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from os import cpu_count, sysconf
from pathlib import Path
from typing import Any

NO_VALUE = "—"


@dataclass(frozen=True, slots=True)
class Goal:
    """A number to reach: at most `limit`, or at least `limit`. A value that could not be measured (None) is not met."""

    name: str
    value: float | None
    limit: float
    at_least: bool = False

    @property
    def met(self) -> bool:
        """Whether the value keeps to the limit; NaN never does."""
        if self.value is None:
            return False
        return self.value >= self.limit if self.at_least else self.value <= self.limit


@dataclass(frozen=True, slots=True)
class Table:
    """A table for people: the first column is text, the others are numbers as they shall be read."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]


@dataclass(frozen=True, slots=True)
class Report:
    """The outcome of a bench. `notes` say in plain words what a reader must know to judge the numbers."""

    results: dict[str, Any]
    goals: Sequence[Goal]
    tables: Sequence[Table] = ()
    notes: Sequence[str] = ()
    machine: dict[str, Any] = field(default_factory=lambda: machine())

    @property
    def exit_code(self) -> int:
        """0 when all goals are met, else 1."""
        return 0 if all(goal.met for goal in self.goals) else 1


def machine() -> dict[str, Any]:
    """What the numbers were measured on."""
    return {
        "system": f"{platform.system()} {platform.release()}",
        "architecture": platform.machine(),
        "cpu": cpu_model(Path("/proc/cpuinfo")) or platform.processor(),
        "cores": cpu_count(),
        "memory_bytes": sysconf("SC_PAGE_SIZE") * sysconf("SC_PHYS_PAGES"),
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "boardpulse": _own_version(),
    }


def _own_version() -> str:
    try:
        return version("boardpulse")
    except PackageNotFoundError:
        return "not installed"


def cpu_model(cpuinfo: Path) -> str:
    """The processor's name in Linux's cpuinfo, or nothing where there is no such file or line."""
    if not cpuinfo.exists():
        return ""
    names = (
        line.split(":", 1)[1].strip() for line in cpuinfo.read_text().splitlines() if line.startswith("model name")
    )
    return next(names, "")


def as_json(report: Report) -> str:
    """The report as one JSON object: machine, results, goals, and notes where there are any."""
    goals = {goal.name: {"value": goal.value, "limit": goal.limit, "met": goal.met} for goal in report.goals}
    whole: dict[str, Any] = {"machine": report.machine, "results": report.results, "goals": goals}
    if report.notes:
        whole["notes"] = list(report.notes)
    return json.dumps(whole, indent=2)


def as_text(report: Report) -> str:
    """The report for people: machine, tables, notes, and goals where there are any."""
    where = report.machine
    memory = where["memory_bytes"] / 2**30
    head = f"{where['cpu']}, {where['cores']} cores, {memory:.0f} GiB, {where['system']}, {where['python']}"
    goals = [table_text(_goals(report.goals))] if report.goals else []
    return "\n\n".join([head, *(table_text(table) for table in report.tables), *report.notes, *goals])


def _goals(goals: Sequence[Goal]) -> Table:
    rows = [(goal.name, _number(goal.value), _limit(goal), "met" if goal.met else "NOT MET") for goal in goals]
    return Table("Goals", ("goal", "value", "limit", ""), rows)


def _limit(goal: Goal) -> str:
    return f"{'≥' if goal.at_least else '≤'} {goal.limit:g}"


def _number(value: float | None) -> str:
    if value is None:
        return NO_VALUE
    return f"{value:.0f}" if abs(value) >= 1000 else f"{value:.4g}"


def table_text(table: Table) -> str:
    """The table in aligned columns: text to the left, numbers to the right."""
    grid = [list(table.columns), *(list(row) for row in table.rows)]
    widths = [max(len(row[i]) for row in grid) for i in range(len(table.columns))]
    lines = [_line(row, widths) for row in grid]
    return "\n".join([table.title, lines[0], "─" * len(_line(["─" * width for width in widths], widths)), *lines[1:]])


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    first = row[0].ljust(widths[0])
    return "  ".join([first, *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))]).rstrip()
