"""The engine's thread: it takes everything, never dies of anything, and ends in order."""

import threading
import time
from collections.abc import Callable, Sequence
from functools import partial

import pytest

from host_bridge.core.actions import Action, LogLine
from host_bridge.core.fleet import Fleet
from host_bridge.core.received import FRAME, Received
from host_bridge.engine import Engine
from host_bridge.host_clock import since_start
from host_bridge.settings import Settings, Threshold
from shared_schema.cbor_reader import loads
from tests.support.boards import Board


class Wire:
    """A source that keeps what is sent and acknowledged."""

    name = "serial"

    def __init__(self) -> None:
        self.sent: list[object] = []
        self.acknowledged: list[object] = []
        self.stalls: list[bool] = []

    def start(self, deliver: Callable[[Received], bool]) -> None:
        """Nothing to start: tests submit themselves."""

    def stop(self) -> None:
        """Nothing to stop."""

    def send(self, port: str, device_id: str, frame: bytes) -> bool:
        """Keep it."""
        self.sent.append(loads(frame))
        return True

    def acknowledge(self, *tokens: object) -> None:
        """Keep them; some tokens are poison."""
        for token in tokens:
            if token == "poison":
                raise OSError("the cable is on fire")
            self.acknowledged.append(token)

    def withhold(self, token: object) -> None:
        """Nothing to keep back."""

    def stall(self, stalled: bool) -> None:
        """Keep whether it is."""
        self.stalls.append(stalled)


def frame(payload: bytes, token: object = None) -> Received:
    """A frame on a port."""
    return Received("serial", "/dev/ttyACM0", time.time(), FRAME, payload, token=token)


class Running:
    """An engine that runs, and what came out of it."""

    def __init__(
        self, fleet: Fleet | None = None, queue_frames: int = 1000, log: Callable[[LogLine], None] | None = None
    ):
        self.fleet = fleet or Fleet(Settings(send_time=False))
        self.wire = Wire()
        self.lines: list[LogLine] = []
        self.reports: list[Action] = []
        self.engine = Engine(
            self.fleet,
            [self.wire],
            log=log or self.lines.append,
            sinks=[self._fail, self._keep],
            queue_frames=queue_frames,
        )

    def _fail(self, actions: Sequence[Action]) -> None:
        raise RuntimeError("this sink is broken")

    def _keep(self, actions: Sequence[Action]) -> None:
        self.reports += actions

    def __enter__(self) -> "Running":
        self.engine.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.engine.stop()

    def events(self) -> list[str]:
        """What was logged."""
        return [line.event for line in self.lines]


def test_frames_go_through_and_acks_come_back() -> None:
    """The whole way, in its own thread."""
    board = Board()
    with Running() as r:
        assert r.engine.healthy
        assert r.engine.submit(frame(board.hello()))
        assert r.engine.submit(frame(board.samples(2150, 40000)))
        until = time.monotonic() + 5
        while not r.wire.sent and time.monotonic() < until:
            time.sleep(0.01)
    assert r.wire.sent == [[8, board.boot, 1]]
    assert not r.engine.healthy


def test_stop_takes_what_is_queued_and_sends_the_last_acks() -> None:
    """Within two seconds, nothing lost."""
    board = Board()
    r = Running(queue_frames=5000)
    assert r.engine.submit(frame(board.hello()))
    for i in range(3000):
        assert r.engine.submit(frame(board.samples(2150, 40000, uptime=i), token=i))
    r.engine.start()
    begun = time.monotonic()
    assert r.engine.stop(2.0)
    assert time.monotonic() - begun < 2.0
    assert r.wire.acknowledged == list(range(3000))
    assert r.wire.sent[-1] == [8, board.boot, 3000]
    assert not r.engine.submit(frame(board.hello()))


def test_a_full_queue_refuses() -> None:
    """The source then waits, and does not acknowledge."""
    r = Running(queue_frames=10)
    assert [r.engine.submit(frame(b"\x00")) for _ in range(12)] == [True] * 10 + [False] * 2
    assert (r.engine.queue_depth, r.engine.refused_full) == (10, 2)


def test_a_peers_fault_is_counted_and_logged_at_a_bounded_rate() -> None:
    """A hundred thousand bad frames are sixty lines."""
    r = Running(queue_frames=2000)
    for _ in range(1000):
        r.engine.submit(frame(b"\xff"))
    with r:
        pass
    assert r.fleet.tally.rejected == {("serial", "cbor"): 1000}
    assert r.events().count("frame_refused") == 60
    assert r.engine.bugs == 0


def test_bad_frames_under_invented_names_do_not_fill_the_log() -> None:
    """The log's rate is bounded however many devices somebody pretends to be."""
    r = Running(queue_frames=4000)
    for number in range(3000):
        r.engine.submit(Received("mqtt", "mqtt://broker:1883", time.time(), FRAME, b"\xff", f"invented-{number}"))
    with r:
        pass
    assert r.fleet.tally.rejected == {("mqtt", "cbor"): 3000}
    assert r.events().count("frame_refused") == 600


class Fragile(Fleet):
    """A fleet with a bug of our own in it."""

    def handle(self, received: Received, now: float) -> Sequence[Action]:
        """Fails on one payload."""
        if received.payload == b"bug":
            raise ZeroDivisionError("our own")
        return super().handle(received, now)


def test_our_own_bug_is_logged_with_its_traceback_and_does_not_end_the_engine() -> None:
    """The frames behind it are taken."""
    board = Board()
    r = Running(Fragile())
    for received in (frame(b"bug"), frame(board.hello()), frame(b"bug"), frame(board.samples(1, 1))):
        r.engine.submit(received)
    with r:
        pass
    assert r.fleet.devices()[0].ledger.received == 1
    # Two of the fleet's; each failure of the broken sink counts, too.
    assert r.engine.bugs >= 2
    bugs = [line for line in r.lines if line.event == "own_bug"]
    assert any("ZeroDivisionError" in str(line.fields["traceback"]) for line in bugs)
    assert bugs[0].level == "critical"


def test_a_failing_source_does_not_stop_the_others_actions() -> None:
    """An unplugged cable while an acknowledgement goes out."""
    board = Board()
    r = Running()
    r.engine.submit(frame(board.hello(), token="poison"))
    r.engine.submit(frame(board.samples(1, 1), token="good"))
    with r:
        pass
    assert r.wire.acknowledged == ["good"]
    assert "OSError" in r.engine.problem or r.engine.bugs >= 1


def test_a_log_that_fails_does_not_end_the_engine() -> None:
    """The disk is full, say."""

    def broken(line: LogLine) -> None:
        raise OSError("no space left on device")

    board = Board()
    r = Running(Fragile(), log=broken)
    for received in (frame(b"bug"), frame(board.hello()), frame(board.samples(1, 1))):
        r.engine.submit(received)
    with r:
        time.sleep(0.05)
        assert r.engine.healthy
    assert r.fleet.devices()[0].ledger.received == 1


def test_a_broken_sink_does_not_hide_the_others() -> None:
    """The one behind it gets every report."""
    rule = Threshold("hot", "device_temperature_celsius", critical_above=85)
    board = Board()
    r = Running(Fleet(Settings(thresholds=(rule,))))
    r.engine.submit(frame(board.hello()))
    r.engine.submit(frame(board.samples(9000, 1)))
    with r:
        pass
    assert [type(action).__name__ for action in r.reports] == ["StateChange", "Alert"]
    assert {"device_state", "alert"} <= set(r.events())


def test_thresholds_are_replaced_in_the_engines_own_thread() -> None:
    """Between two frames, never inside one."""
    board = Board()
    r = Running()
    r.engine.submit(frame(board.hello()))
    r.engine.reload((Threshold("hot", "device_temperature_celsius", critical_above=85),))
    r.engine.submit(frame(board.samples(9000, 1)))
    with r:
        pass
    assert "alert" in r.events()


def test_changes_do_not_pile_up_when_nobody_scrapes() -> None:
    """The engine has them drawn itself."""
    from host_bridge import engine as module

    drawn = threading.Event()
    fleet = Fleet()
    engine = Engine(fleet, log=lambda line: None, catch_up=drawn.set)
    board = Board()
    engine.submit(frame(board.hello()))
    engine.step(0.01)
    assert not drawn.is_set()
    pile, module.PILE = module.PILE, 0
    try:
        time.sleep(0.11)
        engine.step(0.01)
    finally:
        module.PILE = pile
    assert drawn.is_set()


def test_a_wall_clock_that_is_set_makes_no_board_late(monkeypatch: pytest.MonkeyPatch) -> None:
    """Silence is measured by a clock that nobody sets: a time server that corrects the host is no outage."""
    real, jump_s = time.time, [0.0]
    monkeypatch.setattr(time, "time", lambda: real() + jump_s[0])
    running = Running()
    running.engine.submit(frame(Board().hello()))
    running.engine.step(0.0)
    for jump_s[0] in (86_400.0, -86_400.0):
        time.sleep(1.1)  # every device is looked at once a second
        running.engine.step(0.0)
        assert [device.state for device in running.fleet.devices()] == ["online"]


@pytest.mark.parametrize("set_by", [86_400.0, -86_400.0])
def test_a_wall_clock_that_is_set_does_not_misdate_samples(set_by: float) -> None:
    """A host that gets its time after the bridge has started: from then on boards' uptimes are mapped to the new time.

    A frame that was in the queue at that moment carries the old time, and does no harm.
    """
    at = {"wall": 1_750_000_000.0, "steady": 500.0}

    def go_on(seconds: float) -> None:
        at["wall"] += seconds
        at["steady"] += seconds

    running, board = Running(), Board()
    engine = Engine(running.fleet, log=running.lines.append, clock=lambda: at["steady"], wall=lambda: at["wall"])

    def submit(payload: bytes) -> None:
        engine.submit(Received("serial", "/dev/ttyACM0", at["wall"], FRAME, payload))

    submit(board.hello(uptime=1000))
    engine.step(0.0)
    go_on(1)
    submit(board.event("queued", uptime=2000))
    at["wall"] += set_by
    engine.step(0.0)
    go_on(5)
    submit(board.event("late", uptime=6000))
    engine.step(0.0)
    events = [line for line in running.lines if line.event == "board_event"]
    expected = [1_750_000_001 + set_by, 1_750_000_005 + set_by]
    assert [line.fields["at"] for line in events] == pytest.approx(expected)
    assert [line.event for line in running.lines].count("host_clock_set") == 1


def test_a_host_that_was_asleep_dates_what_was_made_meanwhile_by_when_it_was_made() -> None:
    """Its wall clock goes on while it sleeps, the clock that measures silence does not: nobody has set anything."""
    at = {"wall": 1_750_000_000.0, "steady": 500.0, "elapsed": 900.0}
    running, board = Running(), Board()
    clocks = {name: partial(at.__getitem__, name) for name in ("wall", "elapsed")}
    engine = Engine(running.fleet, log=running.lines.append, clock=partial(at.__getitem__, "steady"), **clocks)

    def submit(payload: bytes) -> None:
        engine.submit(Received("serial", "/dev/ttyACM0", at["wall"], FRAME, payload))
        engine.step(0.0)

    submit(board.hello(uptime=1000))
    at["wall"] += 600
    at["elapsed"] += 600
    submit(board.event("made meanwhile", uptime=61_000))
    (event,) = [line for line in running.lines if line.event == "board_event"]
    assert event.fields["at"] == pytest.approx(1_750_000_060)
    assert "host_clock_set" not in [line.event for line in running.lines]


def test_the_clock_that_tells_whether_the_wall_clock_was_set_goes_on_in_sleep() -> None:
    """Where the system has one."""
    if hasattr(time, "CLOCK_BOOTTIME"):
        assert since_start() == pytest.approx(time.clock_gettime(time.CLOCK_BOOTTIME), abs=1.0)
    assert since_start() <= since_start()
