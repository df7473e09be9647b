"""When a broker is read again."""

import pytest

from host_bridge.sources.mqtt_pause import FULL_S, PAUSE_S, Pause


def test_reads_are_apart_while_messages_come() -> None:
    """What comes meanwhile costs one call."""
    pause = Pause()
    pause.read(0, False, 100.0)
    assert pause.until == 100.0 + PAUSE_S


def test_there_is_no_pause_when_not_all_was_read() -> None:
    """More is here already."""
    pause = Pause()
    pause.read(0, True, 100.0)
    assert pause.until == 0.0


@pytest.mark.parametrize("window", [1, 2, 9, 20])
def test_a_broker_that_waits_for_confirmations_is_never_kept_waiting(window: int) -> None:
    """However few messages it sends ahead."""
    pause, now = Pause(), 100.0
    for _ in range(50):
        pause.read(window, False, now)
        assert pause.until == 0.0
        pause.confirmed(window)
        now += 0.003


def test_a_window_that_is_not_full_allows_pauses() -> None:
    """The broker goes on sending meanwhile."""
    pause = Pause()
    pause.read(20, False, 100.0)
    pause.confirmed(20)
    pause.read(7, False, 101.0)
    assert pause.until == 101.0 + PAUSE_S


def test_soon_after_a_full_window_there_is_no_pause() -> None:
    """The broker may have sent only a part of the next one yet."""
    pause = Pause()
    pause.read(20, False, 100.0)
    pause.confirmed(20)
    pause.read(3, False, 100.0 + FULL_S / 2)
    assert pause.until == 0.0
