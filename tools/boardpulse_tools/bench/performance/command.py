"""From the command's options to the page."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path

from boardpulse_tools.bench.performance import goals, page, plots, stored
from boardpulse_tools.bench.performance.benches import BENCHES, NAMES
from boardpulse_tools.bench.performance.benches import measure as measured
from boardpulse_tools.bench.performance.stored import Reports
from boardpulse_tools.processes import ProcessError

__all__ = ["NAMES", "PAGE", "Done", "measure", "performance", "take", "write"]

PAGE = "performance.md"
DOCS, SHORT_OUT = Path("docs"), Path("build") / "performance"

Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Done:
    """The page that was written, the goals on it that are not met, and why benches have no report."""

    page: Path
    missed: list[str]
    failures: list[str]

    @property
    def exit_code(self) -> int:
        """0 when everything that was asked for was measured and all goals are met, else 1."""
        return 1 if self.missed or self.failures else 0

    @property
    def message(self) -> str:
        """For whoever has called it."""
        goals_said = f"Not met: {', '.join(self.missed)}." if self.missed else "All goals are met."
        return "\n".join([f"{self.page} is written. {goals_said}", *self.failures])


def performance(out: Path | None, only: Collection[str], short: bool, source: Path | None, tell: Tell) -> Done:
    """Measure, or take what `source` has, and write the page. ProcessError when there is nothing to write it from."""
    out = out or (SHORT_OUT if short else DOCS)
    failures: list[str] = []
    if source is None:
        failures = measure(out, only, short, tell)
    else:
        take(source, out)
    reports = write(out)
    missed = [one.goal.name for one in goals.told(reports) if not one.goal.met]
    return Done(out / PAGE, missed, failures)


def measure(out: Path, only: Collection[str], short: bool, tell: Tell) -> list[str]:
    """Run the benches, store each report below `out` as soon as it is there, and return why others have none.

    A report from before is deleted first: the page shall not pass an old number off as one of this run.
    """
    folder, failures = out / page.REPORTS, []
    for bench in BENCHES:
        if only and bench.name not in only:
            continue
        tell(f"{bench.name} …")
        stored.path(folder, bench.name).unlink(missing_ok=True)
        try:
            stored.save(folder, bench.name, measured(bench, short))
        except ProcessError as error:
            failures.append(str(error))
    return failures


def take(source: Path, out: Path) -> None:
    """Store the reports of another folder below `out`, and what was written about the profile where there is nothing.

    ProcessError when one is no report, or there is not a single one.
    """
    folder, profile = out / page.REPORTS, out / page.PROFILE
    reports = stored.load(source)
    if not reports:
        raise ProcessError(f"{source} has none of {', '.join(f'{name}.json' for name in NAMES)}")
    if folder.resolve() == source.resolve():
        return
    for name in NAMES:
        stored.path(folder, name).unlink(missing_ok=True)
    for name, report in reports.items():
        stored.save(folder, name, report)
    if (source / profile.name).exists() and not profile.exists():
        profile.write_text((source / profile.name).read_text())


def write(out: Path) -> Reports:
    """Write the page and its pictures from what is stored below `out`, and return that. ProcessError: nothing is."""
    reports = stored.load(out / page.REPORTS)
    if not reports:
        raise ProcessError(f"no bench has a report, so that {out / PAGE} is not written")
    drawn = plots.draw_all(reports, out / page.IMAGES)
    profile = out / page.PROFILE
    (out / PAGE).write_text(page.render(reports, drawn, profile.read_text() if profile.exists() else ""))
    return reports
