"""Numbers that a board gave up while it holds older frames (hello key 15): all gaps are settled at once."""

import random

import pytest

from host_bridge.core.sequence import RECEIVED, RECOVERED, Sequence
from shared_schema.messages import SEQ_WINDOW
from tests.support.boards import Board, Bridge


def runs_of(held: set[int], first: int, following: int) -> tuple[int, ...]:
    """Key 15 for numbers first … following - 1 of which `held` wait."""
    runs = [0]
    waits = True
    for seq in range(first, following):
        if (seq in held) != waits:
            waits = not waits
            runs.append(0)
        runs[-1] += 1
    return tuple(runs if len(runs) > 1 else ())


def adds_up(s: Sequence) -> bool:
    """SPEC.md section 11, when nothing is in flight."""
    return s.expected == s.received + s.recovered + s.lost + sum(s.dropped)


def test_every_second_number_given_up_holds_no_ack_back() -> None:
    """After one hello the ack goes on over all gaps, as the frames between them come."""
    s = Sequence(0)
    s.report(0, (5, 0, 0), (1, 1) * 5)
    s.heard_of(10)
    for seq in (0, 2, 4, 6, 8):
        assert s.take(seq) in (RECEIVED, RECOVERED)
        assert s.next == seq + 2
    assert (s.dropped, s.lost, s.open) == ([5, 0, 0], 0, 0)
    assert adds_up(s)


def test_what_a_hello_over_mqtt_says_is_on_the_page_though_nothing_follows() -> None:
    """It is believed some seconds later, as a broker may deliver frames behind it: the page shows it then."""
    board = Board()
    b = Bridge()
    b.mqtt(board, board.hello(), "hello")
    b.mqtt(board, board.samples(1, 1))
    board.seq += 2
    b.mqtt(board, board.hello(k7=[3, 0, 60, 2, 0, 0, 0]), "hello")
    b.after(4.0)
    b.page()
    b.after(2.0)
    assert b.ledger().dropped_samples == 2
    assert b.values("device_frames_dropped_on_device_total")['kind="samples"'] == "2"


def test_a_frame_that_was_given_up_and_has_come_is_no_gap() -> None:
    """It was sent before it was given up: it counts as received, and the board's count of it is not used up."""
    s = Sequence(0)
    s.take(0)
    s.take(1)
    s.report(0, (1, 0, 0), (1, 1, 1))
    s.take(2)
    assert (s.next, s.received, s.missing, s.dropped) == (3, 3, 0, [0, 0, 0])


def test_a_hello_that_comes_again_settles_nothing_twice() -> None:
    """Repeats, and later hellos with other runs, count each number once."""
    s = Sequence(0)
    for _ in range(3):
        s.report(0, (2, 1, 0), (1, 2, 1, 1))
        s.heard_of(5)
    s.take(3)
    s.report(0, (2, 1, 0), (1, 2, 1, 1))
    s.take(0)
    assert (s.next, s.missing, s.dropped, s.lost) == (5, 3, [2, 1, 0], 0)
    assert adds_up(s)


def test_numbers_that_were_not_made_yet_cannot_have_been_given_up() -> None:
    """Nothing is expected for them, and no ack goes beyond what was sent."""
    b, board = Bridge(), Board()
    b.uart(board.hello(uptime=0))
    b.uart(board.samples(2000, 1))
    b.uart(board.hello(uptime=2000, k7=[0, 1, 60, 0, 0, 0, 0], k15=[0, 4000, 5, 5]))
    b.after(1)
    assert (b.ledger().expected, b.ledger().received, b.ledger().lost) == (1, 1, 0)
    b.uart(board.samples(2000, 1, uptime=3000))
    assert (b.ledger().expected, b.ledger().received, b.ledger().recovered) == (2, 2, 0)


def test_senseless_runs_cost_no_more_than_the_window() -> None:
    """A peer may claim any numbers: what is beyond the window above `next` is not looked at."""
    s = Sequence(0)
    s.report(0, (0, 0, 0), (1, (1 << 32) - 1) * 500)
    assert s.missing < SEQ_WINDOW
    assert s.next == 0


@pytest.mark.parametrize("seed", range(50))
def test_whatever_is_given_up_the_ledger_adds_up(seed: int) -> None:
    """A board gives up at random, says so, and sends the rest in its order; some of it had come before."""
    dice = random.Random(seed)
    s = Sequence(0)
    following = dice.randrange(1, 300)
    early = {seq for seq in range(following) if dice.random() < 0.05}
    for seq in sorted(early):
        s.take(seq)
    held = {seq for seq in range(s.next, following) if dice.random() < dice.choice([0.2, 0.5, 0.9])}
    first = min(held, default=following)
    dropped = sum(seq not in held for seq in range(s.next, following))
    s.report(first, (dropped, 0, 0), runs_of(held, first, following))
    s.heard_of(following)
    for seq in sorted(held):
        s.take(seq)
    assert s.next == following
    assert s.lost == 0
    assert adds_up(s)
    assert s.received + s.recovered == len(early | held)
