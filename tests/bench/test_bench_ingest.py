"""`boardpulse bench ingest --short --rounds 1`: real bridges, a real broker, the publisher and the floors."""

import json
import subprocess
import sys
from typing import Any

import pytest

from boardpulse_tools.bench.ingest.subjects import BATCH, DURABLE, OURS, PAHO_QOS_0, PAHO_QOS_1
from tests.support.components import require

LIMIT_S = 150  # on a machine that has other things to do; alone it takes 35 s


@pytest.fixture(scope="module")
def whole() -> dict[str, Any]:
    """The object that the command prints."""
    require("mosquitto")
    command = [sys.executable, "-m", "host_bridge", "bench", "ingest", "--short", "--rounds", "1", "--json"]
    answer = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT_S, check=False)
    assert answer.returncode in (0, 1), answer.stderr
    parsed: dict[str, Any] = json.loads(answer.stdout)
    assert answer.returncode == (0 if all(goal["met"] for goal in parsed["goals"].values()) else 1)
    return parsed


@pytest.mark.timeout(LIMIT_S + 20)
def test_every_subject_proves_that_it_took_every_message(whole: dict[str, Any]) -> None:
    """By its own count, and a bridge by the series on its page, too."""
    subjects = whole["results"]["subjects"]
    assert list(subjects) == [OURS, DURABLE, BATCH, PAHO_QOS_0, PAHO_QOS_1]
    for name, one in subjects.items():
        assert one["failures"] == []
        assert (one["sent"], one["lost"], one["flood_lost"], one["wrong"]) == (1000, 0, 0, 0), name
        assert one["series"] == (0 if name.startswith("paho") else 10_000), name


@pytest.mark.timeout(LIMIT_S + 20)
def test_the_goals_are_the_ratios_of_what_was_measured(whole: dict[str, Any]) -> None:
    """And nothing but positive numbers was measured."""
    subjects, goals = whole["results"]["subjects"], whole["goals"]
    median = {name: one["cpu_us_per_message"]["median"] for name, one in subjects.items()}
    assert min(median.values()) > 0
    assert goals["cpu_vs_paho_single"]["value"] == pytest.approx(median[OURS] / median[PAHO_QOS_0])
    assert goals["cpu_vs_paho_durable"]["value"] == pytest.approx(median[DURABLE] / median[PAHO_QOS_1])
    assert subjects[DURABLE]["cpu_us_apart"]["median"] > 0
    assert subjects[BATCH]["cpu_us_per_sample"]["median"] == pytest.approx(median[BATCH] / 100, abs=1e-3)


@pytest.mark.timeout(LIMIT_S + 20)
def test_the_time_until_a_value_is_visible_is_measured_while_the_fleet_streams(whole: dict[str, Any]) -> None:
    for name in (OURS, DURABLE, BATCH):
        latency = whole["results"]["subjects"][name]["latency_ms"]
        assert latency["count"] >= 1
        assert 0 < latency["median"] <= latency["p99"]
