"""The latency bench where this machine lacks mosquitto or MicroPython: it measures with what is there, and says so."""

from pathlib import Path

import pytest

from boardpulse_tools import boards, broker
from boardpulse_tools.bench import latency


def test_what_stood_in_for_what_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(broker, "find", lambda _component: None)
    monkeypatch.setattr(boards, "find", lambda _component: None)
    measured = {"mqtt": latency.measure("mqtt", tmp_path, 20)}
    assert measured["mqtt"]["count"] >= 20
    assert measured["mqtt"]["broker"] == "iotcore"
    assert measured["mqtt"]["firmware_on"].startswith("CPython")
    assert latency.notes(measured) == [
        "This machine has no MicroPython: the same firmware ran under CPython.",
        "This machine has no mosquitto: latency over MQTT was measured with the embedded broker.",
    ]


def test_a_link_that_was_not_measured_is_a_goal_that_is_not_met() -> None:
    assert [(goal.name, goal.value, goal.met) for goal in latency.goals({})] == [
        ("visible_p99_ms_uart", None, False),
        ("visible_p99_ms_mqtt", None, False),
    ]
