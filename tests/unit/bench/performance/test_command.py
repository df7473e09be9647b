"""From options to reports, page and exit code."""

import re
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from boardpulse_tools.bench.cli import bench
from boardpulse_tools.bench.compare import read_goals
from boardpulse_tools.bench.performance import command, page, stored
from boardpulse_tools.bench.performance.benches import Bench, commit, measure
from boardpulse_tools.processes import ProcessError
from tests.unit.bench.performance.support import LIMITS, LINES, REPORTS, changed, written


def test_a_stored_report_is_for_compare_too_and_has_no_single_latencies(tmp_path: Path) -> None:
    report = stored.load(REPORTS)["ingest"]
    for subject in report["results"]["subjects"].values():
        subject["rounds"] = [{**one, "latencies_ms": [1.25] * 1000} for one in subject["rounds"]]
    stored.save(tmp_path, "ingest", report)
    assert read_goals(tmp_path / "ingest.json") == read_goals(REPORTS / "ingest.json")
    assert stored.load(tmp_path) == {"ingest": stored.load(REPORTS)["ingest"]}


def test_from_writes_the_page_elsewhere_and_ends_with_1_when_a_goal_is_not_met(out: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    answer = CliRunner().invoke(bench, ["performance", "--from", str(out / page.REPORTS), "--out", str(elsewhere)])
    assert answer.exit_code == 1
    assert "cost_growth" in answer.output
    assert (elsewhere / command.PAGE).read_text() == written(out)
    assert stored.load(elsewhere / page.REPORTS) == stored.load(out / page.REPORTS)


def test_it_ends_with_0_when_all_goals_are_met(out: Path) -> None:
    def met(report: dict[str, Any]) -> None:
        for name, goal in report["goals"].items():
            goal["value"] = (LIMITS | LINES)[name]

    for name in stored.load(REPORTS):
        changed(out, name, met)
    answer = CliRunner().invoke(bench, ["performance", "--from", str(out / page.REPORTS), "--out", str(out)])
    assert (answer.exit_code, answer.output.splitlines()[-1][-18:]) == (0, "All goals are met.")
    assert "18 of 18 are met." in (out / command.PAGE).read_text()


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (
            ["--from", "missing"],
            "missing has none of ingest.json, exposition.json, scale.json, uart.json, profile.json",
        ),
        (["--from", "broken"], "uart.json is no report of a bench"),
        (["--from", "missing", "--short"], "--from measures nothing"),
        (["--only", "wire"], "wire is none of ingest, exposition, scale, uart, profile"),
    ],
)
def test_what_cannot_be_done_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], complaint: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "uart.json").write_text('{"goals": {}}')
    answer = CliRunner().invoke(bench, ["performance", *arguments])
    assert answer.exit_code in (1, 2)
    assert complaint in answer.output
    assert not (tmp_path / "docs").exists()


def test_a_bench_without_a_report_is_an_error(capfd: pytest.CaptureFixture[str]) -> None:
    """Its own complaint has been seen by then."""
    with pytest.raises(ProcessError, match="boardpulse bench no-such-bench --json ended with code 2"):
        measure(Bench("no-such-bench"), short=False)
    assert "No such command 'no-such-bench'" in capfd.readouterr().err


def test_the_commit_is_that_of_the_checkout() -> None:
    assert re.fullmatch(r"[0-9a-f]{9,}(\+changes)?", commit() or "")
