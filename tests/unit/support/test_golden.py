"""What the comparison with a golden page forgives, and what not."""

from pathlib import Path

import pytest

from tests.support.golden import UPDATE, assert_golden, normalised

PAGE = """\
# HELP device_temperature_celsius Temperature.
# TYPE device_temperature_celsius gauge
device_temperature_celsius{device_id="b",port="/dev/pts/9"} 41.5
device_temperature_celsius{device_id="a",port="/dev/pts/7"} -3
# HELP python_info The interpreter.
# TYPE python_info gauge
python_info{version="3.11"} 1
# TYPE plain counter
plain 12
# EOF
"""
NORMALISED = """\
# HELP device_temperature_celsius Temperature.
# TYPE device_temperature_celsius gauge
device_temperature_celsius{device_id="a",port="(a port)"} …
device_temperature_celsius{device_id="b",port="(a port)"} …
# TYPE plain counter
plain …
# EOF
"""


def test_values_ports_order_and_the_interpreter_are_forgiven() -> None:
    assert normalised(PAGE, {"port": "(a port)"}) == NORMALISED


@pytest.mark.parametrize(
    ("before", "after"),
    [("gauge", "counter"), ("Temperature.", "Heat."), ('"a"', '"c"'), ("celsius{", "kelvin{"), ("plain 12\n", "")],
)
def test_types_help_labels_names_and_missing_series_are_not(before: str, after: str) -> None:
    assert normalised(PAGE.replace(before, after), {"port": "(a port)"}) != NORMALISED


def test_a_file_that_differs_fails_until_it_is_taken_as_right(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "golden" / "page.txt"
    monkeypatch.delenv(UPDATE, raising=False)
    with pytest.raises(AssertionError, match="UPDATE_GOLDEN=1 rewrites it"):
        assert_golden("a\n", file)
    monkeypatch.setenv(UPDATE, "1")
    assert_golden("a\n", file)
    monkeypatch.delenv(UPDATE)
    assert_golden("a\n", file)
