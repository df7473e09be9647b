"""Boards without a wall clock are told the time; others are not."""

import itertools
from typing import Any

import pytest

from host_bridge.core.actions import Action
from host_bridge.settings import Settings
from tests.support.boards import T0, Board, Bridge, sent

SET, HELLO_REQUEST, BRIDGE, RTC = 10, 9, 3, 1
HOUR = 3600.0


def times(actions: list[Action]) -> list[list[Any]]:
    """The commands that set a time."""
    return [frame for frame in sent(actions) if frame[0] == SET]


def anchor(at: float, source: int = BRIDGE, uncertainty_ms: int = 250) -> list[int]:
    """What a hello says of a clock that shows `at`."""
    return [int(at), int(at % 1 * 1000), source, uncertainty_ms]


def obey(b: Bridge, board: Board) -> None:
    """The board's answer to a time."""
    b.uart(board.hello(uptime=int((b.now - T0) * 1000), k6=anchor(b.now)))


def greeted(settings: Settings | None = None, **more: Any) -> tuple[Bridge, Board, list[list[Any]]]:
    """A board said hello at its uptime 0; what it was told of the time at once."""
    b, board = Bridge(settings), Board()
    b.uart(board.hello(**more))
    return b, board, times(b.time_passes(0.1))


def test_a_board_without_a_clock_is_told_the_time() -> None:
    """At the frame's arrival, under a number that is greater than those of earlier bridges."""
    _, board, told = greeted()
    now = T0 + 0.1
    assert told == [[SET, board.boot, int(now * 1000), {4: [int(now), 100, 250]}]]


def test_again_after_two_hours() -> None:
    """Its crystal drifts. The numbers grow."""
    b, board, told = greeted()
    obey(b, board)
    assert times(b.time_passes(HOUR)) == []
    b.uart(board.samples(1, 2, uptime=3_600_100))
    assert times(b.time_passes(HOUR - 1)) == []
    again = [frame for second in range(3) for frame in times(b.uart(board.samples(1, 2)) + b.time_passes(1.0))]
    assert len(again) == 1
    assert again[0][2] > told[0][2]


@pytest.mark.parametrize("source", [RTC, 2, 4, 5])
def test_never_to_a_board_with_a_clock_of_its_own(source: int) -> None:
    """RTC, NTP, GNSS, its operating system's."""
    b, board, told = greeted(k6=anchor(T0, source, 1000))
    assert told == []
    assert [times(b.uart(board.samples(1, 2)) + b.time_passes(HOUR)) for _ in range(9)] == [[]] * 9


def test_but_to_one_whose_clock_cannot_be_right() -> None:
    """A battery is empty, or somebody set it to next year."""
    _, _, told = greeted(k6=anchor(T0 + 86_400 * 365, RTC, 1000))
    assert len(told) == 1


def test_one_that_has_it_already_waits_for_its_turn() -> None:
    """The bridge was restarted. One whose time is off by more than a second is told at once."""
    assert greeted(k6=anchor(T0 - 0.5))[2] == []
    assert len(greeted(k6=anchor(T0 - 1.5))[2]) == 1
    assert len(greeted(k6=anchor(T0, uncertainty_ms=1500))[2]) == 1


def test_one_that_does_not_take_it_is_told_ever_more_rarely() -> None:
    """After 1, 2, 4 minutes, and at last every two hours."""
    b, board, _ = greeted()
    at = []
    for second in range(1, 5 * 7200):
        b.uart(board.samples(1, 2, uptime=second * 1000))
        if times(b.time_passes(1.0)):
            at.append(second)
    gaps = [later - earlier for earlier, later in itertools.pairwise(at)]
    assert gaps == sorted(gaps)
    assert at[0] in range(58, 64)
    assert gaps[0] in range(118, 124)
    assert gaps[-1] in range(7198, 7204)


def test_after_the_hosts_clock_was_set_all_are_told() -> None:
    """Numbers grow even when it was set back by a year."""
    b, board, told = greeted()
    obey(b, board)
    b.fleet.clock_set(-86_400 * 365.0, b.now)
    b.now -= 86_400 * 365
    again = times(
        list(b.fleet.tick(b.now + 86_400 * 365 + 1, b.now)) + list(b.fleet.tick(b.now + 86_400 * 365 + 2, b.now))
    )
    assert [frame[3][4][0] for frame in again] == [int(b.now)]
    assert again[0][2] > told[0][2]


def test_a_sleeper_is_told_in_its_window() -> None:
    """Not while it sleeps: a broker would keep the time until it is wrong."""
    b, board, _ = greeted()
    obey(b, board)
    b.uart(board.bye(1, 10_000_000))
    assert [times(b.time_passes(HOUR)) for _ in range(3)] == [[]] * 3
    assert len(times(b.uart(board.samples(1, 2, uptime=10_900_000)))) == 1


def test_a_deep_sleeper_is_told_every_two_hours_and_not_each_time_it_wakes() -> None:
    """Each waking is a boot of its own, and costs power."""
    b = Bridge()
    told = 0
    for waking in range(150):  # of a minute each
        board = Board(boot=100 + waking)
        if times(b.uart(board.hello(k9=4 if waking else 1)) + b.time_passes(0.1)):
            told += 1
            b.uart(board.hello(uptime=100, k6=anchor(b.now)))
        b.uart(board.bye(2, 60_000))
        told += len(times(b.time_passes(59.9)))
    assert told == 2


def test_a_fleet_that_starts_at_once_is_told_bit_by_bit() -> None:
    """No burst of thousands of frames."""
    b = Bridge()
    for number in range(120):
        b.uart(Board(f"board-{number}").hello(), port=f"/dev/ttyACM{number}")
    assert [len(times(b.time_passes(0.1))) for _ in range(4)] == [50, 50, 20, 0]


def test_it_can_be_switched_off() -> None:
    """[clock] send_time = false."""
    assert greeted(Settings(send_time=False))[2] == []


def test_what_it_has_been_told_does_not_date_samples() -> None:
    """Nor is it a clock of the board's own: how far that is ahead is not known."""
    b, board, _ = greeted()
    obey(b, board)
    assert b.device().clock_source == "arrival"
    assert b.value("device_clock_offset_seconds") is None


def test_an_uptime_that_leapt_is_asked_for_until_two_hellos_agree() -> None:
    """One hello may have waited in a broker; the second one is asked for, once a minute."""
    b, board = Bridge(Settings(send_time=False)), Board()
    b.uart(board.hello(uptime=86_400_000))  # a day, and wrong
    b.after(3600)
    b.uart(board.hello(uptime=3_600_000))

    def asked() -> int:
        frames = (sent(b.uart(board.samples(1, 2, uptime=int((b.now - T0) * 1000))) + b.after(1.0)) for _ in range(130))
        return [frame[0] for some in frames for frame in some].count(HELLO_REQUEST)

    assert asked() == 2
    b.uart(board.hello(uptime=3_730_000))
    assert asked() == 0
    clock = b.fleet._devices["board-1"].boots[77].clock
    assert clock.wall(3_860_000, b.now) == pytest.approx(T0 + 3860)
