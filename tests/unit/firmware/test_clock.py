"""The board's clock: uptime from ticks that wrap, and the wall clock when there is one."""

import pytest

from boardpulse.clock import RTC, Clock, add, diff, unix_offset_s
from tests.fakes.firmware import PERIOD_32, Ticks

T_2026 = 1767225600


@pytest.mark.parametrize("period", [PERIOD_32, 1 << 62])
def test_uptime_goes_on_when_the_ticks_wrap(period: int) -> None:
    """Uptime is the sum of what has passed, wherever the counter began and however often it wrapped."""
    ticks = Ticks(period - 1500, period)
    clock = Clock(ticks, ticks.mask)
    total = 0
    for step in (1000, 1000, 86_400_000, 0, 500_000_000, 500_000_000, 500_000_000, 7):
        ticks.advance(step)
        clock.update()
        total += step
        assert clock.uptime_ms() == total
        assert clock.high << 24 | clock.low == total
        assert clock.low < 1 << 24
    assert total > PERIOD_32


def test_parts_of_the_uptime_stay_small_integers_for_thirty_years() -> None:
    """No part of the clock outgrows 30 bits, which is where a 32-bit MicroPython begins to take heap."""
    ticks = Ticks()
    clock = Clock(ticks, ticks.mask)
    for _ in range(40):
        ticks.advance(PERIOD_32 - 1)
        clock.update()
    clock.high = 60000  # 31 years
    clock.update()
    assert max(clock.high, clock.low, clock.now, clock.uptime_s()) < 1 << 30


def test_seconds_agree_with_milliseconds() -> None:
    """uptime_s() is uptime_ms() in whole seconds, computed without large integers."""
    ticks = Ticks()
    clock = Clock(ticks, ticks.mask)
    for step in (999, 1, 16_777_215, 1, 123_456_789, 987_654_321):
        ticks.advance(step)
        clock.update()
        assert clock.uptime_s() == clock.uptime_ms() // 1000


def test_differences_of_moments_survive_the_wrap_of_now() -> None:
    """diff() tells what has passed between two moments, also where `now` begins again at 0."""
    late = add(0, -10)
    assert diff(add(late, 25), late) == 25
    assert diff(late, add(late, 25)) == -25
    assert diff(add(late, 86_400_000), late) == 86_400_000


def test_a_clock_that_was_never_set_gives_no_anchor() -> None:
    """A wall clock that says the year 2000 is not passed on."""
    ticks = Ticks()
    assert Clock(ticks, ticks.mask, lambda: (946684800, 0, 10)).anchor() is None
    assert Clock(ticks, ticks.mask).anchor() is None


def test_the_anchor_belongs_to_the_present_uptime() -> None:
    """An anchor that the bridge gave goes on with the uptime; it is labelled as the bridge's."""
    ticks = Ticks()
    clock = Clock(ticks, ticks.mask)
    ticks.advance(5000)
    clock.update()
    clock.tell(T_2026, 250, 20)
    ticks.advance(1800)
    clock.update()
    assert clock.anchor() == [T_2026 + 2, 50, 3, 20]


def test_the_better_clock_is_used() -> None:
    """Of the bridge's time and the board's own clock the one with the smaller uncertainty counts."""
    ticks = Ticks()
    clock = Clock(ticks, ticks.mask, lambda: (T_2026, 0, 1000), RTC)
    assert clock.anchor() == [T_2026, 0, RTC, 1000]
    clock.tell(T_2026 + 7, 0, 20)
    assert clock.anchor() == [T_2026 + 7, 0, 3, 20]
    clock.tell(T_2026 + 9, 0, 5000)
    assert clock.anchor() == [T_2026, 0, RTC, 1000]


def test_epochs_of_both_kinds_become_unix_time() -> None:
    """Ports that count from 2000 are told from those that count from 1970 by what they call second 0."""
    assert unix_offset_s(lambda _: (2000, 1, 1)) == 946684800
    assert unix_offset_s(lambda _: (1970, 1, 1)) == 0
