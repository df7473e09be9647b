"""Values of a /metrics page, by series."""

from boardpulse_tools.scrape import select, total, values

PAGE = """\
# HELP device_temperature_celsius Temperature.
# TYPE device_temperature_celsius gauge
device_temperature_celsius{device_id="a",platform="unix",sensor_location="mcu"} 41.5
device_temperature_celsius{device_id="b",platform="unix",sensor_location="simulated"} -3
boardpulse_frames_received_total{source="serial",kind="samples"} 12.0
boardpulse_frames_received_total{source="mqtt",kind="samples"} 3.0
odd{text="a } b, \\"c\\"=\\"d\\""} NaN
up 1
"""


def test_series_are_found_by_name_and_by_any_of_their_labels() -> None:
    assert list(select(PAGE, "device_temperature_celsius", device_id="a").values()) == [41.5]
    assert len(select(PAGE, "device_temperature_celsius", platform="unix")) == 2
    assert select(PAGE, "device_temperature_celsius", device_id="c") == {}
    assert select(PAGE, "device_temperature") == {}


def test_values_add_up() -> None:
    assert total(PAGE, "boardpulse_frames_received_total") == 15
    assert total(PAGE, "boardpulse_frames_received_total", source="mqtt") == 3
    assert total(PAGE, "missing") == 0


def test_comments_are_no_values_and_hostile_labels_no_obstacle() -> None:
    found = values(PAGE)
    assert len(found) == 6
    assert ("up", frozenset()) in found
    assert ("odd", frozenset({("text", 'a } b, \\"c\\"=\\"d\\"')})) in found
