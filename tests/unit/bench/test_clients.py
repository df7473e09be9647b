"""What `bench ingest --clients` makes of its turns, and what it does where a library is not to be had."""

from pathlib import Path

import pytest

from boardpulse_tools.bench.ingest import client_results, clients, results
from boardpulse_tools.bench.ingest.clients import GMQTT, LIBRARIES, PAHO, PYMOSQUITTO, QOS, SOURCE, named
from boardpulse_tools.bench.ingest.rounds import Measured
from boardpulse_tools.bench.ingest.subjects import PAHO_QOS_0, PAHO_QOS_1, Subject, paho
from boardpulse_tools.bench.ingest.turn import Cost, Turn
from boardpulse_tools.processes import ProcessError


def turn(cpu_us: float, flood_us: float) -> Turn:
    costs = [Cost(1000, 1000, us * 1000 / 1e6, busy_s=1, late_ms=0.1) for us in (cpu_us, flood_us)]
    return Turn(costs[0], costs[1], 20, 20, 0, 0, 0, 0, [], 0)


def found(costs: dict[str, list[Turn]]) -> dict[str, dict[str, object]]:
    def subject(name: str) -> Subject:
        return Subject(name, paho(name, 0).make)

    return results.results({name: Measured(subject(name), turns) for name, turns in costs.items()})


MEASURED = {
    named(SOURCE, 0): [turn(10, 2), turn(30, 9), turn(20, 4)],
    named(SOURCE, 1): [turn(40, 5)],
    PAHO_QOS_0: [turn(60, 8)],
    PAHO_QOS_1: [turn(20, 10)],
    named(PYMOSQUITTO, 1): [turn(10, 5)],
}


def test_each_client_is_divided_by_the_source_with_the_same_qos() -> None:
    assert client_results.ratios(found(MEASURED)) == {
        PAHO_QOS_0: {"cpu_us_per_message": 3.0, "flood_cpu_us_per_message": 2.0},
        PAHO_QOS_1: {"cpu_us_per_message": 0.5, "flood_cpu_us_per_message": 2.0},
        named(PYMOSQUITTO, 1): {"cpu_us_per_message": 0.25, "flood_cpu_us_per_message": 1.0},
    }


def test_without_the_source_nothing_is_divided_and_what_was_measured_is_shown() -> None:
    alone = found({PAHO_QOS_0: [turn(60, 8)]})
    assert client_results.ratios(alone) == {}
    assert client_results.table(alone).rows == [(PAHO_QOS_0, "60.0", "60.0", "60.0", "—", "8.0", "8.0", "8.0", "—")]


def test_the_table_has_the_source_first_and_the_paho_of_the_same_qos_beside_it() -> None:
    rows = client_results.table(found(MEASURED)).rows
    assert [row[0] for row in rows] == [
        named(SOURCE, 0),
        PAHO_QOS_0,
        named(SOURCE, 1),
        PAHO_QOS_1,
        named(PYMOSQUITTO, 1),
    ]
    assert rows[0][1:5] == ("20.0", "10.0", "30.0", "1.00")
    assert rows[1][4] == "3.00"


def test_a_library_that_cannot_be_installed_is_named_with_the_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The bridge's source needs none, and is measured all the same."""

    def no(_home: Path, requirement: str, _proof: Path) -> None:
        raise ProcessError(f"no {requirement}")

    monkeypatch.setattr(clients, "python_environment", no)
    what = clients.available(tmp_path)
    assert [subject.name for subject in what.subjects] == [named(SOURCE, qos) for qos in QOS]
    assert what.missing == {
        GMQTT: f"no gmqtt=={LIBRARIES[GMQTT]}",
        PYMOSQUITTO: f"no pymosquitto=={LIBRARIES[PYMOSQUITTO]}",
    }
    assert what.versions.keys() == {"paho-mqtt"}


def test_the_paho_subscribers_of_the_bench_are_those_of_the_comparison() -> None:
    assert [named(PAHO, qos) for qos in QOS] == [PAHO_QOS_0, PAHO_QOS_1]
