"""`boardpulse bench chaos --short`: every promised number, from real processes, in the form for CI."""

import json
import subprocess
import sys
from typing import Any

import pytest

from boardpulse_tools.bench.chaos.goals import LIMITS
from tests.support.components import require

SHORT_S = 180  # what all of it may take in CI
LIMIT_S = 400  # on a machine that has other things to do
NEEDED = ("micropython", "mosquitto", "prometheus", "victoria-metrics")


@pytest.fixture(scope="module")
def answer() -> subprocess.CompletedProcess[str]:
    """The command as a user runs it."""
    for component in NEEDED:
        require(component)
    command = [sys.executable, "-m", "host_bridge", "bench", "chaos", "--short", "--json"]
    return subprocess.run(command, capture_output=True, text=True, timeout=LIMIT_S, check=False)


@pytest.fixture(scope="module")
def whole(answer: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    """The object that it has printed."""
    assert answer.returncode in (0, 1), answer.stderr
    parsed: dict[str, Any] = json.loads(answer.stdout)
    return parsed


@pytest.mark.timeout(LIMIT_S + 20)
def test_every_promised_number_is_reached(answer: subprocess.CompletedProcess[str], whole: dict[str, Any]) -> None:
    """Nothing lost, repeated, miscounted or wrong, and a store that is fast and small enough."""
    assert whole["results"]["failed"] == {}
    unmet = {name: goal for name, goal in whole["goals"].items() if not goal["met"]}
    assert unmet == {}, json.dumps(whole["results"], indent=1)
    assert list(whole["goals"]) == [limit.name for limit in LIMITS]
    assert answer.returncode == 0


@pytest.mark.timeout(LIMIT_S + 20)
def test_a_run_says_how_it_can_be_repeated(answer: subprocess.CompletedProcess[str], whole: dict[str, Any]) -> None:
    """The seed, the date, the form, the machine, and how long it took."""
    assert answer.stderr.splitlines()[0] == f"seed {whole['results']['seed']}"
    assert whole["results"]["form"] == "short"
    assert whole["results"]["date"].endswith("+00:00")
    assert whole["machine"]["cores"] >= 1
    assert whole["results"]["seconds"] <= SHORT_S


@pytest.mark.timeout(LIMIT_S + 20)
def test_the_counts_are_of_boards_that_really_streamed(whole: dict[str, Any]) -> None:
    """A run in which hardly anything was taken, damaged or killed would prove nothing."""
    scenarios = whole["results"]["scenarios"]
    assert scenarios["kill"]["kills"] == 5
    for name, least in (("kill", 400), ("broker", 1500), ("noise", 500)):
        assert scenarios[name]["kept"] == scenarios[name]["taken"] >= least
    assert sum(scenarios["noise"]["hits"].values()) > 5
    assert all(device["ledger"]["recovered"] > 0 for device in scenarios["noise"]["devices"].values())
    assert all(server["late"] > 1200 for server in scenarios["backfill"]["servers"].values())


def test_an_unknown_scenario_is_a_usage_error_that_names_those_that_there_are() -> None:
    command = [sys.executable, "-m", "host_bridge", "bench", "chaos", "--only", "meteor"]
    answer = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert answer.returncode == 2
    assert "meteor is none of kill, broker, overflow, noise, spill, backfill, history" in answer.stderr
