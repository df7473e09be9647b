"""A device's states as the page shows them."""

import pytest

from host_bridge.core.actions import StateChange
from tests.support.boards import Board, Bridge, only, refused


def state(b: Bridge) -> str:
    """The state that the page shows; exactly one is 1."""
    states = b.values("device_state")
    (name,) = [labels for labels, value in states.items() if value == "1"]
    return name[len('state="') : -1]


def online(board: Board) -> Bridge:
    """A bridge on which the board is online, with a value."""
    b = Bridge()
    b.mqtt(board, board.hello(), "hello")
    b.mqtt(board, board.samples(2150, 40000))
    return b


def test_silence_takes_the_values_from_the_page_and_leaves_the_status() -> None:
    """online, late, stale, offline, by the board's own cadence of a second."""
    b = online(Board())
    seen = []
    for seconds in (2, 2, 6, 12):
        b.after(seconds)
        connected = b.value("device_connection_status")
        seen.append((state(b), connected, b.value("device_temperature_celsius") is not None))
    assert seen == [("online", "1", True), ("late", "1", True), ("stale", "0", False), ("offline", "0", False)]


def test_a_slow_board_is_not_stale_between_its_frames() -> None:
    """Its cadence is what it declares: a frame every ten minutes."""
    board = Board(interval_ms=60_000, extra={10: 600_000})
    b = online(board)
    b.after(1100)
    assert state(b) == "online"
    b.after(150)
    assert state(b) == "late"


def test_what_is_heard_again_is_online_and_shows_only_what_is_new() -> None:
    """Values of before the silence do not come back with it."""
    board = Board(series=[[3, "cpu"]])
    b = online_single(board)
    b.after(30)
    b.mqtt(board, board.event())
    assert state(b) == "online"
    assert b.value("device_temperature_celsius") is None
    b.mqtt(board, board.samples(2300, uptime=31_000))
    assert b.value("device_temperature_celsius") == "23.00"


def online_single(board: Board) -> Bridge:
    """The same with one series."""
    b = Bridge()
    b.mqtt(board, board.hello(), "hello")
    b.mqtt(board, board.samples(2150))
    return b


def test_changes_are_told_once() -> None:
    """Each as one action."""
    b = online(Board())
    changes = [change for _ in range(40) for change in only(b.after(1), StateChange)]
    assert [(change.before, change.after) for change in changes] == [
        ("online", "late"),
        ("late", "stale"),
        ("stale", "offline"),
    ]


def test_a_closed_port_is_offline_at_once() -> None:
    """The cable was pulled."""
    b, board = Bridge(), Board()
    b.uart(board.hello())
    b.unplug()
    assert state(b) == "offline"
    b.uart(board.samples(2150, 40000))
    assert state(b) == "online"


def test_a_last_will_is_offline_at_once() -> None:
    """The broker says that the link broke."""
    board = Board()
    b = online(board)
    b.mqtt(board, board.state(0), "state")
    assert state(b) == "offline"
    b.mqtt(board, board.state(1), "state")
    assert state(b) == "online"
    b.mqtt(board, board.state(2), "state")
    assert state(b) == "offline"


def test_a_retained_connected_is_no_sign_of_life() -> None:
    """It is what the broker believes."""
    board = Board()
    b = online(board)
    b.after(30)
    b.mqtt(board, board.state(1), "state", retained=True)
    assert state(b) == "offline"


def test_the_late_will_of_an_earlier_boot_says_nothing() -> None:
    """The board has restarted and connected before the broker noticed that its old link was dead."""
    old, new = Board(boot=1), Board(boot=2)
    b = online(old)
    b.mqtt(new, new.hello(), "hello")
    b.mqtt(new, old.state(0), "state")
    assert state(b) == "online"


def test_a_state_frame_has_no_place_on_a_uart() -> None:
    """Refused, as anything that is out of place."""
    b = Bridge()
    assert refused(b.uart(Board().state(1))) == ["schema"]


def test_state_of_a_stranger_says_nothing() -> None:
    """Nothing is known of it yet."""
    b, board = Bridge(), Board()
    assert refused(b.mqtt(board, board.state(1), "state")) == []
    assert b.fleet.devices() == []


def test_a_board_that_stops_is_stopped() -> None:
    """And its last will changes nothing."""
    board = Board()
    b = online(board)
    b.mqtt(board, board.bye(0))
    assert (state(b), b.value("device_connection_status"), b.value("device_temperature_celsius")) == (
        "stopped",
        "0",
        None,
    )
    b.mqtt(board, board.state(0), "state")
    b.after(3600)
    assert state(b) == "stopped"


def test_a_sleeper_is_asleep_until_it_is_overdue() -> None:
    """A fifth and half a minute after its wake-up."""
    board = Board()
    b = online(board)
    b.mqtt(board, board.bye(2, wake_in_ms=600_000))
    assert state(b) == "asleep"
    b.after(749)
    assert state(b) == "asleep"
    b.after(2)
    assert state(b) == "offline"


@pytest.mark.parametrize("bye", [(0, None), (2, 600_000)])
def test_late_frames_do_not_wake_a_sleeper(bye: tuple[int, int | None]) -> None:
    """They were made before it said good-bye; those behind it wake it."""
    board = Board()
    b = online(board)
    late = board.samples(2000, 1, uptime=1900)
    b.mqtt(board, board.bye(*bye, uptime=5000))
    before = state(b)
    b.mqtt(board, late)
    assert (state(b), b.ledger().recovered, b.value("device_temperature_celsius")) == (before, 1, None)
    b.mqtt(board, board.event(uptime=5500))
    assert (state(b), b.value("device_temperature_celsius")) == ("online", None)
    b.mqtt(board, board.samples(2300, 1, uptime=6000))
    assert (state(b), b.value("device_temperature_celsius")) == ("online", "23.00")


def test_a_bye_that_comes_behind_later_frames_is_withdrawn_already() -> None:
    """A reliable frame after it withdraws it."""
    board = Board()
    b = online(board)
    bye = board.bye(0)
    b.mqtt(board, board.samples(2300, 1, uptime=6000))
    b.mqtt(board, bye)
    assert state(b) == "online"


def test_a_reset_is_no_end() -> None:
    """The board says that it will be back."""
    board = Board()
    b = online(board)
    b.mqtt(board, board.bye(3))
    assert state(b) == "online"


def test_retained_frames_are_no_sign_of_life() -> None:
    """Whatever kind they are."""
    board = Board()
    b = online(board)
    b.after(30)
    b.mqtt(board, board.samples(2300, 1, uptime=6000), retained=True)
    b.mqtt(board, board.hello(uptime=9000), "hello", retained=True)
    assert state(b) == "offline"
