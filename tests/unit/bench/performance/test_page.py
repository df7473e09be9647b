"""What stands in docs/performance.md."""

import re
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from boardpulse_tools.bench.performance import command, page, plots, stored
from tests.unit.bench.performance.support import LIMITS, LINES, PROFILE, REPORTS, changed, stored_goals, written

ROOT = Path(__file__).parents[4]


def rows(text: str) -> dict[str, list[str]]:
    """The cells of the page's goals, by name."""
    cells = [[cell.strip() for cell in line.strip("| ").split(" | ")] for line in text.splitlines() if "| `" in line]
    return {row[0].strip("`"): row for row in cells if len(row) == 5}


def number(cell: str) -> float:
    return float(cell.strip("≤\N{NO-BREAK SPACE}").replace(",", ""))


def test_every_goal_is_on_the_page_with_its_limit_its_value_and_what_it_is(out: Path) -> None:
    told, measured = rows(written(out)), stored_goals(out)
    assert {name: number(row[3]) for name, row in told.items()} == LIMITS | LINES
    for name, (_, what, value, _, _) in told.items():
        assert number(value) == pytest.approx(measured[name]["value"], rel=1e-3), name
        assert len(what) > 20, name


def test_a_goal_is_said_to_be_met_or_not_met_as_its_value_is(out: Path) -> None:
    """These reports have both."""
    told, measured = rows(written(out)), stored_goals(out)
    said = {name: row[4] for name, row in told.items()}
    assert said == {name: "met" if goal["met"] else "**not met**" for name, goal in measured.items()}
    assert set(said.values()) == {"met", "**not met**"}


def test_goals_that_are_not_met_are_named_above_the_table_and_no_others(out: Path) -> None:
    missed = [name for name, goal in stored_goals(out).items() if not goal["met"]]
    total = len(LIMITS | LINES)
    line = next(line for line in written(out).splitlines() if " are met." in line)
    assert line.startswith(f"{total - len(missed)} of {total} are met. Not met:")
    assert sorted(re.findall(r"`(\w+)`", line)) == sorted(missed)


def test_what_was_not_measured_is_said_to_be_not_met(out: Path) -> None:
    """A bench without a report, and a goal without a value."""
    stored.path(out / page.REPORTS, "scale").unlink()
    changed(out, "exposition", lambda report: report["goals"]["scrape_120k_s"].update(value=None, met=False))
    told = rows(written(out))
    for name in ("bytes_per_device", "cost_growth", "scrape_120k_s"):
        assert told[name][2:5:2] == ["—", "**not met**: no value"]
    assert told["ingest_stall_ms"][4] == "met"


def test_a_limit_is_that_of_today_whatever_the_report_was_held_to(out: Path) -> None:
    """So that no page from old reports says that something is met which is not."""
    changed(out, "scale", lambda report: report["goals"]["cost_growth"].update(value=1.4, limit=2.0, met=True))
    assert rows(written(out))["cost_growth"][2:] == ["1.4", "≤\N{NO-BREAK SPACE}1.3", "**not met**"]


def test_no_number_on_the_page_is_missing(out: Path) -> None:
    text = written(out)
    assert re.findall(r"—|\bnan\b|\binf\b|\bNone\b", text) == []
    lines = text.splitlines()
    below_heads = [line for line, after in pairwise(lines) if not after.startswith("| ---")]
    assert [line for line in below_heads if "|  |" in line] == []
    assert len(re.findall(r"^## ", text, re.MULTILINE)) == 8


@pytest.mark.parametrize(
    ("bench_name", "measured"),
    [
        ("ingest", lambda results: [f"{one['peak_mib']['median']:.3g}" for one in results["subjects"].values()]),
        ("exposition", lambda results: [f"{size['bytes']['all']:,}" for size in results["sizes"].values()]),
        ("scale", lambda results: [f"{size['start']['seconds']['median']:.2f}" for size in results["sizes"].values()]),
        ("uart", lambda results: [f"{one['frames']:,}" for one in results["scenarios"].values()]),
        ("profile", lambda results: [f"{share * 100:.1f}" for share in results["loads"]["message"]["parts"].values()]),
    ],
)
def test_what_each_bench_has_measured_stands_in_its_tables(out: Path, bench_name: str, measured: Any) -> None:
    report = stored.load(REPORTS)[bench_name]
    found = measured(report["results"])
    assert len(found) >= 3
    text = written(out)
    assert [one for one in found if f"| {one} |" not in text] == []
    assert [note for note in report["notes"] if note not in text] == []


def test_a_part_of_the_bridge_that_has_another_name_today_is_shown_all_the_same(out: Path) -> None:
    """So that the shares on the page add up, whatever the report was made by."""

    def rename(report: dict[str, Any]) -> None:
        parts = report["results"]["loads"]["message"]["parts"]
        parts["as it was called"] = parts.pop("values")

    share = stored.load(REPORTS)["profile"]["results"]["loads"]["message"]["parts"]["values"]
    changed(out, "profile", rename)
    assert f"| as it was called | {share * 100:.1f} | 0.0 | 0.0 |" in written(out)


def test_what_was_written_about_the_profile_is_on_the_page_as_it_is(whole: Path) -> None:
    assert f"## {page.LEFT}\n\n{PROFILE}" in (whole / command.PAGE).read_text()
    assert f"## {page.LEFT}\n\nNothing was written about it" in page.render(stored.load(REPORTS), (), "")


def test_machine_dates_commands_and_commits_are_told(out: Path) -> None:
    text = written(out)
    for report in stored.load(out / page.REPORTS).values():
        run = report["run"]
        assert f"`{run['command']}`" in text
        assert f"| {run['began'][:10]} {run['began'][11:19]} UTC |" in text
        assert f"| {run['commit']} |" in text
    assert "AMD EPYC with 2 cores" in text


def test_reports_of_two_machines_are_told_apart(out: Path) -> None:
    changed(out, "uart", lambda report: report["machine"].update(cpu="Cortex-A76", cores=4))
    text = written(out)
    assert "- uart: measured on Cortex-A76 with 4 cores" in text
    assert "- ingest, exposition, scale and profile: measured on AMD EPYC with 2 cores" in text


def test_a_short_form_is_said_to_be_one(out: Path) -> None:
    def as_long(report: dict[str, Any]) -> None:
        report["run"]["form"] = "long"
        report["results"].pop("form", None)

    assert page.SHORT in written(out)
    for name in stored.load(REPORTS):
        changed(out, name, as_long)
    assert page.SHORT not in written(out)


def test_a_report_that_a_bench_has_printed_by_itself_will_do(out: Path) -> None:
    """It has no note of when it was made."""
    changed(out, "uart", lambda report: report.pop("run"))
    assert "| [uart.json](performance/uart.json) | — | — | — | 1 | — |" in written(out)


def test_the_page_of_the_repository_is_what_its_reports_say() -> None:
    """There is none of both, or it is what `--from docs/performance` writes."""
    committed = ROOT / "docs"
    reports = stored.load(committed / page.REPORTS)
    found = committed / command.PAGE
    assert found.exists() == bool(reports)
    if reports:
        profile = (committed / page.PROFILE).read_text()
        drawn = [plot for plot in plots.PLOTS if (committed / page.IMAGES / plot.file).exists()]
        assert len(drawn) == len(plots.PLOTS)
        assert found.read_text() == page.render(reports, drawn, profile)
