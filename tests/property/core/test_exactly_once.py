"""Whatever is killed, cut or unavailable, and whenever: each frame is stored once or told as given up, none is
acknowledged before it is stored, and the ledger adds up.

The engine and the core are real; the store is one in memory whose commits the test releases, refuses or forgets; boards
and broker are models that keep what is not acknowledged.
"""

from collections import Counter
from collections.abc import Sequence
from functools import partial

from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from host_bridge.core.actions import Action, LogLine
from host_bridge.core.fleet import Fleet
from host_bridge.core.records import Record
from host_bridge.engine import Engine
from host_bridge.settings import Settings
from tests.support.kept import Memory
from tests.support.modelled import BROKER_ACKS, T0, Broker, Line, ModelBoard


class Store:
    """The engine's Keeper: batches wait until the test commits them."""

    def __init__(self, memory: Memory) -> None:
        self.memory = memory
        self.ready = True
        self.refuses = False
        self.batches: list[tuple[Sequence[Record], Sequence[Action]]] = []

    def submit(self, records: Sequence[Record], actions: Sequence[Action]) -> bool:
        """Take a batch."""
        if self.refuses or not self.ready:
            return False
        self.batches.append((records, actions))
        return True

    def turn(self, ready: bool) -> Sequence[Action]:
        """Stop, or go on, while the engine is within a step."""
        self.ready = ready
        return ()


class EverythingFails(RuleBasedStateMachine):
    """A board on a UART, one whose broker acknowledges, and one on MQTT that waits for the bridge."""

    @initialize()
    def begin(self) -> None:
        self.now = 1000.0
        self.memory = Memory()
        self.line, self.broker = Line(), Broker()
        self.boards = [
            ModelBoard(f"board-{number}", number, self.broker if number else self.line) for number in range(3)
        ]
        self.boards[BROKER_ACKS].acks = False
        self.line.board = self.boards[0]
        self.broker.boards = {board.device_id: board for board in self.boards[1:]}
        self.start(late=False)

    def start(self, late: bool) -> None:
        """A bridge that knows what is stored, or will know it when the store can be opened."""
        self.fleet = Fleet(Settings(keep=True, send_time=False))
        self.store = Store(self.memory)
        self.store.ready = not late
        self.late = late
        self.engine = Engine(
            self.fleet,
            [self.line, self.broker],
            log=self.log,
            queue_frames=30,
            keeper=self.store,
            clock=lambda: self.now,
            wall=self.wall,
        )
        if not late:
            self.restore()
        self.engine.step(0)
        self.line.connect(self.engine.submit, self.wall)
        self.broker.connect(self.engine.submit, self.wall)

    def wall(self) -> float:
        """Unix time."""
        return T0 + self.now

    def log(self, line: LogLine) -> None:
        """Bugs are counted by the engine; see no_bugs."""

    def restore(self) -> Sequence[Action]:
        """Take up what is stored."""
        actions = self.fleet.restore(self.memory.load(), self.now, T0 + self.now)
        assert not actions, actions
        self.store.ready, self.late = True, False
        return ()

    @rule(which=st.integers(0, 2), event=st.booleans())
    def make(self, which: int, event: bool) -> None:
        """A board makes a frame; a full outbox gives up another."""
        self.boards[which].make(event, self.now)

    @rule(which=st.integers(0, 2), frames=st.integers(1, 8), lost=st.sets(st.integers(0, 7)))
    def send(self, which: int, frames: int, lost: set[int]) -> None:
        """A board sends what it holds, oldest first; some of it, or some of what the broker answers, is lost."""
        self.boards[which].send(frames, lost)

    @rule(which=st.integers(0, 2), arrives=st.booleans())
    def hello(self, which: int, arrives: bool) -> None:
        """A board says who it is."""
        self.boards[which].hello(arrives)

    @rule(which=st.integers(0, 2), spilled=st.booleans(), arrives=st.booleans())
    def reset(self, which: int, spilled: bool, arrives: bool) -> None:
        """A board starts anew. What it held is on its flash, or gone. Four boots are known at the same time."""
        self.drain()
        if self.broker.boots(self.boards[which]) >= 4:
            return
        self.boards[which].reset(spilled)
        self.boards[which].hello(arrives)

    @rule(which=st.integers(0, 2), arrives=st.booleans())
    def declare(self, which: int, arrives: bool) -> None:
        """A board declares other series."""
        if self.boards[which].declare():
            self.boards[which].hello(arrives)

    @rule(deaf=st.booleans())
    def hear(self, deaf: bool) -> None:
        """What the bridge has sent arrives, or does not."""
        self.line.hear(deaf)
        self.broker.hear(deaf)

    @rule(messages=st.integers(1, 10))
    def deliver(self, messages: int) -> None:
        """The broker passes on what it holds."""
        self.broker.deliver(messages)

    @rule()
    def broker_restarts(self) -> None:
        """What was not confirmed comes again."""
        self.broker.reconnect()

    @rule(seconds=st.sampled_from([0.1, 0.3, 2.0, 6.0]))
    def step(self, seconds: float) -> None:
        """The engine takes what has come."""
        self.now += seconds
        self.engine.step(0)

    @rule(minutes=st.integers(1, 12))
    def time_passes(self, minutes: int) -> None:
        """Boots' debts become losses, held frames are let go. A broker and a store that work do not wait meanwhile."""
        for _ in range(minutes):
            self.drain()
            self.step(60.0)

    def drain(self) -> None:
        """What takes seconds or minutes is long for a broker and a store that work."""
        while self.broker.deliver(10) and not self.fleet.live_only:
            self.step(0.1)
            self.commit(10)

    @rule(batches=st.integers(1, 5))
    def commit(self, batches: int) -> None:
        """The store's thread goes on."""
        for _ in range(batches if self.store.ready else 0):
            if self.store.batches:
                records, actions = self.store.batches.pop(0)
                self.memory.commit(records)
                self.engine.release(actions)

    @rule(ready=st.booleans(), within=st.booleans())
    def store_turns(self, ready: bool, within: bool) -> None:
        """The disk is full, or has room again: between two steps of the engine, or in the middle of one."""
        if self.late:
            return
        if within:
            self.engine.call(partial(self.store.turn, ready))
        else:
            self.store.turn(ready)

    @rule()
    def store_stumbles(self) -> None:
        """It fails while the engine takes what has come, and works again while the engine waits for more."""
        for board in self.boards:
            board.make(event=False, now=self.now)
            board.send(8, set())
        self.broker.deliver(10)
        for ready in (False, True):
            self.store_turns(ready, within=True)
            self.step(0.2)
        self.commit(5)

    @rule(refuses=st.booleans())
    def store_refuses(self, refuses: bool) -> None:
        """Its queue is full."""
        self.store.refuses = refuses

    @rule(hangs=st.booleans())
    def disk_hangs(self, hangs: bool) -> None:
        """For so long that what comes is shown by another session, before it comes to be kept."""
        self.broker.late = hangs

    @rule()
    def store_opens(self) -> None:
        """What could not be opened at the start can be."""
        if self.late:
            self.engine.call(self.restore)
            self.step(0.1)

    @rule(committed=st.integers(0, 2), late=st.booleans())
    def kill(self, committed: int, late: bool) -> None:
        """kill -9, when some of what was submitted is committed, but not released; then another bridge begins."""
        for records, _ in self.store.batches[:committed] if self.store.ready else ():
            self.memory.commit(records)
        self.now += 1.0
        self.start(late)

    @invariant()
    def each_frame_is_stored_once(self) -> None:
        """At every moment."""
        twice = [name for name, times in Counter(self.stored()).items() if times > 1]
        assert not twice, twice

    @invariant()
    def what_was_acknowledged_is_stored(self) -> None:
        """At every moment: by `ack`, or by PUBACK to the broker."""
        confirmed = {name for board in self.boards for name in board.confirmed} | self.broker.confirmed
        assert confirmed <= set(self.stored())

    @invariant()
    def no_bugs(self) -> None:
        """The engine survives its own, and counts them."""
        assert not self.engine.bugs, self.engine.problem

    @invariant()
    def what_is_not_in_flight_adds_up(self) -> None:
        """At every moment."""
        for one in self.fleet.devices():
            ledger = one.ledger
            settled = ledger.received + ledger.recovered + ledger.lost + ledger.dropped
            assert ledger.expected == settled + one.in_flight, (ledger, one.in_flight)

    def stored(self) -> list[str]:
        """Names of the frames in the store."""
        samples = [f"{one.group.device_id}/{one.values[0]}" for one in self.memory.samples]
        return samples + [f"{one.device_id}/{one.message}" for one in self.memory.events]

    def teardown(self) -> None:
        """All goes well for a while. Then the books of both sides agree."""
        if not hasattr(self, "boards"):
            return
        self.quiet()
        stored = set(self.stored())
        for board in self.boards:
            assert not board.held(), board.held()
            assert board.made - stored <= board.gone
            ledger = next(one.ledger for one in self.fleet.devices() if one.device_id == board.device_id)
            own = {name for name in stored if name.startswith(board.device_id)}
            assert ledger.balanced, ledger
            # What comes after it was counted as dropped is stored, and counted as too old: no count falls.
            assert 0 <= len(own) - ledger.received - ledger.recovered <= ledger.too_old, (ledger, len(own))
            assert ledger.expected <= len(board.made), ledger
            assert ledger.lost + ledger.dropped <= len(board.gone), ledger
        # A repeat of a boot that is forgotten waits for a hello; the source confirms it after some seconds.
        assert {one.name for one in self.broker.messages} <= stored | {""}

    def quiet(self) -> None:
        """Nothing fails, until nothing is in flight."""
        self.store.refuses = False
        for _ in range(25):
            self.store_opens()
            self.store.ready = True
            for board in self.boards:
                board.hello(True)
                board.send(100, set())
            for _ in range(4):
                self.broker.deliver(10)
                self.step(0.5)
                self.commit(20)
                self.hear(False)
            self.step(60.0)
            self.commit(20)


TestEverythingFails = EverythingFails.TestCase
# Shrinking takes minutes: what is found is told as it was found.
PHASES = (Phase.explicit, Phase.reuse, Phase.generate)
TestEverythingFails.settings = settings(max_examples=100, stateful_step_count=50, phases=PHASES)
