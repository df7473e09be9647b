"""The engine and who draws the page go on beside each other: whichever line one of them is at when the other comes.

A thread may be interrupted anywhere. Here that is done for each line by itself, so that nothing depends on luck.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

import pytest

from host_bridge.core.device import MAX_BOOTS
from host_bridge.sinks.exposition import Exposition
from shared_schema.messages import SEQ_WINDOW
from tests.support.boards import Board, Bridge

CORE = ("/host_bridge/core/", "/host_bridge/sinks/")
MANY = 5_000  # more lines than anything here runs


def interrupted(at: int, run: Callable[[], object], other: Callable[[], object]) -> bool:
    """Run `run`, and `other` before the line of the bridge that is the `at`-th; False when there are not so many."""
    seen = 0

    def trace(frame: FrameType, what: str, _: Any) -> Any:
        nonlocal seen
        if not any(part in frame.f_code.co_filename for part in CORE):
            return None
        if what == "line":
            seen += 1
            if seen == at:
                sys.settrace(None)
                other()
        return trace if seen < at else None

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        run()
    finally:
        sys.settrace(before)
    return seen >= at


def started(boots: int = 1) -> Bridge:
    """A board of which five frames have come in each of its boots and are on the page, and one more is not yet."""
    b = Bridge()
    for boot in range(boots):
        board = Board(boot=70 + boot)
        b.mqtt(board, board.hello())
        for _ in range(5):
            b.mqtt(board, board.samples(1, 2))
    b.page()
    b.mqtt(board, board.event())
    return b


def changes(b: Bridge, platform: str) -> Callable[[], None]:
    """The board starts again, perhaps with another firmware, and sends."""
    after = Board(boot=78, platform=platform)

    def run() -> None:
        b.mqtt(after, after.hello())
        b.mqtt(after, after.samples(1, 2))

    return run


@pytest.mark.timeout(120)
@pytest.mark.parametrize("platform", ["esp32", "rp2"])
def test_a_boot_that_begins_while_a_page_is_drawn_is_on_the_next_one(platform: str) -> None:
    """With all that is known of it, and counted once."""
    for at in range(1, MANY):
        b = started()
        reached = interrupted(at, b.exposition.render, changes(b, platform))
        assert b.page().count("device_frames_expected_total{") == 1
        if not reached:
            break
        assert b.value("device_frames_expected_total") == "7", at
    assert 100 < at < MANY - 1


@pytest.mark.timeout(120)
@pytest.mark.parametrize(("platform", "boots"), [("esp32", 1), ("rp2", 1), ("esp32", MAX_BOOTS)])
def test_no_page_lacks_a_board_or_has_it_twice_while_it_starts_again(platform: str, boots: int) -> None:
    """A counter that fell for one page would be a reset to Prometheus, and all of it an increase on the next. Also when
    the oldest boot is forgotten by it."""
    for at in range(1, MANY):
        b = started(boots)
        pages: list[bytes] = []
        page = b.exposition.pieces
        reached = interrupted(at, changes(b, platform), lambda: pages.append(b"".join(page())))  # noqa: B023  # run here
        if not reached:
            break
        for name, least in (("expected_total", 5 * boots), ("received_total", 5 * boots), ("lost_total", 0)):
            lines = [line for line in pages[0].decode().splitlines() if line.startswith(f"device_frames_{name}{{")]
            assert len(lines) == 1, (at, lines)
            assert least <= int(lines[0].split()[-1]) <= least + 2, (at, lines)
        assert pages[0].count(b"device_temperature_celsius{") <= 1
        assert b.page()
    assert 100 < at < MANY - 1


def test_frames_that_leave_the_window_are_lost_on_the_page() -> None:
    """A gap that no hello settles is given up when the window has passed it, by a frame that itself is as expected."""
    b, board = Bridge(), Board()
    b.mqtt(board, board.hello())
    b.mqtt(board, board.samples(1, 2))
    b.page()
    b.mqtt(board, board.samples(1, 2, seq=SEQ_WINDOW + 10))
    assert b.value("device_frames_lost_total") == "10" == str(b.ledger().lost)


def test_a_board_that_is_only_connected_is_seen_on_the_page() -> None:
    """Also where its state does not change by it."""
    b, board = Bridge(), Board()
    b.mqtt(board, board.hello())
    b.mqtt(board, board.samples(1, 2))
    before = b.value("device_last_seen_timestamp_seconds")
    b.now += 5
    b.mqtt(board, board.state(1), channel="state")
    assert b.value("device_last_seen_timestamp_seconds") != before


def test_an_event_while_nothing_is_kept_is_seen_on_the_page() -> None:
    """Its board was heard then."""
    b, board = Bridge(), Board()
    b.mqtt(board, board.hello())
    b.mqtt(board, board.samples(1, 2))
    before = b.value("device_last_seen_timestamp_seconds")
    b.fleet.live_only = True
    b.now += 5
    b.mqtt(board, board.event())
    assert b.value("device_last_seen_timestamp_seconds") != before


def test_the_host_s_clock_is_set_and_the_page_says_what_that_makes_of_boards_clocks() -> None:
    """At once, not with the next frame."""
    b, board = Bridge(), Board()
    b.uart(board.hello(k6=[round(b.now), 0, 2, 20]))
    b.uart(board.samples(1, 2))
    before = b.value("device_clock_spread_seconds")
    b.fleet.clock_set(3.0, b.now)
    assert b.value("device_clock_spread_seconds") != before


def test_a_port_that_utf_8_cannot_say_takes_nothing_off_the_page() -> None:
    """A device file may be called anything."""
    b, board, bad = Bridge(), Board(), Board("bad", boot=9)
    b.uart(board.hello())
    b.uart(board.samples(100, 5))
    b.uart(bad.hello(), port="/dev/tty\udcff")
    page = b.page()
    assert 'device_memory_free_bytes{device_id="board-1"' in page
    assert 'port="/dev/tty?"' in page


def test_boards_with_the_same_events_in_another_order_share_their_columns() -> None:
    """Else a fleet that has lived for a while had a table for nearly every board."""
    b = Bridge()
    for number in range(4):
        board = Board(f"board-{number}")
        b.mqtt(board, board.hello(), "hello")
        for kind in (1, 2, 3) if number % 2 else (3, 2, 1):
            b.mqtt(board, board.event(k1=kind))
    b.page()
    events = [columns for columns in b.exposition._tables if columns[-1].family.name == "device_events_total"]
    assert len(events) == 1


def test_an_own_bug_while_drawing_is_not_hidden_by_the_next_page(monkeypatch: pytest.MonkeyPatch) -> None:
    """A page that would lack what had changed is no page; once the bug is gone all of it is there."""
    b, board = Bridge(), Board()
    b.uart(board.hello())
    b.uart(board.samples(100, 5))
    exposition: Exposition = b.exposition
    with monkeypatch.context() as bug:
        bug.setattr("host_bridge.core.status.steady", lambda device, boots: 1 / 0)
        for _ in range(2):
            with pytest.raises(ZeroDivisionError):
                exposition.render()
    with monkeypatch.context() as bug:
        bug.setattr("host_bridge.sinks.table.lines", lambda column, labels, values: 1 / 0)
        for _ in range(2):
            with pytest.raises(ZeroDivisionError):
                exposition.render()
    page = b.page()
    assert page.count("device_memory_free_bytes{") == page.count("device_connection_status{") == 1
