"""The states of a device, exhaustively."""

import itertools

import pytest

from host_bridge.core import liveness as live
from host_bridge.core.liveness import (
    ASLEEP,
    BYE_SLEEP,
    BYE_STOP,
    EVENTS,
    HEARD,
    LATE,
    LINK_LOST,
    OFFLINE,
    ONLINE,
    OVERSLEPT,
    SILENT_LATE,
    SILENT_OFFLINE,
    SILENT_STALE,
    STALE,
    STATES,
    STOPPED,
    UNKNOWN,
)

_ = None  # no such row: silence() and the callers never make this pair
ROWS = {
    #          heard   late   stale  offline  link     bye      sleep   overslept
    UNKNOWN: (ONLINE, _, _, OFFLINE, UNKNOWN, STOPPED, ASLEEP, _),
    ONLINE: (ONLINE, LATE, STALE, OFFLINE, OFFLINE, STOPPED, ASLEEP, _),
    LATE: (ONLINE, LATE, STALE, OFFLINE, OFFLINE, STOPPED, ASLEEP, _),
    STALE: (ONLINE, _, STALE, OFFLINE, OFFLINE, STOPPED, ASLEEP, _),
    OFFLINE: (ONLINE, _, _, OFFLINE, OFFLINE, STOPPED, ASLEEP, _),
    ASLEEP: (ONLINE, _, _, _, ASLEEP, STOPPED, ASLEEP, OFFLINE),
    STOPPED: (ONLINE, _, _, _, STOPPED, STOPPED, ASLEEP, _),
}
COLUMNS = (HEARD, SILENT_LATE, SILENT_STALE, SILENT_OFFLINE, LINK_LOST, BYE_STOP, BYE_SLEEP, OVERSLEPT)


@pytest.mark.parametrize(("state", "event"), list(itertools.product(STATES, EVENTS)))
def test_every_pair(state: str, event: str) -> None:
    """The whole table of SPEC.md section 12; what is not in it is an error of our own."""
    expected = ROWS[state][COLUMNS.index(event)]
    if expected is None:
        with pytest.raises(live.UnknownPairError):
            live.after(state, event)
    else:
        assert live.after(state, event) == expected


@pytest.mark.parametrize(
    ("silent_s", "event"),
    [
        (0, None),
        (2.9, None),
        (3, SILENT_LATE),
        (7.9, SILENT_LATE),
        (8, SILENT_STALE),
        (19.9, SILENT_STALE),
        (20, SILENT_OFFLINE),
        (1e9, SILENT_OFFLINE),
    ],
)
def test_silence_is_measured_in_the_boards_own_cadence(silent_s: float, event: str | None) -> None:
    """2 × cadence + 1 s, 3 × + 5 s, 10 × + 10 s; here the cadence is a second."""
    assert live.silence(ONLINE, silent_s, 1.0) == event


@pytest.mark.parametrize("state", [OFFLINE, ASLEEP, STOPPED])
def test_silence_of_those_who_need_not_speak_changes_nothing(state: str) -> None:
    """A sleeper has its own alarm clock."""
    assert live.silence(state, 1e9, 1.0) is None


def test_who_was_never_heard_need_not_speak() -> None:
    """A device that was known before the bridge started again is given as long as one that was online."""
    assert live.deadline(UNKNOWN, 0.0, 1.0, 0.0) == float("inf")
    assert live.deadline(UNKNOWN, 100.0, 1.0, 0.0) == 120.0
    assert live.silence(UNKNOWN, 19.0, 1.0) is None
    assert live.silence(UNKNOWN, 20.0, 1.0) == SILENT_OFFLINE


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("silent_s", [0, 1, 3, 8, 20, 1e9])
def test_silence_makes_only_events_that_the_table_knows(state: str, silent_s: float) -> None:
    """Nothing that time alone brings about is an unknown pair."""
    event = live.silence(state, silent_s, 1.0)
    assert event is None or (state, event) in live.TABLE


@pytest.mark.parametrize("state", [ONLINE, LATE, STALE])
def test_the_deadline_is_when_silence_next_says_something(state: str) -> None:
    """Not a moment earlier."""
    due = live.deadline(state, 100.0, 2.0, 0.0)
    assert live.silence(state, due - 100.0, 2.0) is not None
    assert live.silence(state, due - 100.001, 2.0) is None


def test_a_sleeper_may_oversleep_a_little() -> None:
    """A fifth, and half a minute."""
    assert live.awake_after(600_000) == 750.0
    assert live.deadline(ASLEEP, 0.0, 1.0, 750.0) == 750.0


def test_values_are_shown_only_of_those_that_speak() -> None:
    """A stale board's values disappear."""
    assert sorted(live.SHOWN) == [LATE, ONLINE]
