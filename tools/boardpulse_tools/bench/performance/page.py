"""docs/performance.md, from stored reports."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from boardpulse_tools.bench.performance import goals, markdown
from boardpulse_tools.bench.performance.goals import Told
from boardpulse_tools.bench.performance.plots import Plot
from boardpulse_tools.bench.performance.sections import SECTIONS, Section
from boardpulse_tools.bench.performance.stored import Reports
from boardpulse_tools.bench.report import NO_VALUE

IMAGES, REPORTS, PROFILE = "images", "performance", "performance/profile.md"  # beside the page
LEFT = "What the profile says is left"
INTRODUCTION = (
    "<!-- Written by `boardpulse bench performance`; do not edit. The last section but one is kept in "
    f"{PROFILE}. -->\n\n"
    "`make bench` measures all of this and writes this page. What is compared was measured in the same run, in rounds "
    "that alternate, and a number is the median of its rounds where nothing else is said; CPU is processor time, user "
    "and system. No number is of a microcontroller."
)
SHORT = (
    "**This is the short form.** It shows that the benches work; its numbers are of few rounds and small loads, and "
    "are not worth quoting."
)
NO_PROFILE = f"Nothing was written about it for these numbers (`{PROFILE}`, beside this page, is where it goes)."
REPRODUCE = f"""\
```
make bench                                      # everything, among it all of this page
boardpulse bench performance                    # this page alone
boardpulse bench performance --only scale       # one bench anew, the others as they were stored
boardpulse bench performance --from docs/{REPORTS}   # the page anew, from the same numbers
boardpulse bench performance --short            # few rounds and small loads, into build/performance
boardpulse bench compare BEFORE AFTER           # two reports of one bench
boardpulse bench compare ONE MORE --baseline FILE   # runs against stored ratios: worse in every run is a regression
```

It takes a machine that has nothing else to do, `mosquitto`, and for the peers a network: they are installed into
environments of their own below `build/peers`. The exit code is 1 when a goal is not met. The reports that this page
was written from:"""


def render(reports: Reports, plots: Sequence[Plot], profile: str) -> str:
    """The page. `plots`: those that were drawn; `profile`: what a person has written about the profile, or nothing."""
    known = [section for section in SECTIONS if section.bench in reports]
    blocks = [
        "# How fast the bridge is",
        INTRODUCTION,
        *([SHORT] if any(map(_is_short, reports.values())) else []),
        _machines(reports),
        "## Goals",
        *_goals(goals.told(reports)),
        *(block for section in known for block in _section(section, reports[section.bench], plots)),
        f"## {LEFT}",
        profile.strip() or NO_PROFILE,
        "## To reproduce it",
        REPRODUCE,
        _runs(reports),
    ]
    return "\n\n".join(blocks) + "\n"


def _run(report: Mapping[str, Any]) -> Mapping[str, Any]:
    """What was run, and when; empty for a report that somebody else has stored."""
    run: Mapping[str, Any] = report.get("run", {})
    return run


def _is_short(report: Mapping[str, Any]) -> bool:
    """By what was run, or by what the bench itself says of its form."""
    return "short" in (_run(report).get("form"), report["results"].get("form"))


def _machines(reports: Reports) -> str:
    """On what it was measured and when: one sentence where that is one machine, else one for each."""
    found: dict[str, list[str]] = {}
    for name, report in reports.items():
        found.setdefault(_machine(report["machine"]), []).append(name)
    days = sorted({run["began"][:10] for run in map(_run, reports.values()) if "began" in run})
    when = f" on {_listed(days)}" if days else ""
    if len(found) == 1:
        return f"Measured{when} on {next(iter(found))}."
    return markdown.bullets([f"{_listed(names)}: measured on {machine}." for machine, names in found.items()])


def _machine(found: Mapping[str, Any]) -> str:
    memory = found["memory_bytes"] / 2**30
    return (
        f"{found['cpu']} with {found['cores']} cores and {memory:.0f} GiB, {found['system']} "
        f"({found['architecture']}), {found['python']}, boardpulse {found['boardpulse']}"
    )


def _listed(words: Iterable[str]) -> str:
    *first, last = words
    return f"{', '.join(first)} and {last}" if first else last


def _goals(told: Sequence[Told]) -> list[str]:
    missed = [f"`{one.goal.name}`" for one in told if not one.goal.met]
    said = f"{len(told) - len(missed)} of {len(told)} are met."
    if missed:
        said += f" Not met: {_listed(missed)}; see [what is left](#{LEFT.lower().replace(' ', '-')})."
    rows = [
        (f"`{one.goal.name}`", one.what or NO_VALUE, markdown.number(one.goal.value), markdown.limit(one.goal),
         markdown.verdict(one.goal))
        for one in told
    ]  # fmt: skip
    return [said, markdown.table(("goal", "what", "value", "limit", ""), rows, text_columns=2)]


def _section(section: Section, report: Mapping[str, Any], plots: Sequence[Plot]) -> list[str]:
    pictures = [f"![{plot.title}]({IMAGES}/{plot.file})" for plot in plots if plot.section == section.bench]
    notes = [note.replace("\n", " ") for note in report.get("notes", [])]
    return [
        f"## {section.title}",
        section.reading,
        *(["\n".join(pictures)] if pictures else []),
        *map(markdown.titled, section.tables(report["results"])),
        "How it is measured:",
        markdown.bullets(notes),
    ]


def _runs(reports: Reports) -> str:
    rows = []
    for name, report in reports.items():
        run = _run(report)
        seconds = run.get("seconds")
        rows.append(
            (
                f"[{name}.json]({REPORTS}/{name}.json)",
                f"`{run['command']}`" if "command" in run else NO_VALUE,
                run.get("began", NO_VALUE).replace("T", " ").replace("+00:00", " UTC"),
                NO_VALUE if seconds is None else markdown.duration(seconds),
                str(report["results"]["rounds"]),
                run.get("commit") or NO_VALUE,
            )
        )
    return markdown.table(("report", "command", "begun", "took", "rounds", "commit"), rows, text_columns=6)
