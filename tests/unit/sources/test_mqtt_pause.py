"""When a broker is read again."""

import pytest

from host_bridge.sources.mqtt_pause import FLEET_PAUSE_S, FLEET_PER_S, FULL_S, PAUSE_S, Pause


def test_reads_are_apart_while_messages_come() -> None:
    """What comes meanwhile costs one call."""
    pause = Pause()
    pause.read(1, 0, False, 100.0)
    assert pause.until == 100.0 + PAUSE_S


def test_there_is_no_pause_when_not_all_was_read() -> None:
    """More is here already."""
    pause = Pause()
    pause.read(1, 0, True, 100.0)
    assert pause.until == 0.0


@pytest.mark.parametrize("window", [1, 2, 9, 20])
def test_a_broker_that_waits_for_confirmations_is_never_kept_waiting(window: int) -> None:
    """However few messages it sends ahead."""
    pause, now = Pause(), 100.0
    for _ in range(50):
        pause.read(window, window, False, now)
        assert pause.until == 0.0
        pause.confirmed(window)
        now += 0.003


def test_a_window_that_is_not_full_allows_pauses() -> None:
    """The broker goes on sending meanwhile."""
    pause = Pause()
    pause.read(20, 20, False, 100.0)
    pause.confirmed(20)
    pause.read(7, 7, False, 101.0)
    assert pause.until == 101.0 + PAUSE_S


def test_soon_after_a_full_window_there_is_no_pause() -> None:
    """The broker may have sent only a part of the next one yet."""
    pause = Pause()
    pause.read(20, 20, False, 100.0)
    pause.confirmed(20)
    pause.read(3, 3, False, 100.0 + FULL_S / 2)
    assert pause.until == 0.0


def reads(pause: Pause, per_s: float, seconds: float, wanted: bool = False, begin: float = 100.0) -> list[float]:
    """Have a steady stream read whenever it may be; how long each pause was."""
    now, out = begin, list[float]()
    sent = 0.0
    while now < begin + seconds:
        came, sent = int(sent), sent - int(sent)
        pause.read(came, came if wanted else 0, False, now)
        pause.confirmed(came if wanted else 0)
        out.append(max(0.0, round(pause.until - now, 6)))
        step = out[-1] or 0.001
        now, sent = now + step, sent + per_s * step
    return out


def test_a_fleet_is_read_ten_times_a_second() -> None:
    """From FLEET_PER_S messages a second on, for as long as it sends so many."""
    pause = Pause()
    assert set(reads(pause, FLEET_PER_S * 2, 2)[2:]) == {FLEET_PAUSE_S}
    assert set(reads(pause, 20, 2, begin=102.0)[2:]) == {PAUSE_S}


def test_a_board_that_speaks_all_the_time_is_never_late_by_more_than_the_short_pause() -> None:
    """Nor is a burst after a silence: it is the rate that counts."""
    assert set(reads(Pause(), FLEET_PER_S / 2, 2)) == {PAUSE_S}
    pause = Pause()
    pause.read(40, 0, False, 100.0)
    assert pause.until == 100.0 + PAUSE_S


def test_a_fleet_that_wants_confirmations_is_read_as_often_as_a_board() -> None:
    """A broker that waits for them sends nothing more, and how many it sends ahead is known only when it waits."""
    assert max(reads(Pause(), FLEET_PER_S * 2, 2, wanted=True)) == PAUSE_S
