"""The history bench, in a short form."""

from pathlib import Path

from boardpulse_tools.bench.history import goals, history_numbers


def test_the_goals_are_met_over_an_hour(tmp_path: Path) -> None:
    """Ten metrics of one board, once a second."""
    measured = history_numbers(3_600, tmp_path)
    assert [goal.name for goal in goals(measured) if not goal.met] == []
    assert 0.1 < measured["history_bytes_per_sample"] < 32
    assert list(tmp_path.iterdir()) == []
