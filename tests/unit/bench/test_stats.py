"""Summaries of measured values."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boardpulse_tools.bench.stats import percentile, summary

VALUES = st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1)


@pytest.mark.parametrize(
    ("percent", "expected"), [(0, 1), (1, 1), (50, 50), (95, 95), (99, 99), (99.5, 100), (100, 100)]
)
def test_a_percentile_is_the_nearest_rank(percent: float, expected: float) -> None:
    assert percentile(range(1, 101), percent) == expected


@given(VALUES, st.floats(min_value=0, max_value=100))
def test_a_percentile_is_one_of_the_values_and_enough_of_them_do_not_exceed_it(
    values: list[float], percent: float
) -> None:
    found = percentile(values, percent)
    assert found in values
    assert sum(value <= found for value in values) >= len(values) * percent / 100


def test_nothing_has_no_percentile() -> None:
    with pytest.raises(ValueError, match="no values"):
        percentile([], 50)


def test_a_summary_has_what_a_report_shows() -> None:
    assert summary([1, 2, 3, 4, 10]) == {
        "count": 5,
        "mean": 4,
        "median": 3,
        "p95": 10,
        "p99": 10,
        "min": 1,
        "max": 10,
        "stdev": pytest.approx(3.1623, abs=1e-4),
    }
