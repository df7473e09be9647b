"""A device is looked at when time may have changed something about it: nothing is sent or told later than by looking at
each device in each second."""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import example, given, settings
from hypothesis import strategies as st

from host_bridge.core.actions import Action
from host_bridge.core.device import AT_ONCE
from tests.support.boards import T0, Board, Bridge

CLOCK = [1_750_000_000, 0, 2, 20]
WRONG_CLOCK = [1_600_000_000, 0, 2, 20]


class World:
    """A bridge, and a board that has several boots one after another."""

    def __init__(self, timed: bool, interval_ms: int, looks_at_each: bool) -> None:
        self.bridge = Bridge()
        self.looks_at_each = looks_at_each
        self.board = self.before = Board(interval_ms=interval_ms)
        self.seen: list[object] = list(self.bridge.uart(self.board.hello(k6=CLOCK) if timed else self.board.hello()))

    @property
    def uptime(self) -> int:
        """Of the board, which goes on when it starts anew."""
        return round(1000 * (self.bridge.now - T0))

    def new_boot(self) -> list[Action]:
        """The board starts anew."""
        self.before, self.board = self.board, Board(interval_ms=self.board.interval_ms, boot=self.board.boot + 1)
        return self.bridge.uart(self.board.hello())

    def gap(self) -> list[Action]:
        """One frame is missing."""
        self.board.seq += 1
        return self.frame()

    def frame(self) -> list[Action]:
        """As it should be."""
        return self.bridge.uart(self.board.samples(2000, 100, uptime=self.uptime))

    def pass_by(self, seconds: int) -> None:
        """Time, second by second."""
        for _ in range(seconds):
            for device in self.bridge.fleet._router.devices.values() if self.looks_at_each else ():
                device.look_at = AT_ONCE
            self.seen += [self.bridge.now, *self.bridge.time_passes(1.0)]


STEPS: dict[str, Callable[[World], object]] = {
    "frame": World.frame,
    "gap": World.gap,
    "clock disproved": lambda w: w.bridge.uart(w.board.samples(2000, 100, uptime=w.uptime + 100_000)),
    "late": lambda w: w.bridge.uart(w.board.samples(2000, 100, uptime=w.uptime, seq=max(0, w.board.seq - 2))),
    "event": lambda w: w.bridge.uart(w.board.event(uptime=w.uptime)),
    "hello": lambda w: w.bridge.uart(w.board.hello(uptime=w.uptime)),
    "wrong clock": lambda w: w.bridge.uart(w.board.hello(uptime=w.uptime, k6=WRONG_CLOCK)),
    "new boot": World.new_boot,
    "boot before": lambda w: w.bridge.uart(w.before.samples(2000, 100, uptime=w.uptime)),
    "bye": lambda w: w.bridge.uart(w.board.bye(uptime=w.uptime)),
    "sleep": lambda w: w.bridge.uart(w.board.bye(1, 5000, uptime=w.uptime)),
    "unplug": lambda w: w.bridge.unplug(),
    "host clock set": lambda w: list(w.bridge.fleet.clock_set(3600.0, w.bridge.now)),
}


@settings(max_examples=300, deadline=None)
@given(
    st.lists(st.one_of(st.integers(2, 40), st.sampled_from(sorted(STEPS))), min_size=4, max_size=24),
    st.booleans(),
    st.sampled_from((2000, 60_000)),
)
@example([2, "clock disproved", "clock disproved", 2], True, 2000)
def test_what_is_sent_and_told_is_the_same_in_every_second(
    steps: list[int | str], timed: bool, interval_ms: int
) -> None:
    """Acks, hello?, the time, changes of state, log lines; and the page in the end."""
    done = []
    for looks_at_each in (False, True):
        world = World(timed, interval_ms, looks_at_each)
        for step in steps:
            if isinstance(step, str):
                world.seen.append(STEPS[step](world))
            world.pass_by(step if isinstance(step, int) else 1)
        done.append((world.seen, world.bridge.page()))
    assert done[0] == done[1]


def test_time_that_goes_back_hides_no_silence() -> None:
    """As that of a program that replays something may."""
    bridge, board = Bridge(), Board()
    bridge.uart(board.hello())
    for uptime in range(1000, 6000, 1000):
        bridge.uart(board.samples(2000, 100, uptime=uptime))
        bridge.time_passes(1.0)
    bridge.now -= 3600
    bridge.uart(board.samples(2000, 100, uptime=6000))
    for _ in range(30):
        bridge.time_passes(1.0)
    assert bridge.device().state == "offline"
