"""A board's own clock that is far behind: told from hellos that have waited, wherever they come from."""

import json

import pytest

from host_bridge.core.anchors import BEHIND_MS, DIRECT, KEPT, QUEUED
from host_bridge.core.clock import ARRIVAL, Clock
from host_bridge.core.received import FRAME, Received
from tests.support.boards import T0, Board, Bridge, sent
from tests.support.kept import KeepingBridge, Memory

NTP, RTC = 2, 1
HOUR, DAY, MONTH = 3600, 86_400, 30 * 86_400
WRONG = 200 * DAY
HELLO_REQUEST = 9


def told(at: float, source: int = NTP) -> list[int]:
    """The anchor of a clock that says `at`."""
    return [int(at), round(at % 1 * 1000), source, 20]


def pair(at: float, source: int = NTP) -> tuple[int, ...]:
    """The same for a Clock."""
    return tuple(told(at, source))


def newest(memory: Memory, b: KeepingBridge) -> float:
    """How long before now the last kept sample is dated, in seconds."""
    b.commit()
    return b.now - memory.samples[-1].times[-1] / 1000


@pytest.mark.parametrize("days", [31, 200, 365])
def test_on_a_port_a_clock_that_is_far_behind_is_refused_at_once(days: int) -> None:
    """A hello comes over a port as it was sent: its samples are dated by the line, not into what retention deletes."""
    memory = Memory()
    board, b = Board(), KeepingBridge(memory)
    b.uart(board.hello(uptime=500, k6=told(b.now - days * DAY)))
    assert b.device().clock_source == ARRIVAL
    assert b.value("device_clock_anchors_refused_total") == "1"
    b.after(1.0)
    b.uart(board.samples(2100, 40_000, uptime=1500))
    assert newest(memory, b) == pytest.approx(0, abs=0.01)


def test_a_clock_that_jumps_back_within_a_boot_is_refused() -> None:
    """What it said before agreed with the arrivals, by more than chance. Also through a broker."""
    for way in (KEPT, QUEUED, DIRECT):
        clock = Clock()
        clock.hello(0, T0)
        assert clock.anchor(0, pair(T0), T0, way)
        clock.hello(60_000, T0 + 60)
        assert not clock.anchor(60_000, pair(T0 + 60 - WRONG), T0 + 60, way)
        assert (clock.source, clock.refused) == ("ntp", 1)
        assert clock.wall(61_000, T0 + 61) == pytest.approx(T0 + 61)


def test_through_a_broker_the_second_hello_shows_it() -> None:
    """Two that come as far apart as they were made did not wait in a queue. The bridge asks for the second itself."""
    memory = Memory()
    board, b = Board(), KeepingBridge(memory)
    b.mqtt(board, board.hello(uptime=500, k6=told(b.now - WRONG)))
    assert b.device().clock_source == "ntp"
    asked = []
    for second in range(1, 30):
        actions = b.after(1.0)
        for _, frame in ((None, frame) for frame in sent(actions)):
            if frame[0] == HELLO_REQUEST:
                asked.append(second)
                b.mqtt(board, board.hello(uptime=500 + second * 1000, k6=told(b.now - WRONG)))
        b.mqtt(board, board.samples(2100, 40_000, uptime=500 + second * 1000))
    assert asked == [11]
    assert b.device().clock_source == ARRIVAL
    assert b.value("device_clock_anchors_refused_total") == "1"
    assert newest(memory, b) == pytest.approx(0, abs=0.01)


def test_the_next_boot_is_not_believed_again() -> None:
    """A board that sleeps is awake for seconds: what its clock was in the last boot, it is in this one."""
    memory = Memory()
    b = KeepingBridge(memory)
    for wake in range(4):
        board = Board(boot=100 + wake)
        b.mqtt(board, board.hello(uptime=100, k6=told(b.now - WRONG + wake * 0.5, RTC), k9=4))
        b.mqtt(board, board.samples(2100, 40_000, uptime=200))
        b.commit()
        assert (b.device().clock_source == "rtc") == (wake == 0)
        b.after(60.0)
        if wake == 1:
            b = b.killed()
    assert [round(T0 + 60 * wake - record.times[0] / 1000, -2) for wake, record in enumerate(memory.samples)] == [
        WRONG,
        0,
        0,
        0,
    ]


def test_a_clock_that_was_set_right_is_believed_again() -> None:
    """Of whichever source; the wrong one is not kept for its smaller uncertainty."""
    clock = Clock()
    clock.hello(0, T0)
    assert not clock.anchor(0, pair(T0 - WRONG), T0, DIRECT)
    clock.hello(5000, T0 + 5)
    assert clock.anchor(5000, pair(T0 + 5), T0 + 5, DIRECT)
    assert clock.source == "ntp"
    after = Clock(clock)
    after.hello(0, T0 + 99)
    assert after.anchor(0, pair(T0 + 99), T0 + 99, QUEUED)
    queued = Clock()
    assert queued.anchor(0, pair(T0 - WRONG), T0, QUEUED)
    assert queued.anchor(5000, (int(T0) + 5, 0, RTC, 1000), T0 + 5, QUEUED)
    assert queued.source == "rtc"


def test_a_boot_that_waited_in_a_broker_for_a_month_is_dated_by_its_clock() -> None:
    """Its hellos and frames were made over a day and come within seconds: its clock is right, they are late."""
    memory = Memory()
    board, b = Board(), KeepingBridge(memory)
    made = b.now - MONTH
    for hour in range(25):
        uptime = 500 + hour * HOUR * 1000
        b.mqtt(board, board.hello(uptime=uptime, k6=told(made + hour * HOUR)))
        b.mqtt(board, board.samples(2100, 40_000, uptime=uptime + 1000))
        b.after(0.3)
    b.commit()
    assert b.device().clock_source == "ntp"
    assert b.value("device_clock_anchors_refused_total") == "0"
    assert [record.times[0] / 1000 - made for record in memory.samples] == [hour * HOUR + 1 for hour in range(25)]


@pytest.mark.parametrize("retained", [True, False])
def test_what_a_broker_kept_or_delivers_again_shows_nothing(retained: bool) -> None:
    """However regularly it comes."""
    board, b = Board(), Bridge()
    for minute in range(3):
        frame = board.hello(uptime=500 + minute * 60_000, k6=told(T0 - WRONG + minute * 60))
        place = "mqtt", "mqtt://broker:1883", b.now, FRAME, frame, board.device_id, "up"
        b.fleet.handle(Received(*place, retained, again=not retained), b.now)
        b.after(60.0)
    assert b.device().clock_source == "ntp"


def test_a_capture_of_last_year_keeps_its_dates() -> None:
    """It is played now, and its boards' clocks were right then."""
    board, b = Board(), Bridge()
    frame = board.hello(uptime=500, k6=told(T0 - WRONG))
    b.fleet.handle(Received("replay", "/dev/ttyACM0", b.now, FRAME, frame), b.now)
    assert b.device().clock_source == "ntp"


def test_what_a_boot_left_is_dated_by_the_clock_that_it_had() -> None:
    """A board tells of a boot that is over with the anchor of its time; unless that clock is known to be wrong."""
    b = Bridge()
    b.uart(Board(boot=2).hello(uptime=500, k6=told(b.now - WRONG, RTC)))
    for boot, source, expected in ((7, NTP, "ntp"), (8, RTC, ARRIVAL)):
        b.uart(Board(boot=boot).hello(uptime=500, k6=told(b.now - MONTH, source), k14=True))
        assert b.fleet._devices["board-1"].boots[boot].clock.source == expected


def test_less_than_an_hour_is_believed() -> None:
    """A host that slept, a link that stood still: spread and quality say how far it may be off."""
    clock = Clock()
    clock.hello(0, T0)
    assert clock.anchor(0, pair(T0 - BEHIND_MS / 1000 + 1), T0, DIRECT)
    assert clock.quality == 0


def test_the_doubt_outlives_the_bridge() -> None:
    """Also a state without it, of the version before, is read."""
    clock = Clock()
    clock.hello(0, T0)
    assert clock.anchor(0, pair(T0 - WRONG), T0, QUEUED)
    assert clock.doubtful
    again = Clock.restore(json.loads(json.dumps(clock.state())))
    assert again.state() == clock.state()
    again.hello(20_000, T0 + 20)
    assert not again.anchor(20_000, pair(T0 + 20 - WRONG), T0 + 20, QUEUED)
    assert (again.source, again.doubtful) == (ARRIVAL, False)
    assert Clock.restore(clock.state()[:7]).source == "ntp"
