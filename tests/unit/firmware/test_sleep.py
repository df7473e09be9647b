"""Sleeping: what goes out before it, how long a board stays awake for it, and what its clock says after it."""

import inspect
import itertools
import pkgutil
from collections.abc import Callable
from typing import Any

import pytest

import boardpulse.api
from boardpulse.retained import Retained
from boardpulse.sleeping import Sleep
from boardpulse.watchdog import Watchdog
from shared_schema import columns
from shared_schema.cbor import encode
from shared_schema.commands import encode_set
from shared_schema.errors import ConfigError
from tests.fakes.firmware import Bench, Scripted

HELLO, SAMPLES, EVENT, BYE = 1, 2, 3, 5
PERIOD_MS = 60000


class Board:
    """A fake of a board that sleeps: notes for how long, lets time pass, as far as its ticks go on. The bridge
    acknowledges after `answers_after` looks of a board that waits, or never."""

    def __init__(
        self,
        monkeypatch: pytest.MonkeyPatch,
        mode: str = "deep",
        awake_ms: int = 1000,
        answers_after: int | None = 2,
        batch: int = 1,
        sensor: Any = None,
        ticks_stop: bool = False,
        period_ms: int = PERIOD_MS,
    ) -> None:
        self.bench = Bench([(sensor or Scripted([[1]]), period_ms, batch)], acks=False)
        self.slept: list[int] = []
        self.answers_after = answers_after
        self.ticks_stop = ticks_stop
        self.looks = 0
        self.while_waiting: Callable[[int], None] = lambda look: None
        monkeypatch.setattr("boardpulse.sleeping.sleep_ms", self.wait)
        options = {"mode": mode, "period_ms": period_ms, "awake_ms": awake_ms}
        self.memory = b""
        self.sleep = Sleep(self.bench.node, options, self, Retained(self.remember))

    def remember(self, data: bytes | None = None) -> bytes:
        """The fake of a memory."""
        self.memory = self.memory if data is None else data
        return self.memory

    def wait(self, ms: int) -> None:
        """The pause of a board that waits."""
        self.bench.ticks.advance(ms)
        self.looks += 1
        self.while_waiting(self.looks)
        outbox = self.bench.node.outbox
        if self.answers_after is not None and self.looks >= self.answers_after and outbox.sent:
            outbox.acknowledge_below(outbox.seq(outbox.sent - 1) + 1)

    def deepsleep(self, ms: int) -> None:
        """Notes it; a board would start anew."""
        self.slept.append(ms)

    def lightsleep(self, ms: int) -> int | None:
        """Notes it, and lets time pass."""
        self.slept.append(ms)
        if self.ticks_stop:
            return ms
        self.bench.ticks.advance(ms)
        return None

    def kinds(self) -> list[int]:
        """The kinds of the frames that were written since the last call."""
        return [frame.kind for frame in self.bench.frames()]


def test_a_deep_sleeper_sends_its_samples_then_bye_then_sleeps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything is acknowledged before it; the bye names the reason and the next waking; the line is let go."""
    board = Board(monkeypatch)
    board.sleep.cycle()
    hello, samples, bye = board.bench.frames()
    assert (hello.kind, samples.kind, bye.kind) == (HELLO, SAMPLES, BYE)
    assert (bye.reason, bye.wake_in_ms, bye.seq) == (2, PERIOD_MS - bye.uptime, 1)
    assert board.bench.node.outbox.count == 0
    assert board.slept == [PERIOD_MS - board.bench.node.clock.uptime_ms()]
    assert board.bench.line.closed
    assert board.sleep.declared == [2, PERIOD_MS]


def test_a_deep_sleeper_samples_what_an_application_has_set_meanwhile(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever was due when: each group once, when it is told to sleep; a batch that is not full goes out."""
    board = Board(monkeypatch, sensor=Scripted([[1], [2]]), batch=10)
    board.bench.run(5000, 500)
    board.sleep.cycle()
    (samples,) = board.bench.frames(SAMPLES)
    assert columns.expand(samples.columns[0], 2) == [1, 2]
    assert samples.uptime < 1000


def test_a_bridge_that_is_away_is_waited_for_within_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    """Then the bye has been said all the same, once, and memory knows what was not acknowledged."""
    board = Board(monkeypatch, awake_ms=4000, answers_after=None)
    board.sleep.cycle()
    byes = board.bench.frames(BYE)
    assert {bye.seq for bye in byes} == {1}
    assert board.bench.node.clock.uptime_ms() in range(4000, 4100)
    assert board.slept
    after = Bench()
    Retained(board.remember).restore(after.node)
    assert after.node.outbox.dropped == [1, 1, 0]


def test_a_frame_behind_the_bye_brings_another_bye(monkeypatch: pytest.MonkeyPatch) -> None:
    """The last frame is a bye: one that follows it would withdraw it."""
    board = Board(monkeypatch)

    def command(look: int) -> None:
        if board.bench.node.outbox.next_seq == 2:  # samples and bye
            board.bench.say(encode_set(board.bench.node.boot, 1, {5: 1}))

    board.while_waiting = command
    board.sleep.cycle()
    assert [frame.kind for frame in board.bench.frames() if frame.kind != HELLO] == [SAMPLES, BYE, EVENT, BYE]
    assert board.bench.node.outbox.count == 0


def test_whatever_fails_the_board_sleeps(monkeypatch: pytest.MonkeyPatch) -> None:
    """A fault of ours is told as a crash, which memory counts if it is not sent."""
    board = Board(monkeypatch)

    def fail(look: int) -> None:
        raise RuntimeError("a fault")

    board.while_waiting = fail
    board.sleep.cycle()
    assert board.slept
    after = Bench()
    Retained(board.remember).restore(after.node)
    assert after.node.outbox.dropped == [1, 0, 1]


def test_a_light_sleeper_goes_on_in_the_same_boot(monkeypatch: pytest.MonkeyPatch) -> None:
    """On one grid, with bye and reason 1 before each sleep; the line stays open."""
    board = Board(monkeypatch, "light")
    for _ in range(3):
        board.sleep.cycle()
    frames = board.bench.frames(SAMPLES, BYE)
    assert [frame.kind for frame in frames] == [SAMPLES, BYE] * 3
    assert [frame.seq for frame in frames] == list(range(6))
    assert {frame.reason for frame in frames if frame.kind == BYE} == {1}
    assert [frame.uptime for frame in frames if frame.kind == SAMPLES] == [0, PERIOD_MS, 2 * PERIOD_MS]
    assert not board.bench.line.closed
    assert board.sleep.declared == [1, PERIOD_MS]


def test_a_light_sleeper_wakes_its_link_only_for_full_frames(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three samples to a frame: two of three sleeps follow a sample at once. The bye tells when the next frame is
    due."""
    board = Board(monkeypatch, "light", batch=3)
    for _ in range(2):
        board.sleep.cycle()
    assert (board.kinds(), board.looks) == ([], 0)
    board.sleep.cycle()
    _, samples, bye = board.bench.frames()
    assert samples.uptime == 0
    assert bye.wake_in_ms in range(3 * PERIOD_MS - 200, 3 * PERIOD_MS)


def test_ticks_that_stop_in_light_sleep_are_made_good(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in STM32's stop mode: samples keep their distance."""
    board = Board(monkeypatch, "light", ticks_stop=True)
    for _ in range(3):
        board.sleep.cycle()
    uptimes = [samples.uptime for samples in board.bench.frames(SAMPLES)]
    assert uptimes == [0, PERIOD_MS, 2 * PERIOD_MS]


def test_a_light_sleeper_keeps_what_was_not_acknowledged(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its memory is awake: after an outage all of it arrives, and nothing was dropped."""
    board = Board(monkeypatch, "light", answers_after=None)
    for _ in range(3):
        board.sleep.cycle()
    assert len(board.slept) == 3
    board.answers_after = 0
    board.sleep.cycle()
    seqs = {frame.seq for frame in board.bench.frames(SAMPLES, BYE)}
    assert seqs == set(range(board.bench.node.outbox.next_seq))
    assert (board.bench.node.outbox.count, board.bench.node.outbox.dropped) == (0, [0, 0, 0])


def test_a_watchdog_is_fed_through_a_light_sleep(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is slept in pieces of half of what the watchdog waits for."""
    board = Board(monkeypatch, "light")
    fed: list[int] = []
    ticks = board.bench.ticks
    dog = Watchdog(lambda: fed.append(ticks.now), 8000, 8000, ticks, lambda a, b: a - b)
    board.bench.node.watchdog = dog
    board.sleep.cycle()
    assert max(board.slept) == 4000
    assert sum(board.slept) in range(PERIOD_MS - 200, PERIOD_MS)
    assert max(b - a for a, b in itertools.pairwise(fed)) <= 4200


@pytest.mark.parametrize(("platform", "naps", "slept"), [("esp32", 0, PERIOD_MS), ("rp2", 15, 1), ("stm32", 15, 1)])
def test_a_watchdog_does_not_end_a_deep_sleep(
    monkeypatch: pytest.MonkeyPatch, platform: str, naps: int, slept: int
) -> None:
    """Those of STM32 and RP2 go on in it: the time is slept lightly, feeding, and the deep sleep is only the start
    anew."""
    board = Board(monkeypatch)
    node = board.bench.node
    node.platform = platform
    node.watchdog = Watchdog(lambda: None, 8000, 8000, board.bench.ticks, lambda a, b: a - b)
    board.sleep.cycle()
    assert len(board.slept) == naps + 1
    assert sum(board.slept) in range(PERIOD_MS - 200, PERIOD_MS + 1)
    assert slept - 200 < board.slept[-1] <= slept


def test_an_rp2_sleeps_for_longer_than_its_timer_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    """In pieces of an hour at most, also when the sleep is called deep."""
    board = Board(monkeypatch, period_ms=10_000_000)
    board.bench.node.platform = "rp2"
    board.sleep.cycle()
    *naps, last = board.slept
    assert (max(naps), last) == (3_600_000, 1)
    assert sum(naps) in range(9_999_000, 10_000_000)


def test_a_board_that_cannot_sleep_so_says_so() -> None:
    """At the start, as any other mistake of the configuration."""
    with pytest.raises(ConfigError, match=r"sleep\.mode"):
        Sleep(Bench().node, {"mode": "deep", "period_ms": 1000, "awake_ms": 100}, object())


def test_without_memory_a_deep_sleeper_sleeps_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """It only cannot tell afterwards what was lost."""
    board = Board(monkeypatch, answers_after=None)
    lone = Sleep(board.bench.node, {"mode": "deep", "period_ms": 60000, "awake_ms": 500}, board)
    lone.cycle()
    assert board.slept


def test_an_acknowledgement_in_the_last_moment_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    """What comes while the line is given its rest is read, before anything is called dropped."""
    board = Board(monkeypatch, awake_ms=200, answers_after=None)

    def late(look: int) -> None:
        if board.bench.node.clock.uptime_ms() >= 180:
            board.bench.say(encode([8, board.bench.node.boot, 2]))

    board.while_waiting = late
    board.sleep.cycle()
    assert board.bench.node.outbox.count == 0
    after = Bench()
    Retained(board.remember).restore(after.node)
    assert after.node.outbox.dropped == [0, 0, 0]


def test_no_module_hides_a_function_of_the_package() -> None:
    """A module that is imported becomes an attribute of its package, in the place of a function with its name."""
    modules = {module.name for module in pkgutil.iter_modules(boardpulse.__path__)}
    functions = {name for name, value in vars(boardpulse.api).items() if inspect.isfunction(value)}
    assert "sleep" in functions
    assert not functions & modules
