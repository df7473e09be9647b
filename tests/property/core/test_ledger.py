"""The ledger adds up, whatever happens to frames between board and bridge."""

from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from host_bridge.core.sequence import RECEIVED, RECOVERED, Sequence
from tests.support.boards import Board, Bridge, sent


@given(st.lists(st.integers(0, 60), max_size=300))
def test_any_order_and_any_repeats(arrivals: list[int]) -> None:
    """Every number is counted once; every other arrival of it is a repeat."""
    s = Sequence(0)
    used = [seq for seq in arrivals if s.take(seq) in (RECEIVED, RECOVERED)]
    came = set(arrivals)
    assert sorted(used) == sorted(came)
    assert s.received + s.recovered == len(came)
    assert s.repeated == len(arrivals) - len(came)
    assert s.expected == max(came, default=-1) + 1
    assert s.open == s.expected - len(came)
    assert s.next == next(n for n in range(100) if n not in came)
    s.close()
    assert s.expected == s.received + s.recovered + s.lost


@given(
    st.integers(0, 5000),
    st.tuples(*[st.integers(0, 2000)] * 3),
    st.lists(
        st.tuples(st.integers(0, 12_000), st.none() | st.tuples(*[st.integers(0, 50)] * 3)), min_size=1, max_size=60
    ),
)
def test_reports_and_arrivals_in_any_order_keep_the_balance(
    first: int, dropped: tuple[int, int, int], steps: list[tuple[int, tuple[int, int, int] | None]]
) -> None:
    """Even nonsense from a board leaves sums that add up. No count falls, but lost, by what came after all."""
    s = Sequence(first, dropped)
    told = dropped
    before = (0, 0, 0, 0, 0)
    for seq, more in steps:
        if more is None:
            s.take(seq)
        else:
            told = tuple(a + b for a, b in zip(told, more, strict=True))  # type: ignore[assignment]  # three
            s.report(seq, told)
        now = (s.expected, s.received, s.recovered, s.repeated, sum(s.dropped))
        assert all(a <= b for a, b in zip(before, now, strict=True)), (before, now)
        before = now
        assert s.expected - s.open == s.received + s.recovered + s.lost + sum(s.dropped)
    s.close()
    assert s.open == 0
    assert s.expected == s.received + s.recovered + s.lost + sum(s.dropped)


class ABoardOnABadLine(RuleBasedStateMachine):
    """A board with an outbox of eight frames on a line that loses, repeats and reorders in both directions.

    What the board itself wrote down is the truth that the bridge's ledger is held to.
    """

    def __init__(self) -> None:
        super().__init__()
        self.bridge = Bridge()
        self.board = Board(series=[[1, "gc"]])
        self.outbox: dict[int, bytes] = {}
        self.dropped = 0
        self.acknowledged = 0
        self.line: list[bytes] = []
        self.used: set[int] = set()
        self.bridge.uart(self.board.hello())

    @rule()
    def sample(self) -> None:
        """The board makes a frame; a full outbox drops the oldest."""
        seq = self.board.seq
        frame = self.board.samples(seq, uptime=seq * 1000)
        if len(self.outbox) == 8:
            del self.outbox[min(self.outbox)]
            self.dropped += 1
        self.outbox[seq] = frame
        self.line.append(frame)

    @rule(data=st.data())
    def deliver(self, data: st.DataObject) -> None:
        """A frame arrives: any of those on the line, maybe to arrive again."""
        if self.line:
            index = data.draw(st.integers(0, len(self.line) - 1))
            frame = self.line[index] if data.draw(st.booleans()) else self.line.pop(index)
            self.hear(self.bridge.uart(frame))

    @rule()
    def lose(self) -> None:
        """Noise."""
        if self.line:
            self.line.pop(0)

    @rule()
    def resend(self) -> None:
        """The oldest frame that is not acknowledged."""
        if self.outbox:
            self.line.append(self.outbox[min(self.outbox)])

    @rule(arrives=st.booleans())
    def tick(self, arrives: bool) -> None:
        """Acks are due; they may be lost, too."""
        actions = self.bridge.after(0.2)
        if arrives:
            self.hear(actions)

    def hear(self, actions: list) -> None:  # type: ignore[type-arg]  # of any kind
        """Forget what is acknowledged."""
        for frame in sent(actions):
            if frame[0] == 8:
                assert frame[2] >= self.acknowledged
                self.acknowledged = frame[2]
                self.outbox = {seq: held for seq, held in self.outbox.items() if seq >= frame[2]}

    @rule()
    def hello(self) -> None:
        """After all that is on the line has come or been lost: a UART keeps the order of what it does not lose."""
        self.line.clear()
        self.greet()

    def greet(self) -> None:
        self.board.first = min(self.outbox, default=self.board.seq)
        self.board.dropped = (self.dropped, 0, 0)
        self.bridge.uart(self.board.hello(uptime=self.board.seq * 1000))

    @invariant()
    def what_is_settled_adds_up(self) -> None:
        """At every moment: the difference is what is in flight or in the outbox."""
        ledger = self.bridge.ledger()
        settled = ledger.received + ledger.recovered + ledger.lost + ledger.dropped
        assert 0 <= ledger.expected - settled <= self.board.seq

    def teardown(self) -> None:
        """The line gets better: everything that is still held arrives. Then the books of both sides must agree."""
        self.line.clear()
        for seq in sorted(self.outbox):
            self.bridge.uart(self.outbox[seq])
        self.outbox.clear()
        self.greet()
        ledger = self.bridge.ledger()
        assert ledger.expected == self.board.seq
        assert ledger.balanced
        # Dropped frames may have arrived before the board gave them up: the rest is dropped, and nothing is lost.
        assert ledger.received + ledger.recovered >= self.board.seq - self.dropped
        assert ledger.lost == 0
        assert ledger.dropped <= self.dropped


TestABoardOnABadLine = ABoardOnABadLine.TestCase
