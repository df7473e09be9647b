"""What a bench hands over, as JSON and as text, and its exit code."""

import json
from pathlib import Path

import pytest

from boardpulse_tools.bench.report import Goal, Report, Table, as_json, as_text, cpu_model, machine, table_text

MACHINE = {"cpu": "a fine one", "cores": 2, "memory_bytes": 2**34, "system": "Linux 6", "python": "CPython 3.11.7"}
REACHED = Goal("bytes", 59, 60)
MISSED = Goal("seconds", 2.5, 1)


@pytest.mark.parametrize(
    ("goal", "met"),
    [
        (Goal("g", 60, 60), True),
        (Goal("g", 60.1, 60), False),
        (Goal("g", 60, 60, at_least=True), True),
        (Goal("g", 59.9, 60, at_least=True), False),
        (Goal("g", None, 60), False),
        (Goal("g", None, 60, at_least=True), False),
        (Goal("g", float("nan"), 60), False),
        (Goal("g", float("nan"), 60, at_least=True), False),
    ],
)
def test_a_goal_is_met_at_its_limit_and_never_without_a_value(goal: Goal, met: bool) -> None:
    assert goal.met is met


def test_one_missed_goal_makes_the_exit_code_1() -> None:
    assert Report({}, [REACHED], machine=MACHINE).exit_code == 0
    assert Report({}, [REACHED, MISSED], machine=MACHINE).exit_code == 1


def test_json_has_machine_results_and_goals_by_name() -> None:
    whole = json.loads(as_json(Report({"sizes": {"a": 1}}, [REACHED, MISSED], machine=MACHINE)))
    assert whole == {
        "machine": MACHINE,
        "results": {"sizes": {"a": 1}},
        "goals": {
            "bytes": {"value": 59, "limit": 60, "met": True},
            "seconds": {"value": 2.5, "limit": 1, "met": False},
        },
    }


def test_notes_are_part_of_the_json() -> None:
    assert json.loads(as_json(Report({}, [], notes=["No mosquitto here."], machine=MACHINE)))["notes"] == [
        "No mosquitto here."
    ]


def test_text_shows_the_machine_the_tables_the_notes_and_whether_goals_are_met() -> None:
    table = Table("Sizes", ("encoding", "bytes"), [("ours", "2"), ("json", "29")])
    text = as_text(Report({}, [REACHED, MISSED], [table], ["A note."], MACHINE))
    assert text.splitlines() == [
        "a fine one, 2 cores, 16 GiB, Linux 6, CPython 3.11.7",
        "",
        "Sizes",
        "encoding  bytes",
        "───────────────",
        "ours          2",
        "json         29",
        "",
        "A note.",
        "",
        "Goals",
        "goal     value  limit",
        "──────────────────────────────",
        "bytes       59   ≤ 60      met",
        "seconds    2.5    ≤ 1  NOT MET",
    ]


def test_a_table_without_rows_is_its_head() -> None:
    assert table_text(Table("None", ("a", "b"), [])) == "None\na  b\n────"


def test_the_machine_is_described_by_what_numbers_depend_on() -> None:
    assert machine().keys() == {"system", "architecture", "cpu", "cores", "memory_bytes", "python", "boardpulse"}


def test_a_processor_without_a_name_has_none(tmp_path: Path) -> None:
    assert cpu_model(tmp_path / "missing") == ""
    (tmp_path / "cpuinfo").write_text("processor : 0\nmodel name\t: Cortex-A76\n")
    assert cpu_model(tmp_path / "cpuinfo") == "Cortex-A76"
