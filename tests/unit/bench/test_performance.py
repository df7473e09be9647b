"""docs/performance.md from stored reports: real ones, of a machine that was busy."""

import json
import re
import shutil
from itertools import pairwise
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner

from boardpulse_tools.bench.cli import bench
from boardpulse_tools.bench.compare import read_goals
from boardpulse_tools.bench.performance import command, page, plots, stored
from boardpulse_tools.bench.performance.benches import Bench, commit, measure
from boardpulse_tools.processes import ProcessError

ROOT = Path(__file__).parents[3]
REPORTS = Path(__file__).parent / "reports"
PROFILE = "Half of it is `json.loads`, 12 µs; slots were tried: 3 % less.\n"
PICTURES = ["performance-cost.svg", "performance-memory.svg", "performance-scrape.svg", "performance-start.svg"]

RUN = {
    "command": "boardpulse bench exposition --peers --json",
    "form": "short",
    "began": "2026-11-20T08:15:30+00:00",
    "seconds": 119,
    "commit": "0123456789",
}

# The table of goals, as it was agreed on.
LIMITS = {
    "cpu_vs_paho_single": 1.5,
    "cpu_vs_mqtt_exporter_single": 0.2,
    "cpu_vs_mqtt2prometheus_single": 0.6,
    "cpu_sample_vs_mqtt_exporter_batch": 0.03,
    "cpu_sample_vs_mqtt2prometheus_batch": 0.09,
    "cpu_vs_paho_durable": 2.5,
    "scrape_12k_vs_mqtt_exporter": 0.1,
    "scrape_12k_vs_mqtt2prometheus": 0.35,
    "scrape_12k_vs_prometheus_client": 0.08,
    "scrape_120k_s": 0.5,
    "ingest_stall_ms": 50,
    "bytes_per_device": 4096,
    "cost_growth": 1.3,
}
LINES = {"uart_lost_single": 0, "uart_lost_single_history": 0, "uart_lost_batch10": 0, "uart_lost_batch10_history": 0}


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """A folder with the reports, and with something about a profile, but without a page."""
    shutil.copytree(REPORTS, tmp_path / "docs" / page.REPORTS)
    (tmp_path / "docs" / page.PROFILE).write_text(PROFILE)
    changed(
        tmp_path / "docs", "exposition", lambda report: report.update(run=RUN)
    )  # it was printed by the bench itself
    return tmp_path / "docs"


def written(out: Path) -> str:
    """The page from the reports as they are now, without drawing pictures, which takes longer."""
    return page.render(stored.load(out / page.REPORTS), plots.PLOTS, PROFILE)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with page and pictures, from the reports as they are stored."""
    folder = tmp_path_factory.mktemp("performance")
    command.take(REPORTS, folder)
    (folder / page.PROFILE).write_text(PROFILE)
    command.write(folder)
    return folder


def changed(out: Path, name: str, change: Any) -> None:
    """Change a stored report."""
    report = json.loads(stored.path(out / page.REPORTS, name).read_text())
    change(report)
    stored.path(out / page.REPORTS, name).write_text(json.dumps(report))


def rows(text: str) -> dict[str, list[str]]:
    """The cells of the page's goals, by name."""
    cells = [[cell.strip() for cell in line.strip("| ").split(" | ")] for line in text.splitlines() if "| `" in line]
    return {row[0].strip("`"): row for row in cells if len(row) == 5}


def stored_goals(out: Path) -> dict[str, dict[str, Any]]:
    """As the reports have them."""
    return {name: goal for one in stored.load(out / page.REPORTS).values() for name, goal in one["goals"].items()}


def number(cell: str) -> float:
    return float(cell.strip("≤ ").replace(",", ""))


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
        assert told[name][2:5:2] == ["—", "**not met**: not measured"]
    assert told["ingest_stall_ms"][4] == "met"


def test_a_limit_is_that_of_today_whatever_the_report_was_held_to(out: Path) -> None:
    """So that no page from old reports says that something is met which is not."""
    changed(out, "scale", lambda report: report["goals"]["cost_growth"].update(value=1.4, limit=2.0, met=True))
    assert rows(written(out))["cost_growth"][2:] == ["1.4", "≤ 1.3", "**not met**"]


def test_no_number_on_the_page_is_missing(out: Path) -> None:
    text = written(out)
    assert re.findall(r"—|\bnan\b|\binf\b|\bNone\b", text) == []
    lines = text.splitlines()
    below_heads = [line for line, after in pairwise(lines) if not after.startswith("| ---")]
    assert [line for line in below_heads if "|  |" in line] == []
    assert len(re.findall(r"^## ", text, re.MULTILINE)) == 7


@pytest.mark.parametrize(
    ("bench_name", "measured"),
    [
        ("ingest", lambda results: [f"{one['peak_mib']['median']:.3g}" for one in results["subjects"].values()]),
        ("exposition", lambda results: [f"{size['bytes']['all']:,}" for size in results["sizes"].values()]),
        ("scale", lambda results: [f"{size['start']['seconds']['median']:.2f}" for size in results["sizes"].values()]),
        ("uart", lambda results: [f"{one['frames']:,}" for one in results["scenarios"].values()]),
    ],
)
def test_what_each_bench_has_measured_stands_in_its_tables(out: Path, bench_name: str, measured: Any) -> None:
    report = stored.load(REPORTS)[bench_name]
    found = measured(report["results"])
    assert len(found) >= 3
    text = written(out)
    assert [one for one in found if f"| {one} |" not in text] == []
    assert [note for note in report["notes"] if note not in text] == []


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
    assert "- ingest, exposition and scale: measured on AMD EPYC with 2 cores" in text


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


def test_links_and_pictures_of_the_page_are_there(whole: Path) -> None:
    links = re.findall(r"\]\(([^)#:]+)\)", (whole / command.PAGE).read_text())
    assert {f"images/{name}" for name in PICTURES} <= set(links)
    assert [link for link in links if not (whole / link).exists()] == []


def test_the_same_numbers_make_the_same_page_and_pictures(whole: Path, tmp_path: Path) -> None:
    command.take(whole / page.REPORTS, tmp_path)
    command.write(tmp_path)
    assert pictures(tmp_path) == pictures(whole)
    assert (tmp_path / command.PAGE).read_text() == (whole / command.PAGE).read_text()
    assert "dc:date" not in "".join(pictures(whole).values())


def pictures(out: Path) -> dict[str, str]:
    """SVG by the file's name."""
    return {path.name: path.read_text() for path in sorted((out / page.IMAGES).iterdir())}


def test_pictures_show_every_size_and_name_every_line(whole: Path) -> None:
    drawn = {name: texts(svg) for name, svg in pictures(whole).items()}
    assert list(drawn) == PICTURES
    for found in drawn.values():
        assert {"100", "1,000", "10,000", "devices, each with 12 series"} <= found
    assert {"prometheus_client", "mqtt-exporter", "mqtt2prometheus"} <= drawn["performance-scrape.svg"]
    assert any("limit" in text for text in drawn["performance-cost.svg"])


def texts(svg: str) -> set[str]:
    """The texts of a picture."""
    return {(element.text or "").strip() for element in ElementTree.fromstring(svg).iter(f"{SVG}text")}


SVG = "{http://www.w3.org/2000/svg}"


@pytest.mark.parametrize("background", ["#ffffff", "#0d1117"])
def test_pictures_can_be_seen_on_light_and_on_dark(whole: Path, background: str) -> None:
    """A contrast of 3 is what graphics need, 4 what the text has: more than that on both sides there is not."""
    for name, svg in pictures(whole).items():
        assert {one for one in set(re.findall(r"#[0-9a-f]{6}", svg)) if contrast(one, background) < 3} == set(), name
        for element in ElementTree.fromstring(svg).iter(f"{SVG}text"):
            (colour,) = re.findall(r"fill: (#[0-9a-f]{6})", element.get("style", ""))
            assert contrast(colour, background) > 4


def contrast(one: str, other: str) -> float:
    """As WCAG 2 defines it, from 1 to 21."""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return sum(share * part for share, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


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
    assert "17 of 17 are met." in (out / command.PAGE).read_text()


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--from", "missing"], "missing has none of ingest.json, exposition.json, scale.json, uart.json"),
        (["--from", "broken"], "uart.json is no report of a bench"),
        (["--from", "missing", "--short"], "--from measures nothing"),
        (["--only", "wire"], "wire is none of ingest, exposition, scale, uart"),
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


def test_the_page_of_the_repository_is_what_its_reports_say() -> None:
    """There is none of both, or it is what `--from docs/performance` writes."""
    committed = ROOT / "docs"
    reports = stored.load(committed / page.REPORTS)
    found = committed / command.PAGE
    assert found.exists() == bool(reports)
    if reports:
        profile = (committed / page.PROFILE).read_text()
        drawn = [plot for plot in command.plots.PLOTS if (committed / page.IMAGES / plot.file).exists()]
        assert len(drawn) == len(command.plots.PLOTS)
        assert found.read_text() == page.render(reports, drawn, profile)
