"""Acknowledgement, holding, order, restarts: nothing vanishes silently."""

import pytest

from host_bridge.core.actions import Withhold
from host_bridge.settings import Limits, Settings
from shared_schema import messages as m
from tests.support.boards import Board, Bridge, acknowledged, only, refused, sent


def greeted(board: Board, **settings: object) -> Bridge:
    """A bridge that knows the board, on a UART."""
    b = Bridge(Settings(**settings))  # type: ignore[arg-type]
    b.uart(board.hello())
    return b


def test_on_a_uart_an_ack_follows_within_a_tick() -> None:
    """At the latest 200 ms after the frame."""
    board = Board()
    b = greeted(board)
    assert sent(b.uart(board.samples(2150, 40000))) == []
    assert sent(b.after(0.1)) == [[m.ACK, board.boot, 1]]
    assert sent(b.after(0.1)) == []


def test_sixteen_frames_are_acknowledged_at_once() -> None:
    """SPEC.md section 11."""
    board = Board()
    b = greeted(board)
    acks = [sent(b.uart(board.samples(2150, 40000, uptime=i))) for i in range(32)]
    assert [i for i, ack in enumerate(acks) if ack] == [15, 31]
    assert acks[15] == [[m.ACK, board.boot, 16]]


def test_a_repeat_is_acknowledged_again() -> None:
    """The first ack was lost on the line."""
    board = Board()
    b = greeted(board)
    frame = board.samples(2150, 40000)
    b.uart(frame)
    b.after(0.1)
    b.uart(frame)
    assert sent(b.after(0.1)) == [[m.ACK, board.boot, 1]]
    assert b.ledger().repeated == 1


def test_the_ack_stops_before_a_gap() -> None:
    """What is missing must stay on the board."""
    board = Board()
    b = greeted(board)
    b.uart(board.samples(1, 1))
    board.seq += 1
    b.uart(board.samples(1, 1))
    assert sent(b.after(0.1)) == [[m.ACK, board.boot, 1]]
    b.uart(board.samples(1, 1, seq=1))
    assert sent(b.after(0.1)) == [[m.ACK, board.boot, 3]]
    assert b.ledger().balanced


def test_on_mqtt_the_brokers_acknowledgement_is_enough() -> None:
    """ack_mode 0: the token goes back, no ack frame goes down."""
    b, board = Bridge(), Board()
    b.mqtt(board, board.hello(), "hello")
    actions = b.mqtt(board, board.samples(2150, 40000))
    assert len(acknowledged(actions)) == 1
    assert sent(b.after(1)) == []


def test_a_board_may_want_acks_on_mqtt() -> None:
    """ack_mode 1: where the broker is not trusted."""
    b, board = Bridge(), Board(extra={12: 1})
    b.mqtt(board, board.hello(), "hello")
    b.mqtt(board, board.samples(2150, 40000))
    assert sent(b.after(0.2)) == [[m.ACK, board.boot, 1]]


@pytest.mark.parametrize(
    ("frame", "reason"),
    [
        ([3, 77, 0, 1000, {1: 0}], "schema"),
        ([2, 77, 0, 1000, 0, 0, 1, 2150], "schema"),  # a column too few
        ([2, 77, 0, 1000, 0, 5, 1, 2150, 1], "schema"),  # no such group
        ([2, 77, 0, 1000, 0, 0, [-5000], 2150, 1], "schema"),  # time runs backwards
        ([6, 77, 0, 1000, "a kind of a later version"], None),
    ],
)
def test_a_frame_of_no_use_is_acknowledged_too(frame: list[object], reason: str | None) -> None:
    """Asking again would not mend it."""
    from shared_schema.cbor import encode

    board = Board()
    b = greeted(board)
    assert refused(b.uart(encode(frame))) == ([reason] if reason else [])
    assert sent(b.after(0.1)) == [[m.ACK, 77, 1]]
    assert b.ledger().received == 1


def test_refused_bytes_are_acknowledged_to_the_broker() -> None:
    """Otherwise it would send them again for ever."""
    b, board = Bridge(), Board()
    actions = b.mqtt(board, b"\xff\xff")
    assert (refused(actions), len(acknowledged(actions))) == (["cbor"], 1)


def test_frames_of_an_unknown_boot_wait_for_hello() -> None:
    """They are neither refused nor acknowledged; the board is asked once a second."""
    b, board = Bridge(), Board()
    frames = [board.samples(2000 + i, 1, uptime=1000 * i) for i in range(3)]
    actions = b.uart(frames[0])
    assert (sent(actions), refused(actions)) == ([[m.HELLO_REQUEST, board.boot]], [])
    assert sent(b.uart(frames[1])) == []
    assert sent(b.after(0.5)) == []
    assert sent(b.after(0.5)) == [[m.HELLO_REQUEST, board.boot]]
    b.uart(frames[2])
    b.uart(board.hello(uptime=3000))
    assert b.value("device_temperature_celsius") == "20.02"
    assert (b.ledger().received, b.ledger().balanced) == (3, True)
    assert sent(b.after(0.1)) == [[m.ACK, board.boot, 3]]


def test_on_mqtt_held_frames_are_acknowledged_when_they_are_used() -> None:
    """Not before: a bridge that dies meanwhile gets them again."""
    b, board = Bridge(), Board()
    first = b.mqtt(board, board.samples(2150, 40000))
    second = b.mqtt(board, board.event())
    assert acknowledged(first) == acknowledged(second) == []
    assert [action.token for action in only([*first, *second], Withhold)] == [1, 2]
    actions = b.mqtt(board, board.hello(), "hello")
    assert len(acknowledged(actions)) == 3


def test_a_minimal_hello_begins_at_the_oldest_frame_that_waits() -> None:
    """It does not tell of its outbox."""
    b, board = Bridge(), Board(seq=100)
    b.uart(board.samples(1, 1))
    b.uart(board.samples(1, 1))
    b.uart(board.hello(outbox=False))
    assert (b.ledger().expected, b.ledger().received, b.ledger().balanced) == (2, 2, True)
    assert sent(b.after(0.1)) == [[m.ACK, board.boot, 102]]


def test_held_frames_are_limited_for_each_boot() -> None:
    """The oldest is let go without acknowledgement, so that it comes again."""
    b, board = Bridge(), Board()
    for i in range(m.MAX_HELD_FRAMES + 10):
        b.uart(board.samples(1, 1, uptime=i))
    assert b.fleet.held_total == m.MAX_HELD_FRAMES
    assert b.fleet.tally.let_go == 10
    assert sent(b.uart(board.hello()))[-1] == [m.ACK, board.boot, 0]  # the first ten are missing still
    assert (b.fleet.held_total, b.ledger().balanced) == (0, False)
    for seq in range(10):
        b.uart(board.samples(1, 1, seq=seq))
    assert b.ledger().balanced
    assert b.ledger().recovered == 10


def test_held_frames_are_limited_in_all() -> None:
    """Strangers who invent devices fill no memory."""
    b = Bridge(Settings(limits=Limits(max_held_in_all=50)))
    for i in range(200):
        board = Board(f"stranger-{i}", boot=i + 1)
        b.mqtt(board, board.samples(1, 1))
    assert b.fleet.held_total == 50
    assert b.fleet.tally.let_go == 150


def test_frames_that_wait_in_vain_are_let_go() -> None:
    """A minute after the first; the bridge has asked all the while."""
    b, board = Bridge(), Board()
    b.uart(board.samples(1, 1))
    asked = sum(len(sent(b.after(1))) for _ in range(70))
    assert 55 <= asked <= 62
    assert (b.fleet.held_total, b.fleet.tally.let_go) == (0, 1)


def test_samples_of_an_unknown_declaration_wait() -> None:
    """The hello with the new groups is on its way."""
    board = Board()
    b = greeted(board)
    board.declaration, board.series = 1, [[3, "cpu"]]
    actions = b.uart(board.samples(2300))
    assert sent(actions) == [[m.HELLO_REQUEST, board.boot]]
    assert b.value("device_frames_held") == "1"
    b.uart(board.hello(uptime=1))
    assert b.value("device_temperature_celsius") == "23.00"
    assert b.value("device_frames_held") == "0"


def test_a_declaration_that_no_hello_will_ever_explain_does_not_block_the_rest() -> None:
    """It was changed while no bridge was there; the frame is acknowledged, and counted as refused."""
    b, board = Bridge(), Board()
    old = board.samples(2300, 1)
    board.declaration, board.series = 1, [[3, "cpu"]]
    b.uart(old)
    actions = b.uart(board.hello(uptime=5000))
    assert refused(actions) == ["schema"]
    assert sent(b.after(0.1)) == [[m.ACK, board.boot, 1]]


def test_late_frames_are_recovered_and_do_not_overwrite() -> None:
    """A board sends its outbox after the newest sample."""
    board = Board()
    b = greeted(board)
    b.uart(board.samples(2000, 1, uptime=1000))
    late = board.samples(2100, 1, uptime=2000)
    b.uart(board.samples(2200, 1, uptime=3000))
    b.uart(late)
    assert b.value("device_temperature_celsius") == "22.00"
    assert (b.ledger().received, b.ledger().recovered, b.ledger().balanced) == (2, 1, True)


def test_frames_of_an_earlier_boot_are_recovered_and_do_not_overwrite() -> None:
    """They come out of a broker's queue, or of a board's flash."""
    one, two = Board(boot=1), Board(boot=2)
    b = greeted(one)
    b.uart(one.samples(2000, 1, uptime=1000))
    late = one.samples(9900, 1, uptime=999_000)
    b.uart(two.hello())
    b.uart(two.samples(2200, 1, uptime=1000))
    b.uart(late)
    assert b.value("device_temperature_celsius") == "22.00"
    assert (b.ledger().received, b.ledger().balanced) == (3, True)


def test_a_gap_older_than_one_cadence_is_asked_about() -> None:
    """The hello tells whether the board still holds what is missing."""
    board = Board()
    b = greeted(board)
    b.uart(board.samples(1, 1))
    board.seq += 2
    b.uart(board.samples(1, 1))
    frames: list[object] = []
    for _ in range(3):
        frames += sent(b.after(1.0))
    assert [m.HELLO_REQUEST, board.boot] in frames
    board.first = board.seq
    b.uart(board.hello(uptime=5000))
    assert (b.ledger().lost, b.ledger().balanced) == (2, True)
    assert sent(b.after(0.1)) == [[m.ACK, board.boot, 4]]


def test_drops_on_the_board_are_told_from_losses() -> None:
    """By kind, as its hello says."""
    board = Board()
    b = greeted(board)
    b.uart(board.samples(1, 1))
    board.seq += 5
    b.uart(board.samples(1, 1))
    board.first, board.dropped = board.seq, (2, 1, 1)
    b.uart(board.hello(uptime=5000))
    assert b.values("device_frames_dropped_on_device_total") == {
        'kind="samples"': "2",
        'kind="event"': "1",
        'kind="crash"': "1",
    }
    assert (b.value("device_frames_lost_total"), b.ledger().balanced) == ("1", True)


def test_on_mqtt_a_report_is_believed_a_little_later() -> None:
    """The broker may deliver a hello before frames that the board has ticked off."""
    b, board = Bridge(), Board()
    b.mqtt(board, board.hello(), "hello")
    late = board.samples(1, 1)
    board.samples(1, 1)
    board.first = board.seq
    b.mqtt(board, board.samples(1, 1))
    board.first = board.seq
    b.mqtt(board, board.hello(uptime=3000), "hello")
    b.mqtt(board, late)
    assert (b.ledger().lost, b.ledger().recovered) == (0, 1)
    for _ in range(7):
        b.after(1.0)
    assert (b.ledger().lost, b.ledger().balanced) == (1, True)


def test_ten_minutes_after_a_restart_the_former_boots_debts_are_losses() -> None:
    """What was in its memory is gone; counters go on without a step back."""
    one, two = Board(boot=1), Board(boot=2)
    b = greeted(one)
    b.uart(one.samples(1, 1))
    one.seq = 4
    b.uart(one.hello(uptime=100))
    b.uart(two.hello())
    b.uart(two.samples(1, 1))
    assert (b.ledger().expected, b.ledger().received, b.ledger().lost) == (5, 2, 0)
    b.after(601)
    assert (b.ledger().expected, b.ledger().received, b.ledger().lost) == (5, 2, 3)
    assert b.ledger().balanced


def test_a_reset_loop_keeps_few_boots_and_every_count() -> None:
    """Memory is bounded, the ledger is not forgotten."""
    b = Bridge()
    for boot in range(1, 200):
        board = Board(boot=boot)
        b.uart(board.hello())
        b.uart(board.samples(1, 1))
    assert (b.ledger().received, b.ledger().expected, b.ledger().balanced) == (199, 199, True)


def test_two_boards_under_one_name_do_not_drive_counters_up() -> None:
    """They take turns; each goes on from what it had counted."""
    series = [[15, "net", "1"]]
    one, two = Board(boot=1, series=series), Board(boot=2, series=series)
    b = Bridge()
    for round_ in range(5):
        for board in (one, two):
            b.uart(board.hello(uptime=round_))
            b.uart(board.samples(1000 + round_, uptime=1000 * round_ + 1))
    assert b.value("device_inference_requests_total") == str(2 * 1004)
