"""Whatever a board says of its time, no sample is dated where it cannot be, and prompt frames are dated right again."""

import json
import random

from hypothesis import given
from hypothesis import strategies as st

from host_bridge.core.anchors import DIRECT, KEPT
from host_bridge.core.clock import Clock
from shared_schema import messages as m

T0 = 1_750_000_000.0
UPTIMES = st.one_of(st.integers(0, 10**7), st.integers(0, m.MAX_UPTIME))
ANCHORS = st.tuples(
    st.one_of(st.integers(int(T0) - 5000, int(T0) + 5000), st.integers(0, 1 << 40)),
    st.integers(0, 999),
    st.integers(0, 7),
    st.one_of(st.integers(0, 5000), st.integers(0, m.MAX_VALUE)),
)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("frame"), UPTIMES),
        st.tuples(st.just("hello"), UPTIMES),
        st.tuples(st.just("over"), UPTIMES),
        st.tuples(st.just("anchor"), UPTIMES, ANCHORS, st.integers(KEPT, DIRECT)),
        st.tuples(st.just("set"), st.floats(-1e8, 1e8)),
        st.tuples(st.just("restart")),
    ),
    max_size=60,
)


def step(clock: Clock, now: float, what: str, *given_: object) -> Clock:
    """Have it happen."""
    if what == "frame":
        clock.observe(given_[0], now)  # type: ignore[arg-type]
    elif what == "hello":
        clock.hello(given_[0], now)  # type: ignore[arg-type]
    elif what == "over":
        clock.before(given_[0], now)  # type: ignore[arg-type]
    elif what == "anchor":
        clock.anchor(given_[0], given_[1], now, given_[2])  # type: ignore[arg-type]
    elif what == "set":
        clock.shift(given_[0])  # type: ignore[arg-type]
    else:
        clock = Clock.restore(json.loads(json.dumps(clock.state())))
    return clock


@given(STEPS, st.lists(st.integers(0, 10**6), min_size=1, max_size=8), UPTIMES)
def test_no_date_is_in_the_future_and_none_before_its_frame_began(
    steps: list[tuple[str]], offsets: list[int], first: int
) -> None:
    """For any history: dates do not decrease within a frame, and are at most MAX_CLOCK_AHEAD_S behind its arrival."""
    clock, now = Clock(), T0
    for one in steps:
        now += 0.5
        clock = step(clock, now, *one)
        uptimes = sorted(first + offset for offset in offsets)
        dates = clock.dates(uptimes, now)
        assert dates == sorted(dates)
        assert max(dates) <= (now + m.MAX_CLOCK_AHEAD_S) * 1000 + 1
        assert clock.wall(uptimes[-1], now) <= now + m.MAX_CLOCK_AHEAD_S
        assert 0 <= clock.quality <= 1
        assert clock.spread >= 0


@given(st.lists(st.tuples(st.integers(10, 590), UPTIMES), max_size=20), st.integers(0, 2**32), st.integers(-300, 300))
def test_frames_between_prompt_ones_do_no_harm(strays: list[tuple[int, int]], seed: int, ppm: int) -> None:
    """Uptimes of any size, in frames that stand alone: what comes promptly is dated right by then and afterwards."""
    clock, chance = Clock(), random.Random(seed)
    wrong = dict(strays)
    for second in range(600):
        arrival = T0 + second + chance.random() * 0.1
        uptime = round(second * (1000 + ppm / 1000))
        clock.observe(uptime, arrival)
        assert abs(clock.dates([uptime], arrival)[0] / 1000 - T0 - second) < 2.5
        if second in wrong:
            clock.observe(wrong[second], arrival + 0.1)
            clock.dates([wrong[second]], arrival + 0.1)
