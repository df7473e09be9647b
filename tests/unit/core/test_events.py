"""Events, console text and refusals."""

import pytest

from host_bridge.core.actions import LogLine
from host_bridge.settings import Limits, Settings
from tests.support.boards import Board, Bridge, logged, only, refused


def test_a_boards_event_is_a_line_of_the_log() -> None:
    """With its true time and everything that it carries."""
    b, board = Bridge(), Board()
    b.uart(board.hello(uptime=10_000))
    b.now += 5
    actions = b.uart(
        board.event("boom", uptime=12_000, k1=2, k2=3, k4="main", k5={"pin": 4}, k6="Traceback …", k7=3), at=b.now
    )
    (line,) = only(actions, LogLine)
    assert (line.level, line.event) == ("error", "board_event")
    fields = dict(line.fields)
    assert fields.pop("at") == pytest.approx(b.now - 3)
    assert fields == {
        "device_id": "board-1",
        "platform": "esp32",
        "type": "crash",
        "message": "boom",
        "source": "main",
        "fields": {"pin": 4},
        "traceback": "Traceback …",
        "repeats": 3,
    }
    assert b.values("device_events_total") == {'type="crash",severity="error"': "3"}


def test_a_repeated_event_is_said_once() -> None:
    """The frame came twice."""
    b, board = Bridge(), Board()
    b.uart(board.hello())
    frame = board.event()
    assert len(only(b.uart(frame), LogLine)) == 1
    assert only(b.uart(frame), LogLine) == []


def test_enumerations_of_the_future_are_read_as_the_first() -> None:
    """SPEC.md section 18."""
    b, board = Bridge(), Board()
    b.uart(board.hello())
    (line,) = only(b.uart(board.event(k1=99, k2=99)), LogLine)
    assert (line.level, line.fields["type"]) == ("debug", "log")


def test_console_text_is_a_line_of_the_log() -> None:
    """Of the device that is on that port."""
    b = Bridge()
    (line,) = only(b.text(">>> print(1)"), LogLine)
    assert (line.event, line.fields) == ("console", {"device_id": "", "port": "/dev/ttyACM0", "line": ">>> print(1)"})
    b.uart(Board().hello())
    (line,) = only(b.text("1"), LogLine)
    assert line.fields["device_id"] == "board-1"
    assert b.fleet.tally.console_lines == {"serial": 2}


@pytest.mark.parametrize("reason", ["framing", "crc", "too_long"])
def test_bytes_that_are_no_frame_are_counted_by_reason(reason: str) -> None:
    """As the source says."""
    b = Bridge()
    assert refused(b.bad(reason)) == [reason]
    assert b.fleet.tally.rejected == {("serial", reason): 1}


def test_reasons_are_a_closed_list() -> None:
    """A label's values never grow without bound."""
    b = Bridge()
    assert refused(b.bad("something new")) == ["framing"]


def test_a_board_that_prints_in_a_loop_does_not_fill_the_log() -> None:
    """All lines are counted, some are shown, that there were more is said once a minute, for each port."""
    b = Bridge(Settings(limits=Limits(console_lines_per_minute=5)))
    lines = [event for _ in range(100) for event in logged(b.text("hello world"))]
    assert lines == ["console"] * 5 + ["console_limited"]
    assert b.fleet.tally.console_lines == {"serial": 100}
    assert logged(b.text("another", port="/dev/ttyACM1")) == ["console"]
    b.after(61)
    assert logged(b.text("again")) == ["console"]
