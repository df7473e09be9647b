"""The engine and its keeper: nothing is acknowledged before it is committed, and a keeper that cannot commit costs no
frame and no page."""

import time
from collections.abc import Sequence
from functools import partial

import pytest

from host_bridge.core.actions import Action
from host_bridge.core.fleet import Fleet
from host_bridge.core.received import FRAME, Received
from host_bridge.core.records import Record, SamplesRecord
from host_bridge.engine import Engine
from host_bridge.settings import Settings
from tests.support.boards import Board
from tests.unit.engine.test_engine import Wire


class Keeper:
    """Takes batches when it is `ready`, unless it is `surprised`; commit() is called by the test."""

    def __init__(self) -> None:
        self.ready = True
        self.surprised = False
        self.taken: list[tuple[list[Record], list[Action]]] = []

    def submit(self, records: Sequence[Record], actions: Sequence[Action]) -> bool:
        """Take a batch."""
        if self.surprised:
            self.ready = False
            return False
        self.taken.append((list(records), list(actions)))
        return True

    def commit(self, engine: Engine) -> None:
        """Commit what was taken."""
        for _, actions in self.taken:
            engine.release(actions)
        self.taken.clear()

    def turn(self, ready: bool) -> Sequence[Action]:
        """Stop, or go on, in the middle of a step of the engine."""
        self.ready = ready
        return ()

    def samples(self) -> list[int]:
        """Numbers of the frames that were taken."""
        return [one.seq for records, _ in self.taken for one in records if isinstance(one, SamplesRecord)]


class Rig:
    """An engine that a test steps by hand."""

    def __init__(self) -> None:
        self.fleet = Fleet(Settings(keep=True, send_time=False))
        self.wire, self.keeper = Wire(), Keeper()
        self.now = 100.0
        self.engine = Engine(
            self.fleet, [self.wire], log=lambda line: None, keeper=self.keeper, clock=lambda: self.now, wall=time.time
        )

    def take(self, *frames: bytes) -> None:
        """Deliver frames, each its own token, and have them taken; then let 0.2 s pass."""
        for payload in frames:
            self.engine.submit(Received("serial", "/dev/ttyACM0", time.time(), FRAME, payload, token=payload))
        for _ in range(2):
            self.engine.step(0)
            self.now += 0.2

    def value(self) -> object:
        """The first value of the only board."""
        readings = self.fleet.readings("board-1")
        return readings[0].value if readings else None


@pytest.fixture
def rig() -> Rig:
    """A bridge without threads."""
    return Rig()


def test_nothing_is_acknowledged_before_the_commit(rig: Rig) -> None:
    """Neither the ack frame nor the broker's confirmation."""
    board = Board()
    frame = board.samples(2150, 40000)
    rig.take(board.hello(), frame)
    assert (rig.wire.sent, rig.wire.acknowledged) == ([], [])
    assert rig.keeper.samples() == [0]
    rig.keeper.commit(rig.engine)
    assert rig.wire.sent == [[8, board.boot, 1]]
    assert frame in rig.wire.acknowledged


def test_what_is_asked_of_a_board_does_not_wait_for_the_store(rig: Rig) -> None:
    """A board is asked who it is, also while nothing can be kept."""
    rig.keeper.ready = False
    rig.take(Board().samples(2150, 40000))
    assert rig.wire.sent == [[9, 77]]


def test_while_the_keeper_is_not_ready_frames_are_shown_only(rig: Rig) -> None:
    """They come again, and are kept then."""
    board = Board()
    rig.take(board.hello())
    rig.keeper.commit(rig.engine)
    rig.keeper.ready = False
    frame = board.samples(2150, 40000)
    rig.take(frame)
    assert rig.value() == "21.50"
    assert rig.wire.stalls == [True]
    rig.keeper.ready = True
    rig.take()
    assert rig.wire.stalls == [True, False]
    rig.take(frame)
    assert rig.keeper.samples() == [0]
    rig.keeper.commit(rig.engine)
    assert rig.wire.acknowledged.count(frame) == 1


def test_a_batch_that_the_keeper_refuses_is_handed_to_it_again(rig: Rig) -> None:
    """It was taken by the core already: it must not come twice, nor never."""
    board = Board()
    rig.take(board.hello())
    rig.keeper.taken.clear()
    rig.keeper.surprised = True
    frame = board.samples(2150, 40000)
    rig.take(frame)
    assert rig.fleet.live_only
    rig.take(board.samples(2160, 40000))
    rig.keeper.surprised, rig.keeper.ready = False, True
    rig.take()
    assert rig.keeper.samples() == [0]
    rig.take(board.samples(2160, 40000, seq=1), frame)
    assert rig.keeper.samples() == [0, 1]
    assert not rig.fleet.live_only
    assert rig.fleet.devices()[0].ledger.balanced


def test_an_ack_of_before_an_outage_comes_after_its_commit(rig: Rig) -> None:
    """Acks that were due when the keeper stopped wait with their frames."""
    board = Board()
    rig.take(board.hello())
    rig.keeper.taken.clear()
    rig.keeper.surprised = True
    rig.take(board.samples(2150, 40000))
    assert rig.wire.sent == []
    rig.keeper.surprised, rig.keeper.ready = False, True
    rig.take()
    rig.keeper.commit(rig.engine)
    assert rig.wire.sent == [[8, board.boot, 1]]


def test_a_keeper_that_is_ready_again_within_a_step_gets_the_frames_with_their_acks(rig: Rig) -> None:
    """The engine had taken frames when the keeper stopped, and it goes on while the engine waits for something to come:
    acks that waited do not go out ahead of the batch that has their frames."""
    board = Board()
    rig.take(board.hello())
    rig.keeper.commit(rig.engine)
    rig.now += 0.2
    rig.engine.submit(Received("serial", "/dev/ttyACM0", time.time(), FRAME, board.samples(2150, 40000), token="t"))
    for ready in (False, True):
        rig.engine.call(partial(rig.keeper.turn, ready))
        rig.engine.step(0)
    with_acks = [records for records, actions in rig.keeper.taken if actions]
    assert [[one.seq for one in records if isinstance(one, SamplesRecord)] for records in with_acks] == [[0]]
