"""From uptime to wall time."""

import pytest

from host_bridge.core.clock import ARRIVAL, Clock

T0 = 1_750_000_000.0


def test_without_an_anchor_the_smallest_delay_decides() -> None:
    """Delay only ever adds: the frame that was fastest tells best when the board started."""
    clock = Clock()
    clock.observe(1000, T0 + 1.5)
    clock.observe(2000, T0 + 2.1)
    clock.observe(3000, T0 + 3.9)
    assert clock.wall(2000, T0 + 10) == pytest.approx(T0 + 2.1)
    assert clock.source == ARRIVAL
    assert clock.spread == pytest.approx(0.8)


def test_before_anything_came_arrival_is_the_time() -> None:
    """A retained hello says nothing about now."""
    assert Clock().wall(5000, T0) == T0
    assert Clock().spread == 0.0


def test_an_anchor_dates_samples() -> None:
    """The board has NTP; its frames come two seconds late."""
    clock = Clock()
    clock.observe(10_000, T0 + 12)
    assert clock.anchor(10_000, (int(T0) + 10, 250, 2, 20), T0 + 12)
    assert clock.wall(11_000, T0 + 13) == pytest.approx(T0 + 11.25)
    assert clock.source == "ntp"
    assert clock.spread == pytest.approx(1.75 + 0.02)


@pytest.mark.parametrize(
    ("seconds", "why"),
    [
        (1_704_067_199, "before 2024: never set"),
        (0, "never set"),
        (int(T0) + 13, "two seconds and more ahead of its arrival"),
        (1 << 40, "years ahead"),
    ],
)
def test_an_anchor_that_cannot_be_right_is_refused_and_counted(seconds: int, why: str) -> None:
    """It would put every sample where no one looks."""
    clock = Clock()
    clock.observe(10_000, T0 + 10)
    assert not clock.anchor(10_000, (seconds, 500, 1, 0), T0 + 10), why
    assert (clock.source, clock.refused) == (ARRIVAL, 1)


def test_two_synchronised_clocks_may_jitter() -> None:
    """Up to MAX_CLOCK_AHEAD_S."""
    clock = Clock()
    clock.observe(0, T0)
    assert clock.anchor(0, (int(T0) + 1, 900, 2, 0), T0)


def test_an_anchor_that_a_later_frame_disproves_is_dropped() -> None:
    """A hello that was delayed hid that the board's clock is ahead."""
    clock = Clock()
    assert clock.anchor(0, (int(T0), 0, 1, 1000), T0)
    clock.observe(10_000, T0 + 5)
    assert (clock.source, clock.refused) == (ARRIVAL, 1)
    assert clock.wall(10_000, T0 + 5) == pytest.approx(T0 + 5)


def test_the_smallest_uncertainty_wins() -> None:
    """An RTC does not push NTP aside; of two that are as good, the later one counts."""
    clock = Clock()
    clock.observe(0, T0 + 1)
    clock.anchor(0, (int(T0), 0, 2, 20), T0 + 1)
    clock.anchor(0, (int(T0) - 60, 0, 1, 1000), T0 + 1)
    assert clock.source == "ntp"
    assert clock.wall(0, T0 + 1) == T0
    clock.anchor(0, (int(T0), 500, 4, 20), T0 + 1)
    assert clock.source == "gnss"
    assert clock.wall(0, T0 + 1) == T0 + 0.5


def test_time_is_never_far_ahead_of_arrival() -> None:
    """An uptime that leaps ahead does not date samples into the future: they were made by their arrival."""
    clock = Clock()
    clock.observe(0, T0)
    assert clock.wall(60_000, T0 + 58.5) == T0 + 60
    assert clock.wall(3_600_000, T0 + 60) == T0 + 60


def test_an_outage_is_forgotten_by_the_spread() -> None:
    """A minute of late frames widens it for the next hundred frames, not for ever."""
    clock = Clock()
    clock.observe(0, T0 + 60)
    for second in range(1, 200):
        clock.observe(second * 1000, T0 + second + 0.01)
    assert clock.spread == pytest.approx(0.0, abs=1e-6)


def test_a_source_of_the_future_is_shown_as_unknown() -> None:
    """SPEC.md section 18."""
    clock = Clock()
    assert clock.anchor(0, (int(T0), 0, 99, 1), T0)
    assert clock.source == "unknown"
