"""What `bench ingest` finds of its probe on a page."""

import pytest

from boardpulse_tools.bench.ingest import probe

OURS = 'x 1\ndevice_n{device_id="a"} 5\ndevice_n{device_id="bench-probe",platform="bench"} 17\ndevice_o{a="b"} 2\n'
TIMED = 'x 1\ndevice_n{sensor="bench-probe",topic="fleet/bench-probe"} 1.795e+09 1795277027972\ndevice_o{a="b"} 2\n'


@pytest.mark.parametrize(("page", "value"), [(OURS, 17.0), (TIMED, 1.795e9)])
def test_the_value_and_not_its_timestamp_is_read(page: str, value: float) -> None:
    assert probe._value(page, "device_n") == value


@pytest.mark.parametrize("page", ["", 'x 1\ndevice_n{device_id="a"} 5\ndevice_o{device_id="bench-probe"} 5\n'])
def test_a_probe_that_is_not_there_yet_has_no_value(page: str) -> None:
    """Another metric of it may be there."""
    assert probe._value(page, "device_n") is None
