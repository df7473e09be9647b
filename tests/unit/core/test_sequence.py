"""The numbers of a boot: what came, came again, came late, never came."""

import json

from host_bridge.core.sequence import RECEIVED, RECOVERED, REPEATED, TOO_OLD, Sequence, _numbers
from shared_schema.messages import SEQ_WINDOW


def balanced(s: Sequence) -> bool:
    """expected = received + recovered + lost + dropped."""
    return s.expected == s.received + s.recovered + s.lost + sum(s.dropped)


def test_frames_in_order_are_received() -> None:
    """The usual case."""
    s = Sequence(0)
    assert [s.take(n) for n in range(5)] == [RECEIVED] * 5
    assert (s.next, s.expected, s.received, s.gap) == (5, 5, 5, False)
    assert balanced(s)


def test_a_repeat_is_dropped_and_counted() -> None:
    """An ack got lost: the board sends the frame again."""
    s = Sequence(0)
    assert [s.take(n) for n in (0, 1, 1, 0)] == [RECEIVED, RECEIVED, REPEATED, REPEATED]
    assert (s.repeated, s.received, s.expected) == (2, 2, 2)


def test_a_gap_holds_the_ack_until_it_is_filled() -> None:
    """What is missing would be forgotten by the board, if a later number were acknowledged."""
    s = Sequence(0)
    s.take(0)
    s.take(3)
    assert (s.next, s.gap, s.open) == (1, True, 2)
    assert [s.take(2), s.take(2), s.take(1)] == [RECOVERED, REPEATED, RECOVERED]
    assert (s.next, s.gap, s.open, s.received, s.recovered) == (4, False, 0, 2, 2)
    assert balanced(s)


def test_what_the_board_no_longer_holds_is_lost() -> None:
    """Numbers below `first` that neither arrived nor were dropped."""
    s = Sequence(0)
    s.take(0)
    s.take(4)
    s.report(3, (0, 0, 0))
    assert (s.lost, s.next, s.open) == (2, 3, 1)
    s.take(3)
    assert (s.recovered, s.next) == (1, 5)
    assert balanced(s)


def test_what_the_board_dropped_is_not_lost() -> None:
    """The board says how many it gave up, by kind."""
    s = Sequence(0)
    s.take(0)
    s.take(6)
    s.report(6, (3, 1, 0))
    assert (s.lost, s.dropped) == (1, [3, 1, 0])
    assert balanced(s)


def test_drops_above_first_count_once_they_are_below_it() -> None:
    """A full outbox keeps an old event and drops the samples behind it: `first` stays."""
    s = Sequence(0)
    s.report(0, (5, 0, 0))
    assert (s.lost, s.dropped, s.next) == (0, [0, 0, 0], 0)
    s.take(0)
    s.take(6)
    s.report(6, (5, 0, 0))
    assert (s.lost, s.dropped) == (0, [5, 0, 0])
    assert balanced(s)


def test_drops_before_the_bridge_came_are_counted() -> None:
    """A board that filled its outbox alone: 1000 numbers are gone, 400 of them because they were full."""
    s = Sequence(1000, (400, 0, 0))
    assert (s.expected, s.dropped, s.lost) == (400, [400, 0, 0], 0)
    s.take(1000)
    assert (s.expected, s.received) == (401, 1)
    assert balanced(s)


def test_frames_from_before_the_beginning_are_used() -> None:
    """A broker's queue holds what the board has ticked off long ago."""
    s = Sequence(10)
    assert [s.take(7), s.take(7), s.take(10)] == [RECOVERED, REPEATED, RECEIVED]
    assert (s.expected, s.next) == (2, 11)
    assert balanced(s)


def test_a_retained_hello_lets_the_first_frame_decide() -> None:
    """It may be hours old: what came since went to another bridge."""
    s = Sequence(None)
    s.heard_of(3)
    assert s.expected == 0
    assert s.take(5000) == RECEIVED
    assert (s.expected, s.lost, s.next) == (1, 0, 5001)
    assert s.take(4999) == RECOVERED
    assert balanced(s)


def test_a_live_hello_decides_where_no_frame_has() -> None:
    """The same, with the hello first."""
    s = Sequence(None)
    s.report(8, (2, 0, 0))
    s.heard_of(8)
    assert (s.expected, s.dropped, s.next) == (2, [2, 0, 0], 8)
    assert balanced(s)


def test_a_state_of_a_version_that_did_not_count_thinned_samples_is_read() -> None:
    """It had none behind the sets."""
    s = Sequence(0)
    s.take(0)
    s.take(2)
    s.thinned = 3
    assert Sequence.restored(s.state()).state() == s.state()
    older = Sequence.restored(s.state()[:-1])
    assert (older.thinned, older.next, older.top, older.take(1)) == (0, 1, 3, RECOVERED)


def test_a_state_is_short_after_a_large_loss() -> None:
    """It goes with every commit that has a frame of the boot. An older version's, number by number, is read."""
    s = Sequence(0)
    s.take(0)
    s.take(9000)
    s.report(9000, (6000, 0, 0))
    state = s.state()
    assert len(json.dumps(state)) < 200
    assert Sequence.restored(state).state() == state
    former = [*state[:-4], *(sorted(_numbers(runs)) for runs in state[-4:-1]), state[-1]]
    assert Sequence.restored(former).state() == state


def test_beyond_the_window_frames_are_too_old() -> None:
    """They cannot be told from repeats; what had not come until then is lost."""
    s = Sequence(0)
    s.take(1)
    s.take(SEQ_WINDOW + 2)
    assert s.take(1) == TOO_OLD
    assert s.take(0) == TOO_OLD
    assert s.too_old == 2
    assert s.next == 3
    s.take(2 * SEQ_WINDOW + 10)
    s.close()
    assert balanced(s)


def test_a_leap_of_the_number_costs_no_more_than_the_window() -> None:
    """A board that skips four thousand million numbers must not stop the bridge."""
    s = Sequence(0)
    s.take(0)
    s.take((1 << 32) - 1)
    s.close()
    assert s.expected == 1 << 32
    assert s.lost == (1 << 32) - 2
    assert balanced(s)


def test_a_frame_that_was_given_up_and_comes_is_lost_no_longer() -> None:
    """A broker delivers it after the board has ticked it off."""
    s = Sequence(0)
    s.take(0)
    s.take(2)
    s.report(2, (0, 0, 0))
    assert s.lost == 1
    assert s.take(1) == RECOVERED
    assert (s.lost, s.recovered) == (0, 1)
    assert s.take(1) == REPEATED
    assert balanced(s)


def test_a_frame_that_counts_as_dropped_and_comes_changes_no_count_twice() -> None:
    """It left the board, was never confirmed, and was dropped then: it is used, and stays under dropped."""
    s = Sequence(0)
    s.take(0)
    s.take(2)
    s.report(2, (1, 0, 0))
    assert s.take(1) == RECOVERED
    assert (s.dropped, s.recovered, s.too_old) == ([1, 0, 0], 0, 1)
    assert balanced(s)


def test_a_header_tells_of_frames_that_have_not_come() -> None:
    """A hello's seq is that of the next frame."""
    s = Sequence(0)
    s.heard_of(5)
    assert (s.expected, s.open, s.gap) == (5, 5, False)


def test_a_closed_boot_owes_nothing() -> None:
    """The board has started anew: what was in its memory is gone."""
    s = Sequence(0)
    s.take(0)
    s.take(3)
    s.heard_of(6)
    s.close()
    assert (s.lost, s.open, s.next) == (4, 0, 6)
    assert balanced(s)
