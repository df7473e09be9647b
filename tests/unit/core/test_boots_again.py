"""Boot ids that repeat, and numbers that restart."""

from host_bridge.core.received import FRAME, Received
from tests.support.boards import T0, Board, Bridge, acknowledged, logged, sent
from tests.support.kept import KeepingBridge, Memory

ACK = 8


def run(b: Bridge, board: Board, frames: int) -> None:
    """A board on a UART that says hello and sends a frame each second."""
    b.uart(board.hello(uptime=500))
    for second in range(1, frames + 1):
        b.after(1.0)
        b.uart(board.samples(2000 + second, 40_000, uptime=second * 1000))


def test_a_board_that_draws_the_same_boot_id_again_is_in_another_boot() -> None:
    """Its frames are new ones, although their numbers came before; the ledger of the earlier boot stays."""
    b = Bridge()
    run(b, Board(), 20)
    again = Board()
    assert "boot_id_repeated" in logged(b.uart(again.hello(uptime=510)))
    b.uart(again.samples(2500, 40_000, uptime=1000))
    assert b.value("device_temperature_celsius") == "25.00"
    assert (b.ledger().received, b.ledger().repeated, b.ledger().expected) == (21, 0, 21)
    assert [ACK, 77, 1] in sent(b.after(0.2))
    assert b.device().clock_spread_s < 1


def test_its_counters_go_on() -> None:
    """As over every other restart."""
    b = Bridge()
    first = Board(series=[[15, "net", "1"]])
    b.uart(first.hello(uptime=500))
    b.uart(first.samples(40, uptime=9000))
    again = Board(series=[[15, "net", "1"]])
    b.uart(again.hello(uptime=400))
    b.uart(again.samples(2, uptime=9000))
    assert 42 in [series.value for series in b.fleet._devices["board-1"].series]


def test_a_hello_that_a_broker_delivers_again_begins_no_boot() -> None:
    """The bridge was killed before it confirmed it: its frames are repeats."""
    b, board = Bridge(), Board()
    hello, frames = board.hello(uptime=500), []
    b.mqtt(board, hello, "hello")
    for second in range(1, 61):
        b.after(1.0)
        frames.append(board.samples(2000, 40_000, uptime=second * 1000))
        b.mqtt(board, frames[-1])
    received = Received("mqtt", "mqtt://broker:1883", b.now, FRAME, hello, "board-1", "hello", token="t", again=True)
    actions = b.fleet.handle(received, b.now)
    assert acknowledged(actions) == ["t"]
    assert "boot_id_repeated" not in logged(actions)
    b.mqtt(board, frames[0])
    assert (b.ledger().received, b.ledger().repeated) == (60, 1)


def test_a_hello_that_frames_have_overtaken_begins_no_boot() -> None:
    """Topics are not in order among each other."""
    b, board = Bridge(), Board()
    b.mqtt(board, board.hello(uptime=500), "hello")
    late = board.hello(uptime=2000)
    b.mqtt(board, board.samples(2000, 40_000, uptime=9000))
    assert "boot_id_repeated" not in logged(b.mqtt(board, late, "hello"))
    assert b.ledger().repeated == 0


def test_numbers_that_restart_within_a_boot_are_repeats() -> None:
    """A fault of the firmware: the frames are counted, acknowledged and not used, until a hello begins another boot."""
    b, board = Bridge(), Board()
    run(b, board, 20)
    frame = board.samples(9999, 40_000, uptime=21_000, seq=3)
    b.uart(frame)
    assert b.value("device_temperature_celsius") == "20.20"
    assert (b.ledger().received, b.ledger().repeated) == (20, 1)
    assert [ACK, 77, 20] in sent(b.after(0.2))


def test_the_last_number_of_a_boot_can_be_used() -> None:
    """2**32 - 1; the ack that follows it says 2**32."""
    b, board = Bridge(), Board(seq=2**32 - 1, first=2**32 - 1)
    b.uart(board.hello(uptime=500))
    b.uart(board.samples(2000, 40_000))
    assert [ACK, 77, 2**32] in sent(b.after(0.2))
    assert b.ledger().received == 1


def test_samples_of_a_boot_that_is_over_are_before_the_next_one() -> None:
    """However late they come: a board without a clock that was reset sends what it had kept."""
    b = Bridge()
    b.uart(Board(boot=78).hello(uptime=0), at=T0 + 100)
    former = Board(boot=77)
    b.uart(former.hello(uptime=1000, k14=True), at=T0 + 160)
    b.uart(former.samples(2000, 40_000, uptime=50_000), at=T0 + 161)
    clock = b.fleet._devices["board-1"].boots[77].clock
    assert clock.dates([40_000, 50_000], T0 + 161) == [int((T0 + 90) * 1000), int((T0 + 100) * 1000)]


def test_a_boot_that_was_forgotten_comes_back_to_its_numbers() -> None:
    """A board was reset while its acks were lost, and its line was cut for longer than its debts are waited for: what
    came is a repeat, what is missing comes after all. So it is after a restart of the bridge, and in a reset loop."""
    memory, former = Memory(), Board(boot=77)
    b = KeepingBridge(memory)
    b.uart(former.hello())
    frames = [former.samples(2000 + i, 1, uptime=1000 * i) for i in range(6)]
    for frame in frames[:3]:
        b.uart(frame)
    b.uart(former.hello(uptime=7000))
    board = Board(boot=78)
    b.uart(board.hello())
    for _ in range(12):
        b.after(60)
    assert (b.ledger().lost, b.ledger().balanced) == (3, True)
    for boot in range(79, 83):
        b.uart(Board(boot=boot).hello())
    b.commit()
    b = b.killed()
    b.uart(former.hello(uptime=7000, k14=True))
    assert [ACK, 77, 3] in sent(b.after(0.1))
    for frame in frames:
        b.uart(frame)
    b.commit()
    assert [record.seq for record in memory.samples] == list(range(6))
    ledger = b.ledger()
    assert (ledger.expected, ledger.received + ledger.recovered, ledger.lost, ledger.repeated) == (6, 6, 0, 3)
    assert ledger.balanced


def test_the_id_of_a_forgotten_boot_may_be_drawn_again() -> None:
    """Its frames are new ones."""
    b = Bridge()
    run(b, Board(), 20)
    b.uart(Board(boot=78).hello())
    for _ in range(12):
        b.after(60)
    again = Board()
    b.uart(again.hello(uptime=510))
    b.uart(again.samples(2500, 40_000, uptime=1000))
    assert (b.ledger().received, b.ledger().repeated, b.ledger().expected) == (21, 0, 21)


def test_a_hello_that_waited_in_a_broker_behind_a_newer_one_begins_no_boot() -> None:
    """The newer one came on the topic that nothing holds up, and said that the board had nothing left; what a number is
    given up by does not show that its frame came."""
    b, board = Bridge(), Board()
    waiting = [board.hello(uptime=500), board.samples(2000, 40_000, uptime=1000)]
    b.mqtt(board, board.hello(uptime=90_000, k7=[1, 0, 60, 0, 0, 0, 0]), "hello")
    b.after(6.0)
    for frame in waiting:
        assert "boot_id_repeated" not in logged(b.mqtt(board, frame))
    b.after(6.0)
    assert (b.ledger().expected, b.ledger().recovered, b.ledger().lost) == (1, 1, 0)


def test_of_a_boot_that_comes_back_no_number_is_acknowledged_that_its_board_holds() -> None:
    """Its numbers were given up when it was forgotten. What the board has given up itself stays so."""
    b, former = Bridge(), Board(boot=77)
    b.uart(former.hello())
    b.uart(former.samples(2000, 1, seq=0))
    b.uart(former.samples(2000, 1, seq=3))
    former.seq = 6
    b.uart(former.hello(uptime=7000, k7=[1, 4, 60, 1, 0, 0, 0], k15=[3, 1]))
    b.uart(Board(boot=78).hello())
    for _ in range(12):
        b.after(60)
    assert (b.ledger().lost, b.ledger().dropped, b.ledger().balanced) == (3, 1, True)
    b.uart(former.hello(uptime=7000, k14=True, k7=[1, 4, 60, 1, 0, 0, 0], k15=[3, 1]))
    assert [ACK, 77, 1] in sent(b.after(0.1))
    for seq in (1, 2, 5):
        b.uart(former.samples(2000, 1, seq=seq))
    assert [ACK, 77, 6] in sent(b.after(0.1))
    ledger = b.ledger()
    assert (ledger.received + ledger.recovered, ledger.lost, ledger.dropped, ledger.balanced) == (5, 0, 1, True)
