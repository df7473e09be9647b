"""What `bench ingest` makes of its turns: rounds, ratios, and what it says when something went wrong."""

from collections.abc import Callable
from pathlib import Path

import pytest

from boardpulse_tools.bench.ingest import peers, results, rounds, usage
from boardpulse_tools.bench.ingest.command import troubles
from boardpulse_tools.bench.ingest.loads import Loads, Plan
from boardpulse_tools.bench.ingest.peers import MQTT2PROMETHEUS, MQTT_EXPORTER
from boardpulse_tools.bench.ingest.rounds import Measured
from boardpulse_tools.bench.ingest.subjects import (
    BATCH,
    DURABLE,
    OURS,
    PAHO_QOS_0,
    PAHO_QOS_1,
    Subject,
    own_subjects,
    sum_of,
)
from boardpulse_tools.bench.ingest.turn import Cost, Turn
from boardpulse_tools.processes import ProcessError


def cost(cpu_us: float, taken: int = 1000, sent: int = 1000) -> Cost:
    return Cost(sent, taken, cpu_us * taken / 1e6, busy_s=2, late_ms=0.5)


def turn(cpu_us: float, taken: int = 1000, wrong: int = 0, apart_us: float = 0, series: int = 10) -> Turn:
    return Turn(cost(cpu_us, taken), cost(cpu_us), 50, 60, series, 10, wrong, apart_us, [1.0, 2.0], 0)


def found(costs: dict[str, list[Turn]]) -> dict[str, dict[str, object]]:
    subjects = {subject.name: subject for subject in own_subjects()}
    for name, make in ((MQTT_EXPORTER, peers.mqtt_exporter), (MQTT2PROMETHEUS, peers.mqtt2prometheus)):
        subjects[name] = make(Path("unused"))
    return results.results({name: Measured(subjects[name], turns) for name, turns in costs.items()})


ALL = {
    OURS: [turn(cpu_us) for cpu_us in (10, 30, 20)],
    DURABLE: [turn(60, apart_us=4)],
    BATCH: [turn(50)],
    PAHO_QOS_0: [turn(16)],
    PAHO_QOS_1: [turn(32)],
    MQTT_EXPORTER: [turn(200)],
    MQTT2PROMETHEUS: [turn(80)],
}


def test_goals_are_ratios_of_medians_within_the_run() -> None:
    """A message of ten metrics one sample deep is ten metric samples; ten samples deep it is a hundred."""
    assert {goal.name: goal.value for goal in results.goals(found(ALL), peers=True)} == {
        "cpu_vs_paho_single": 20 / 16,
        "cpu_vs_paho_durable": 64 / 32,
        "cpu_vs_mqtt_exporter_single": 0.1,
        "cpu_vs_mqtt2prometheus_single": 0.25,
        "cpu_sample_vs_mqtt_exporter_batch": pytest.approx(0.5 / 20),
        "cpu_sample_vs_mqtt2prometheus_batch": pytest.approx(0.5 / 8),
    }


def test_the_limits_are_those_of_the_table() -> None:
    assert {goal.name: goal.limit for goal in results.goals({}, peers=True)} == {
        "cpu_vs_paho_single": 1.5,
        "cpu_vs_paho_durable": 2.5,
        "cpu_vs_mqtt_exporter_single": 0.2,
        "cpu_vs_mqtt2prometheus_single": 0.6,
        "cpu_sample_vs_mqtt_exporter_batch": 0.03,
        "cpu_sample_vs_mqtt2prometheus_batch": 0.09,
    }


def test_without_peers_only_the_rows_against_paho_are_judged() -> None:
    assert [goal.name for goal in results.goals(found(ALL), peers=False)] == [
        "cpu_vs_paho_single",
        "cpu_vs_paho_durable",
    ]


def test_a_peer_that_cannot_be_had_is_a_goal_that_is_not_met() -> None:
    goals = results.goals(found({OURS: [turn(20)], PAHO_QOS_0: [turn(16)]}), peers=True)
    assert {goal.name for goal in goals if goal.value is not None} == {"cpu_vs_paho_single"}


@pytest.mark.parametrize("bad", [turn(20, taken=999), turn(20, wrong=1), turn(0, taken=0)])
def test_a_bridge_that_lost_or_refused_messages_has_no_ratio(bad: Turn) -> None:
    """Cheap because it does not do the work is not fast."""
    measured = found(ALL | {OURS: [turn(20), bad]})
    assert results.goals(measured, peers=False)[0].value is None


def test_what_was_lost_refused_not_shown_or_failed_is_said() -> None:
    subjects = {subject.name: subject for subject in own_subjects()}
    measured = results.results(
        {
            OURS: Measured(subjects[OURS], [turn(20, taken=990, wrong=3, series=9)], ["round 2: no page"]),
            BATCH: Measured(subjects[BATCH], [], ["round 1: it ended"]),
        }
    )
    assert troubles(measured, {MQTT_EXPORTER: "no such package"}) == [
        "Not measured: mqtt-exporter: no such package",
        "boardpulse failed in round 2: no page",
        "boardpulse lost 10 of 1,000 messages of the steady stream.",
        "boardpulse refused or missed 3 messages.",
        "boardpulse showed 9 of 10 series.",
        "boardpulse, ten samples failed in round 1: it ended",
    ]
    assert [len(table.rows) for table in results.tables(measured)] == [1, 1, 1]


def test_each_round_measures_every_subject_once_and_begins_with_another(tmp_path: Path) -> None:
    order: list[str] = []

    def take(subject: Subject, _loads: Loads, folder: Path) -> Turn:
        order.append(subject.name)
        assert folder.is_dir()
        return turn(1)

    subjects = own_subjects()[:3]
    measured = rounds.run(subjects, Loads(Plan(), tmp_path), tmp_path, 3, lambda _: None, take)
    names = [subject.name for subject in subjects]
    assert order == [*names, *names[1:], names[0], *names[2:], *names[:2]]
    assert all(len(one.turns) == 3 and not one.failures for one in measured.values())
    assert list(tmp_path.iterdir()) == []


def test_a_turn_that_fails_is_noted_and_the_others_go_on(tmp_path: Path) -> None:
    def take(subject: Subject, _loads: Loads, _folder: Path) -> Turn:
        if subject.name == OURS:
            raise ProcessError("bridge ended with code 1")
        return turn(1)

    measured = rounds.run(own_subjects()[:2], Loads(Plan(), tmp_path), tmp_path, 1, lambda _: None, take)
    assert measured[OURS].failures == ["round 1: bridge ended with code 1"]
    assert len(measured[DURABLE].turns) == 1


def test_a_sum_over_a_page_takes_the_series_that_begin_so() -> None:
    page = '# HELP x y\nx_total{a="1"} 2.0\nx_total{a="2"} 3.0\nx_total_other{a="1"} 100\n'
    assert sum_of(page, "x_total{") == 5


def test_a_process_is_at_rest_from_when_it_was_last_busy() -> None:
    """It uses a whole processor for a second, then one twentieth."""
    now = [100.0]

    def sleep(seconds: float) -> None:
        now[0] += seconds

    def used(_pid: int) -> float:
        after = now[0] - 100
        return min(after, 1.0) + max(0.0, after - 1) / 20

    assert usage.at_rest(1, 10, lambda: now[0], sleep, used) == pytest.approx(101.0, abs=0.05)


def test_a_process_that_never_rests_is_given_up() -> None:
    now = [0.0]

    def sleep(seconds: float) -> None:
        now[0] += seconds

    with pytest.raises(ProcessError, match="still busy after 3 s"):
        usage.at_rest(1, 3, lambda: now[0], sleep, lambda _pid: now[0])


def test_peers_that_cannot_be_installed_are_named_with_the_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(_folder: Path) -> Path:
        raise ProcessError("pip ended with code 1: no such package")

    def there(folder: Path) -> Path:
        return folder / "program"

    table: dict[str, tuple[Callable[[Path], Path], Callable[[Path], Subject]]] = {
        MQTT_EXPORTER: (missing, peers.mqtt_exporter),
        MQTT2PROMETHEUS: (there, peers.mqtt2prometheus),
    }
    monkeypatch.setattr(peers, "PEERS", table)
    subjects, why = peers.available(tmp_path / "peers")
    assert [subject.name for subject in subjects] == [MQTT2PROMETHEUS]
    assert why == {MQTT_EXPORTER: "pip ended with code 1: no such package"}
