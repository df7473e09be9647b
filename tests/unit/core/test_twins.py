"""Two boards with one device id: noticed and said, each answered where it is and dated when it speaks."""

from typing import Any

import pytest

from host_bridge.core.actions import Action, LogLine, Send
from host_bridge.core.received import FRAME, Received
from shared_schema import messages as m
from shared_schema.cbor_reader import loads
from tests.support.boards import T0, Board, Bridge, only, sent
from tests.support.kept import KeepingBridge, Memory

SHARED = "device_id_shared"


def said(actions: list[Action]) -> list[dict[str, Any]]:
    """What the log says of shared ids."""
    return [dict(line.fields) for line in only(actions, LogLine) if line.event == SHARED]


def acks(actions: list[Action]) -> set[tuple[str, int]]:
    """Ports and boots of the acknowledgements."""
    found = ((send.port, loads(send.frame)) for send in only(actions, Send))
    return {(port, frame[1]) for port, frame in found if frame[0] == m.ACK}


def test_two_boards_of_one_id_are_told_apart_and_said_once() -> None:
    """Each is acknowledged on its own port, and dated when it speaks; the log says what to do, not with every frame."""
    memory = Memory()
    b = KeepingBridge(memory)
    boards = [("/dev/ttyACM0", Board(boot=1)), ("/dev/ttyACM1", Board(boot=2))]
    for port, board in boards:
        b.uart(board.hello(uptime=500), port=port)
    lines: list[dict[str, Any]] = []
    answered: set[tuple[str, int]] = set()
    for second in range(1, 121):
        b.after(1.0)
        for port, board in boards:
            lines += said(b.uart(board.samples(2000, 40_000, uptime=500 + second * 1000), port=port))
        answered |= acks(b.after(0.0) + b.after(0.3))
        b.now -= 0.3
    b.commit()
    assert answered == {("/dev/ttyACM0", 1), ("/dev/ttyACM1", 2)}
    assert [(line["boots"], line["ports"]) for line in lines] == [([1, 2], ["/dev/ttyACM0", "/dev/ttyACM1"])]
    assert "own" in lines[0]["advice"]
    late = [record.arrived - record.times[0] / 1000 for record in memory.samples if record.boot == 1][12:]
    assert len(late) == 108
    assert max(map(abs, late)) < 0.05


def test_boards_that_push_each_other_off_a_broker_are_said_too() -> None:
    """With the id as the client's name only one of them is connected at a time, and says hello each time."""
    b, boards = Bridge(), [Board(boot=1), Board(boot=2)]
    lines: list[dict[str, Any]] = []
    for turn in range(20):
        board = boards[turn % 2]
        b.after(4.0)
        lines += said(b.mqtt(board, board.hello(uptime=round((b.now - T0) * 1000))))
        lines += said(b.mqtt(board, board.samples(2000, 40_000, uptime=round((b.now - T0) * 1000))))
    assert [line["boots"] for line in lines] == [[1, 2]]


def test_it_is_said_again_as_long_as_it_goes_on() -> None:
    """Every ten minutes."""
    b, boards = KeepingBridge(Memory()), [Board(boot=1), Board(boot=2)]
    for board in boards:
        b.uart(board.hello(uptime=500), port=f"/dev/ttyACM{board.boot}")
    lines = []
    for minute in range(1, 26):
        b.after(60.0)
        frame = boards[0].samples(2000, 40_000, uptime=500 + minute * 60_000)
        lines += said(b.uart(frame, port="/dev/ttyACM1"))
    assert len(lines) == 3


@pytest.mark.parametrize("ended", [True, False])
def test_what_a_board_left_before_its_reset_is_of_no_other_board(ended: bool) -> None:
    """From its flash, told of by `ended`, beside the frames of the present boot and as slowly; out of a broker's queue,
    at once. It is dated before the boot that followed."""
    b, former, board = Bridge(), Board(boot=1), Board(boot=2)
    b.mqtt(former, former.hello(uptime=500))
    b.after(3600.0)
    b.mqtt(board, board.hello(uptime=0))
    if ended:
        b.mqtt(former, former.hello(uptime=500, k14=True))
    lines = []
    for second in range(1, 60):
        b.after(1.0 if ended else 0.01)
        lines += said(b.mqtt(former, former.samples(2000, 40_000, uptime=500 + second * 1000)))
        lines += said(b.mqtt(board, board.samples(2000, 40_000, uptime=second * 1000)))
    assert lines == []
    assert b.fleet._devices["board-1"].boots[1].clock.wall(60_000, b.now) <= T0 + 3600


def test_what_a_broker_delivers_again_shows_nothing() -> None:
    """A redelivery may come at any time."""
    b, former, board = Bridge(), Board(boot=1), Board(boot=2)
    b.mqtt(former, former.hello(uptime=500))
    b.mqtt(board, board.hello(uptime=0))
    lines = []
    for second in range(60):
        b.after(1.0)
        frame = former.samples(2000, 40_000, uptime=second * 1000)
        place = "mqtt", "mqtt://broker:1883", b.now, FRAME, frame, former.device_id
        lines += said(list(b.fleet.handle(Received(*place, again=True), b.now)))
    assert lines == []


def test_what_was_over_before_the_bridge_began_stays_over_until_it_says_hello() -> None:
    """What its board has told before is not known any more."""
    memory = Memory()
    b, former, board = KeepingBridge(memory), Board(boot=1), Board(boot=2)
    b.uart(former.hello(uptime=500))
    b.uart(former.samples(2000, 40_000))
    b.uart(board.hello(uptime=0))
    b.commit()
    again = b.killed()
    lines = []
    for second in range(60):
        again.after(1.0)
        lines += said(again.uart(former.samples(2000, 40_000, uptime=2000 + second * 1000)))
    assert lines == []
    for second in range(60, 120, 10):
        again.after(10.0)
        lines += said(again.uart(board.hello(uptime=4000 + second * 1000)))
        lines += said(again.uart(former.hello(uptime=2000 + second * 1000)))
    assert len(lines) == 1


def test_a_board_that_moves_to_another_port_is_answered_there() -> None:
    """The same boot, and its next one with what the former has left."""
    b, board = Bridge(), Board(boot=1)
    b.uart(board.hello(uptime=500))
    b.uart(board.hello(uptime=5000), port="/dev/ttyACM7")
    b.uart(board.samples(2000, 40_000, uptime=6000), port="/dev/ttyACM7")
    assert [send.port for send in only(b.after(0.3), Send)] == ["/dev/ttyACM7"]
    following = Board(boot=2)
    b.uart(following.hello(uptime=500), port="/dev/ttyACM8")
    b.uart(board.hello(uptime=6000, k14=True), port="/dev/ttyACM8")
    assert acks(b.after(0.3)) == {("/dev/ttyACM8", 1)}
    assert sent(b.after(0.3)) == []
