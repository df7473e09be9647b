"""Crystals that drift, delays that vary, outages, and clocks that jump."""

import itertools
import json
import random

import pytest

from host_bridge.core.clock import ARRIVAL, Clock, quality
from host_bridge.core.drift import MAX_VERTICES, Envelope

T0 = 1_750_000_000.0
HOUR = 3600


def lived(clock: Clock, ppm: float, seconds: range, *, seed: int = 1, jitter_s: float = 0.02) -> float:
    """Feed a frame a second of a board whose uptime runs fast by `ppm`. The greatest error of a date in the last
    quarter, in seconds."""
    chance, worst = random.Random(seed), 0.0
    for second in seconds:
        uptime = round(second * 1000 * (1 + ppm * 1e-6))
        arrival = T0 + second + 0.005 + chance.expovariate(1 / jitter_s)
        clock.observe(uptime, arrival)
        date = clock.dates([uptime], arrival)[0] / 1000
        if second > seconds[len(seconds) * 3 // 4]:
            worst = max(worst, abs(date - T0 - second))
    return worst


@pytest.mark.parametrize("ppm", [-20_000, -100, -20, 0, 20, 100, 20_000])
def test_a_drifting_crystal_is_followed(ppm: float) -> None:
    """Quartz and, a thousand times worse, the oscillator of a sleep timer; over three hours."""
    clock = Clock()
    assert lived(clock, ppm, range(3 * HOUR)) < 0.03
    assert clock.source == ARRIVAL
    assert clock.drift == pytest.approx(ppm * 1e-6, abs=5e-6)
    assert clock.quality > 0.5


def test_an_outage_changes_neither_offset_nor_drift() -> None:
    """Half an hour of frames arrives in one burst; the samples of the outage are dated by when they were taken."""
    clock = Clock()
    lived(clock, 50, range(2 * HOUR))
    back = T0 + 2.5 * HOUR
    for second in range(2 * HOUR, int(2.5 * HOUR)):
        uptime = round(second * 1000.05)
        clock.observe(uptime, back)
        assert clock.wall(uptime, back) == pytest.approx(T0 + second, abs=0.05)
    assert lived(clock, 50, range(int(2.5 * HOUR), 3 * HOUR)) < 0.03


def test_frames_that_only_come_late_are_dated_better_once_one_is_prompt() -> None:
    """A broker's queue, of a boot that the bridge does not know: then live ones."""
    clock = Clock()
    for second in range(600):
        clock.observe(second * 1000, T0 + 600)
    for second in range(600, 700):
        clock.observe(second * 1000, T0 + second + 0.01)
    assert clock.wall(300_000, T0 + 700) == pytest.approx(T0 + 300, abs=0.1)


@pytest.mark.parametrize("leap_ms", [3_000, 86_400_000, 10**15, 2**53 - 10**7])
def test_one_leap_of_the_uptime_is_forgotten(leap_ms: int) -> None:
    """That frame is dated by its arrival, and counted; none of the others is."""
    clock = Clock()
    lived(clock, 0, range(HOUR))
    clock.observe(HOUR * 1000 + leap_ms, T0 + HOUR)
    assert clock.dates([HOUR * 1000 + leap_ms], T0 + HOUR) == [int((T0 + HOUR) * 1000)]
    assert clock.clamped == 1
    assert lived(clock, 0, range(HOUR + 1, 2 * HOUR)) < 0.03
    assert clock.clamped == 1


def test_an_uptime_that_goes_on_from_where_it_leapt_begins_the_mapping_anew() -> None:
    """The second frame that says the same is believed."""
    clock = Clock()
    lived(clock, 0, range(HOUR))
    for second in range(HOUR, HOUR + 10):
        clock.observe((second + 86_400) * 1000, T0 + second)
    assert clock.wall((HOUR + 86_409) * 1000, T0 + HOUR + 9) == pytest.approx(T0 + HOUR + 9, abs=0.1)


def test_an_uptime_that_goes_back_is_late_until_two_hellos_say_otherwise() -> None:
    """One hello may have waited in a broker."""
    clock = Clock()
    lived(clock, 0, range(HOUR))
    clock.hello(5000, T0 + HOUR + 5)
    assert clock.doubtful
    assert clock.wall(5000, T0 + HOUR + 5) == pytest.approx(T0 + 5, abs=0.1)
    clock.hello(65_000, T0 + HOUR + 65)
    assert not clock.doubtful
    assert clock.wall(65_000, T0 + HOUR + 65) == pytest.approx(T0 + HOUR + 65, abs=0.1)


def test_a_prompt_frame_ends_the_doubt() -> None:
    """The hello was late, and the mapping right."""
    clock = Clock()
    clock.hello(0, T0)
    clock.hello(60_000, T0 + 7200)
    assert clock.doubtful
    clock.hello(7_201_000, T0 + 7201)
    assert not clock.doubtful
    assert clock.wall(60_000, T0 + 7201) == T0 + 60


def test_a_step_of_the_hosts_clock_moves_the_mapping_with_it() -> None:
    """By years, back and forward: all later dates are those of the new clock."""
    for step in (-3 * 365 * 86_400.0, 3 * 365 * 86_400.0):
        clock = Clock()
        lived(clock, 100, range(2 * HOUR))
        drift = clock.drift
        clock.shift(step)
        uptime = round(2 * HOUR * 1000.1)
        clock.observe(uptime, T0 + step + 2 * HOUR)
        assert clock.wall(uptime, T0 + step + 2 * HOUR) == pytest.approx(T0 + step + 2 * HOUR, abs=0.05)
        assert clock.drift == drift
        assert clock.clamped == 0


def test_a_small_step_back_that_nobody_noticed_is_followed_at_once() -> None:
    """By less than a second an engine cannot tell; the frames then arrive before they were made."""
    clock = Clock()
    lived(clock, 0, range(HOUR))
    clock.observe(HOUR * 1000, T0 + HOUR - 0.7)
    assert clock.wall(HOUR * 1000, T0 + HOUR - 0.7) == pytest.approx(T0 + HOUR - 0.7, abs=0.01)


def test_dates_do_not_go_back_while_the_line_moves() -> None:
    """At 20 frames a second a correction of 200 ms would put four samples before others that are stored."""
    clock = Clock()
    dates: list[int] = []
    for number in range(200):
        delay = 0.3 if number < 100 else 0.1
        arrival = T0 + number * 0.05 + delay
        clock.observe(number * 50, arrival)
        dates += clock.dates([number * 50], arrival)
    assert all(earlier < later for earlier, later in itertools.pairwise(dates))


def test_an_anchor_drifts_less_with_each_one_that_follows() -> None:
    """Two that are an hour apart tell the crystal between them."""
    clock = Clock()
    for hour in range(3):
        uptime = round(hour * HOUR * 1000.1)
        clock.hello(uptime, T0 + hour * HOUR + 0.5)
        assert clock.anchor(uptime, (int(T0) + hour * HOUR, 0, 2, 20), T0 + hour * HOUR + 0.5)
    assert clock.drift == pytest.approx(100e-6, abs=1e-7)
    assert clock.wall(round(2.9 * HOUR * 1000.1), T0 + 3 * HOUR) == pytest.approx(T0 + 2.9 * HOUR, abs=0.001)
    assert clock.ahead_s == pytest.approx(-0.5, abs=0.01)


def test_an_anchor_grows_old() -> None:
    """After a day an RTC that is set to the second is better than what NTP said then."""
    clock = Clock()
    clock.hello(0, T0)
    clock.anchor(0, (int(T0), 0, 2, 20), T0)
    day = 86_400
    clock.hello(day * 1000, T0 + day + 1)
    clock.anchor(day * 1000, (int(T0) + day + 1, 0, 1, 1000), T0 + day + 1)
    assert clock.source == "rtc"


@pytest.mark.parametrize("years", [-3, 3])
def test_a_board_whose_clock_jumps_by_years_is_dated_by_arrival(years: int) -> None:
    """The anchor is refused and counted, the one before it stays; how far it is off is on the page."""
    clock = Clock()
    off = years * 365 * 86_400
    clock.hello(1000, T0)
    assert not clock.anchor(1000, (int(T0) + off, 0, 2, 20), T0)
    assert (clock.source, clock.refused) == (ARRIVAL, 1)
    assert clock.ahead_s == pytest.approx(off, abs=0.01)
    assert clock.anchor(1000, (int(T0), 0, 2, 20), T0)
    assert not clock.anchor(1000, (int(T0) + off, 0, 2, 20), T0)
    assert (clock.source, clock.refused) == ("ntp", 2)


def test_the_bridges_own_time_dates_what_was_kept_from_it() -> None:
    """A boot that this bridge has never heard live: its frames come an hour late, and the board knew the time."""
    clock = Clock()
    clock.anchor(10_000, (int(T0) + 10, 0, 3, 250), T0 + HOUR)
    clock.observe(20_000, T0 + HOUR)
    assert clock.source == "bridge"
    assert clock.wall(20_000, T0 + HOUR) == T0 + 20


def test_the_bridges_own_time_is_no_better_than_arrival() -> None:
    """It came down with a delay, or hours late out of a broker: what is heard live counts."""
    clock = Clock()
    clock.hello(0, T0)
    clock.hello(5000, T0 + 5)
    assert clock.anchor(5000, (int(T0) + 5 - HOUR, 0, 3, 250), T0 + 5)
    clock.observe(6000, T0 + 6)
    assert (clock.source, clock.wall(6000, T0 + 6)) == (ARRIVAL, T0 + 6)


def test_quality_is_a_quarter_less_for_each_tenfold() -> None:
    """1 at 10 ms, 0 at 100 s."""
    assert [round(quality(error), 3) for error in (0.0, 0.01, 0.1, 1, 10, 100, 1e9)] == [1, 1, 0.75, 0.5, 0.25, 0, 0]


def test_quality_is_not_full_before_a_minute_has_passed() -> None:
    """One frame says nothing of its own delay."""
    clock = Clock()
    clock.observe(0, T0)
    assert clock.quality == pytest.approx(0.75)
    for second in range(130):
        clock.observe(second * 1000, T0 + second)
    assert clock.quality == 1


def test_a_clock_goes_on_after_a_restart() -> None:
    """What state() says is JSON, and all that later frames need."""
    clock = Clock()
    lived(clock, 100, range(2 * HOUR))
    clock.anchor(1000, (0, 0, 2, 20), T0)
    again = Clock.restore(json.loads(json.dumps(clock.state())))
    assert again.state() == clock.state()
    assert (again.refused, again.drift) == (1, clock.drift)
    uptime = round(3 * HOUR * 1000.1)
    assert again.wall(uptime, T0 + 4 * HOUR) == clock.wall(uptime, T0 + 4 * HOUR)
    assert again.dates([uptime], T0 + 4 * HOUR) == clock.dates([uptime], T0 + 4 * HOUR)
    assert lived(again, 100, range(2 * HOUR, 3 * HOUR)) < 0.03


def test_what_comes_late_after_a_restart_does_not_move_a_kept_clock() -> None:
    """Ten minutes of frames that were sent while the bridge was away, half a minute late each."""
    clock = Clock()
    lived(clock, 0, range(120))
    again = Clock.restore(json.loads(json.dumps(clock.state())))
    for second in range(120, 720):
        again.observe(second * 1000, T0 + second + 30)
    assert again.wall(700_000, T0 + 730) == pytest.approx(T0 + 700, abs=0.05)


def test_a_clock_that_knows_nothing_is_kept_as_well() -> None:
    """Of a boot that only a retained hello told of."""
    again = Clock.restore(json.loads(json.dumps(Clock().state())))
    assert again.wall(5000, T0) == T0
    again.observe(5000, T0)
    assert again.wall(6000, T0 + 2) == T0 + 1


def test_the_envelope_stays_small() -> None:
    """Of a line that bends for ever."""
    envelope = Envelope()
    for x in range(1000):
        envelope.add(x * 10_000.0, float(x * x))
    assert len(envelope.xs) == MAX_VERTICES
    for x in range(2000):
        envelope.add(1e8 + x * 60_000.0, float(-x * x))
    assert len(envelope.xs) <= 3
