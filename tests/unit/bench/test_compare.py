"""`boardpulse bench compare`: better, worse, beyond a tolerance; stored ratios; exit codes."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from boardpulse_tools.bench.cli import bench
from boardpulse_tools.bench.compare import BETTER, GONE, NEW, SAME, WORSE, Change, CompareError, read_baseline
from boardpulse_tools.bench.report import Goal, Report, as_json

RATIO = "scrape_12k_vs_prometheus_client"


def report(folder: Path, name: str, *goals: Goal) -> str:
    """A report in a file, as a bench prints it."""
    path = folder / name
    path.write_text(as_json(Report({}, goals, machine={})))
    return str(path)


def offer(folder: Path, name: str, **ratios: float | None) -> str:
    """A report of a bench that offers the gate ratios of their own, beside a goal that is one."""
    path = folder / name
    path.write_text(as_json(Report({"gate": ratios}, [Goal(RATIO, 0.9, 0.08)], machine={})))
    return str(path)


def run(*arguments: object) -> tuple[int, str]:
    """Exit code and output of the command."""
    answer = CliRunner().invoke(bench, ["compare", *map(str, arguments)])
    return answer.exit_code, answer.output


@pytest.mark.parametrize(
    ("before", "after", "at_least", "verdict"),
    [
        (100, 110, False, SAME),
        (100, 111, False, WORSE),
        (100, 91, False, SAME),
        (100, 90, False, BETTER),
        (100, 111, True, BETTER),
        (100, 90, True, WORSE),
        (0, 0, False, SAME),
        (0, 1, False, WORSE),
        (-10, -8, False, WORSE),
        (-10, -12, False, BETTER),
        (5, None, False, GONE),
        (5, float("nan"), False, GONE),
        (None, 5, False, NEW),
        (None, None, False, SAME),
    ],
)
def test_a_change_is_judged_beyond_the_tolerance(
    before: float | None, after: float | None, at_least: bool, verdict: str
) -> None:
    """A tenth, and for a floor the other way round; what is measured no more is a regression, too."""
    change = Change("g", before, after, at_least, 0.1)
    assert change.verdict == verdict
    assert change.regressed is (verdict in (WORSE, GONE))


def test_the_exit_code_is_1_when_a_goal_got_worse(tmp_path: Path) -> None:
    before = report(tmp_path, "a", Goal("seconds", 1.0, 2), Goal("bytes", 50, 60))
    slower = report(tmp_path, "b", Goal("seconds", 1.2, 2), Goal("bytes", 40, 60))
    assert run(before, before)[0] == 0
    code, text = run(before, slower)
    assert code == 1
    assert [line.split() for line in text.splitlines() if line.startswith(("seconds", "bytes"))] == [
        ["seconds", "1", "1.2", "1.2", "10%", "WORSE"],
        ["bytes", "50", "40", "0.8", "10%", "better"],
    ]
    assert run(before, slower, "--tolerance", 0.25)[0] == 0


@pytest.mark.parametrize("limit", [50.0, 200.0])
def test_a_floor_is_known_from_its_report(tmp_path: Path, limit: float) -> None:
    """Met above its limit, or not met below it: more is better."""
    before = report(tmp_path, "a", Goal("rate", 100, limit, at_least=True))
    more = report(tmp_path, "b", Goal("rate", 150, limit, at_least=True))
    assert run(before, more)[0] == 0
    assert run(more, before)[0] == 1


def test_json_names_what_regressed(tmp_path: Path) -> None:
    before = report(tmp_path, "a", Goal("seconds", 1.0, 2), Goal("lost", 0, 0))
    after = report(tmp_path, "b", Goal("seconds", 1.0, 2), Goal("lost", 3, 0))
    code, text = run(before, after, "--json")
    assert code == 1
    whole: dict[str, Any] = json.loads(text)
    assert whole["regressed"] == ["lost"]
    assert whole["goals"]["lost"] == {"before": 0, "after": 3, "ratio": None, "verdict": "worse"}


def test_a_run_is_held_to_stored_ratios_and_to_nothing_absolute(tmp_path: Path) -> None:
    """Only ratios are stored, each with its tolerance; a ratio of another bench does not count against this one."""
    baseline = tmp_path / "baseline.json"
    first = report(tmp_path, "a", Goal(RATIO, 0.4, 0.08), Goal("scrape_120k_s", 0.3, 0.5))
    assert run(first, "--baseline", baseline, "--store", "--tolerance", 0.5)[0] == 0
    other = report(tmp_path, "b", Goal("cost_growth", 1.1, 1.3))
    assert run(other, "--baseline", baseline, "--store")[0] == 0
    assert read_baseline(baseline).keys() == {RATIO, "cost_growth"}
    assert read_baseline(baseline)[RATIO] == {"value": 0.4, "tolerance": 0.5}
    as_good = report(tmp_path, "c", Goal(RATIO, 0.59, 0.08), Goal("scrape_120k_s", 30, 0.5))
    assert run(as_good, "--baseline", baseline)[0] == 0
    worse = report(tmp_path, "d", Goal(RATIO, 0.61, 0.08))
    assert run(worse, "--baseline", baseline)[0] == 1
    gone = report(tmp_path, "e", Goal(RATIO, None, 0.08))
    assert run(gone, "--baseline", baseline)[0] == 1


def test_a_bench_may_offer_the_gate_other_ratios_than_its_goals(tmp_path: Path) -> None:
    """Then these are stored and compared, and its goals are not."""
    baseline = tmp_path / "baseline.json"
    assert run(offer(tmp_path, "a", cpu_vs_other=0.4), "--baseline", baseline, "--store") == (
        0,
        "stored: cpu_vs_other\n",
    )
    assert run(offer(tmp_path, "b", cpu_vs_other=0.5), "--baseline", baseline)[0] == 0
    assert run(offer(tmp_path, "c", cpu_vs_other=0.7), "--baseline", baseline)[0] == 1


def test_a_ratio_closes_the_gate_when_it_is_worse_in_every_run(tmp_path: Path) -> None:
    """Each ratio by its own best run; one that no run could measure is gone."""
    baseline = tmp_path / "baseline.json"
    run(offer(tmp_path, "stored", a_vs_b=1.0, c_vs_d=1.0), "--baseline", baseline, "--store", "--tolerance", 0.5)
    first = offer(tmp_path, "1", a_vs_b=1.6, c_vs_d=1.4)
    second = offer(tmp_path, "2", a_vs_b=1.4, c_vs_d=1.6)
    worse = offer(tmp_path, "3", a_vs_b=1.7, c_vs_d=None)
    assert [run(one, "--baseline", baseline)[0] for one in (first, second, worse)] == [1, 1, 1]
    assert run(first, second, worse, "--baseline", baseline)[0] == 0
    assert run(first, worse, worse, "--baseline", baseline)[0] == 1
    assert run(worse, worse, worse, "--baseline", baseline)[0] == 1
    changes = json.loads(run(first, worse, "--baseline", baseline, "--json")[1])
    assert changes["regressed"] == ["a_vs_b"]
    assert changes["goals"]["a_vs_b"]["after"] == 1.6


def test_a_baseline_with_a_time_in_it_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "baseline.json"
    path.write_text('{"ratios": {"scrape_120k_s": {"value": 0.3, "tolerance": 1}}}')
    with pytest.raises(CompareError, match="scrape_120k_s is no ratio"):
        read_baseline(path)


def test_what_cannot_be_compared_is_a_usage_error(tmp_path: Path) -> None:
    """Files that are none, reports of different benches, too few or too many of them: exit code 2, and why."""
    one = report(tmp_path, "a", Goal("seconds", 1, 2))
    other = report(tmp_path, "b", Goal("bytes", 1, 2))
    (tmp_path / "c").write_text("[]")
    for arguments, said in (
        ([one, other], "no goal in common"),
        ([one, tmp_path / "c"], "is no report"),
        ([one, tmp_path / "missing"], "is no report"),
        ([one], "Compare two reports"),
        ([one, one, "--store"], "--store needs one"),
        ([one, one, "--store", "--baseline", tmp_path / "c"], "--store needs one"),
        ([one, "--baseline", tmp_path / "c"], "is no file of ratios"),
    ):
        code, text = run(*arguments)
        assert code == 2
        assert said in " ".join(text.split())
