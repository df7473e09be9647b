"""How `bench scale` lets time pass while it looks at memory, and what it makes of what it sees."""

from itertools import pairwise

import pytest

from boardpulse_tools.bench.scale import goals, measure
from boardpulse_tools.bench.scale.fleet import MadeFleet
from boardpulse_tools.bench.scale.memory import LOOKS
from boardpulse_tools.bench.scale.passing import CRYSTAL, LEAST_SPACING_S, MOST_DELAY_S, WARMTH_S, Passing, spacing_s
from host_bridge.core.drift import WINDOW_MS

HOUR_S = 3_600


@pytest.mark.parametrize(
    ("devices", "messages"), [(10_000, 10_000_000), (10_000, 400_000), (500, 2_000), (100, 50_000)]
)
def test_by_a_quarter_of_the_messages_more_time_has_passed_than_a_clock_remembers(devices: int, messages: int) -> None:
    assert spacing_s(devices, messages) * messages / devices / 4 * 1000 >= WINDOW_MS


def test_messages_of_a_board_are_never_closer_than_a_clock_takes_points() -> None:
    assert spacing_s(10, 1_000_000) == LEAST_SPACING_S


def test_uptimes_run_as_crystals_do_and_messages_come_as_late_as_over_a_network() -> None:
    """So that clocks have something to keep: within a minute delays differ, over a day the uptime goes its own way."""
    passing = Passing(2, 60.0)
    late: dict[int, list[float]] = {0: [], 1: []}
    for number in range(2 * 60 * 24):
        uptime_ms = passing.sent(number % 2)
        assert passing.monotonic() == pytest.approx((number + 1) * 30.0)
        late[number % 2].append(passing.monotonic() - uptime_ms / 1000)
    for device, found in late.items():
        apart = [abs(later - earlier) for earlier, later in pairwise(found)]
        assert max(apart) <= MOST_DELAY_S + 60 * 2 * CRYSTAL + 0.002, device
        assert len({round(one, 3) for one in apart}) > 20, device
        assert 2 * WARMTH_S * 0.5 < max(found) - min(found) < 86_400 * CRYSTAL + 2 * WARMTH_S + MOST_DELAY_S, device


def test_a_fleet_in_passing_time_is_online_after_half_a_day_of_its_own() -> None:
    """What measures silence passes with its messages, too, and every frame is counted."""
    passing = Passing(5, 120.0)
    made = MadeFleet(5, passing=passing)
    made.greet()
    made.run(5 * 30 * 12)
    made.check(5 * 30 * 12)
    assert passing.monotonic() == pytest.approx(12 * HOUR_S)
    assert made.exposition.render().decode().count('state="online"} 1') == 5


def test_growth_is_the_end_over_the_first_quarter_without_what_was_there_before_the_devices() -> None:
    looks = [90, 95, 98, 99, 100, *[103] * (LOOKS - 6), 120]
    assert measure.growth(50, looks) == pytest.approx((120 - 50) / (100 - 50))


@pytest.mark.parametrize(("grown", "met"), [(1.0, True), (0.98, True), (1.02, False), (None, False)])
def test_the_goal_is_flat_within_a_hundredth_and_what_was_not_measured_is_not_flat(
    grown: float | None, met: bool
) -> None:
    memory = {"most_bytes_per_device": 1.0, "memory_growth": grown}
    sizes = {"10": {"engine_us": {"median": 1.0}, "memory": memory}}
    (goal,) = [goal for goal in goals.goals(sizes) if goal.name == "memory_growth"]
    assert (goal.met, goal.limit) == (met, 1.01)


def test_people_see_the_memory_after_each_quarter_of_the_messages() -> None:
    looks = [(number + 1) * 2**20 for number in range(LOOKS)]
    memory = {"rss_bytes": looks, "messages": 1000, "passed_s": 9 * HOUR_S, "memory_growth": 1.2345}
    assert goals.curves({"10": {"memory": memory}}).rows == [
        ("10", "1,000", "9.0", "1.00", "5.00", "10.00", "15.00", "20.00", "1.2345")
    ]
