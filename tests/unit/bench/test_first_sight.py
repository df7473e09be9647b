"""Latencies from what a page shows."""

import pytest

from boardpulse_tools.bench.first_sight import FirstSights


def test_a_sample_counts_when_it_is_first_seen() -> None:
    sights = FirstSights()
    seen = [
        sights.see(7, 1.000, 5.0),
        sights.see(8, 1.050, 1.060),
        sights.see(8, 1.050, 1.065),
        sights.see(9, 1.1, 1.103),
    ]
    assert seen == [True, True, False, True]
    assert sights.latencies_ms == pytest.approx([10, 3])
    assert sights.missed == 0


def test_a_sample_that_no_page_showed_is_missed() -> None:
    sights = FirstSights()
    for number in (1, 2, 5):
        sights.see(number, 1.0, 1.001)
    assert sights.missed == 2
    assert len(sights.latencies_ms) == 2
