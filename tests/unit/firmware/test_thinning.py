"""Thinning: what a full outbox takes out of its frames, that the rest stays true, and that it counts exactly."""

import random
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import pytest

from boardpulse.clock import Clock
from boardpulse.group import Group
from boardpulse.outbox import CRASH, EVENT, Outbox
from boardpulse.sampler import Sampler
from boardpulse.sealing import Sealing
from shared_schema import columns as schema_columns
from shared_schema import framing
from shared_schema.cbor import encode
from shared_schema.cbor_reader import loads
from shared_schema.encode import boot_bytes
from shared_schema.errors import BufferFullError
from shared_schema.parse import Samples, parse
from tests.fakes.firmware import Scripted, Ticks

BOOT = 0x12345678
KEY = bytes(range(32))
FORMS = ("bare", "uart", "sealed", "sealed uart")
Sample = tuple[int, list[Any]]  # uptime in ms, values


class Board:
    """Groups of one sensor each, and an outbox of a form; what was sampled is written down by seq."""

    def __init__(self, form: str, size: int, shapes: list[tuple[int, int, int]], seed: int) -> None:
        """`shapes`: (interval in ms, batch, columns) of each group."""
        self.dice = random.Random(seed)
        self.ticks = Ticks()
        self.clock = Clock(self.ticks, self.ticks.mask)
        self.sealing = Sealing("board", KEY, framing.seal if "uart" in form else None) if "sealed" in form else None
        lead = framing.LEAD if "uart" in form else 0
        if self.sealing is not None:
            self.outbox = Outbox(size, self.sealing.seal, lead + self.sealing.lead, self.sealing.more)
        else:
            self.outbox = Outbox(size, framing.seal if "uart" in form else None, lead)
        self.uart = "uart" in form
        self.sampler = Sampler()
        self.sensors = []
        for interval_ms, batch, width in shapes:
            sensor = Scripted([[0] * width], tuple(range(1, width + 1)), f"s{len(self.sensors)}")
            self.sensors.append(sensor)
            self.sampler.enroll(sensor, interval_ms, batch, sensor.name)
        self.sampler.begin_sampling(0)
        self.outbox.groups = self.sampler.groups
        self.made: dict[int, tuple[int, list[Sample]]] = {}  # seq: group, samples
        self.others: dict[int, tuple[int, bytes]] = {}
        self.walk = [[self.dice.choice([0, 20, 300, 70000, 1 << 31]) for _ in range(w)] for _, _, w in shapes]

    def sample(self, number: int, jitter: int = 0) -> None:
        """Fill a frame of a group, and put it into the outbox."""
        group = self.sampler.groups[number]
        samples: list[Sample] = []
        for _ in range(group.batch):
            self.ticks.advance(group.interval_ms + (self.dice.randrange(jitter + 1)))
            self.clock.update()
            row = [self._value(number, column) for column in range(len(group.columns))]
            self.sensors[number].readings = [row]
            samples.append((self.clock.uptime_ms(), row))
            group.take(self.clock, None)  # type: ignore[arg-type]  # no sensor fails here
        group.part = group.n
        w = self.outbox.begin(min(group.room * 2, self.outbox.largest), 0)
        if w is not None:
            try:
                group.encode(w, boot_bytes(BOOT), self.outbox.next_seq, 0)
                self.made[self.outbox.next_seq] = (number, samples)
                self.outbox.commit(number << 2 | (group.part == 1) << 7)
            except BufferFullError:
                self.outbox.give_up(0)
        group.clear()

    def _value(self, number: int, column: int) -> Any:
        """A value that may stay, move by little or much, be missing or no number: each column has its habits."""
        habit = (number * 7 + column) % 5
        if habit == 0:
            return 4711
        if habit == 1 and self.dice.random() < 0.4:
            return self.dice.choice([None, float("inf"), float("-inf")])
        step = (0, 1, 30, 500, 100000)[self.dice.randrange(2 + habit if habit < 4 else 5)]
        self.walk[number][column] += self.dice.randint(-step, step)
        return self.walk[number][column]

    def tell(self, kind: int, length: int) -> None:
        """Put an event of about `length` bytes."""
        frame = encode([3, BOOT, self.outbox.next_seq, 1, {1: 0, 2: 1, 3: "x" * length}])
        self.others[self.outbox.next_seq] = (kind, frame)
        self.outbox.put(frame, kind)

    def held(self) -> dict[int, bytes]:
        """The frames that wait, by seq, as a bridge would see them."""
        out = {}
        for i in range(self.outbox.count):
            if not self.outbox.done(i):
                at = self.outbox.offset(i)
                out[self.outbox.seq(i)] = self.opened(bytes(self.outbox.buf[at : at + self.outbox.length(i)]))
        return out

    def opened(self, stored: bytes) -> bytes:
        """What is in the stored form of a frame."""
        if self.uart:
            ((what, payload),) = framing.Deframer().feed(stored)
            assert what == framing.FRAME, payload
            assert isinstance(payload, bytes)
            stored = payload
        if self.sealing is not None:
            stored = self.sealing.unwrap(stored)
            assert stored
        return stored

    def check(self, seq: int, frame: bytes) -> int:
        """Assert that a frame says nothing but what was made. How many samples it has lost."""
        if seq in self.others:
            assert frame == self.others[seq][1]
            return 0
        number, samples = self.made[seq]
        message = parse(loads(frame))
        assert isinstance(message, Samples)
        assert (message.seq, message.boot, message.group) == (seq, BOOT, number)
        left = samples_of(message, self.sampler.groups[number].interval_ms)
        assert left[0] == samples[0]
        assert message.removed == len(samples) - len(left)
        true = dict(samples)
        assert all(true[uptime] == row for uptime, row in left)
        assert frame == canonical(message, left, self.sampler.groups[number].interval_ms)
        return len(samples) - len(left)


def samples_of(message: Samples, interval_ms: int) -> list[Sample]:
    """The samples in a frame, as a bridge dates and reads them."""
    offsets = schema_columns.offsets(message.times, interval_ms)
    values = [schema_columns.expand(column, len(offsets)) for column in message.columns]
    return [(message.uptime + offset, [column[i] for column in values]) for i, offset in enumerate(offsets)]


def canonical(message: Samples, samples: list[Sample], interval_ms: int) -> bytes:
    """The frame that an encoder makes of these samples at once (SPEC.md section 4)."""
    gaps = [later[0] - earlier[0] - interval_ms for earlier, later in pairwise(samples)]
    item: list[Any] = [2, message.boot, message.seq, message.uptime, message.declaration]
    item += [message.group + 32 * message.removed]
    item.append(gaps if any(gaps) else len(samples))
    for column in zip(*(row for _, row in samples), strict=True):
        out: list[Any] = []
        before = 0
        for value in column:
            whole = type(value) is int
            out.append(value - before if whole else value)
            before = value if whole else before
        item.append(column[0] if all(value == column[0] for value in column) else out)
    return encode(item, 8192)


@dataclass
class Account:
    """What became of the frames of a Board, as counted from outside."""

    board: Board
    acknowledged: set[int] = field(default_factory=set)
    thinned: int = 0

    def acknowledge(self, following: int) -> None:
        """Have all below `following` acknowledged."""
        before = self.board.held()
        self.board.outbox.acknowledge_below(following)
        self._note(before)

    def puback(self, index: int) -> None:
        """Have the frame at a position acknowledged by its packet id."""
        before = self.board.held()
        self.board.outbox.acknowledge_pid(self.board.outbox.pid(index))
        self._note(before)

    def _note(self, before: dict[int, bytes]) -> None:
        after = self.board.held()
        for seq in before.keys() - after.keys():
            assert seq not in self.acknowledged
            self.acknowledged.add(seq)
            self.thinned += self.board.check(seq, before[seq])

    def check(self) -> None:
        """Everything adds up, and what waits is true."""
        outbox = self.board.outbox
        held = self.board.held()
        for seq, frame in held.items():
            self.board.check(seq, frame)
        assert not held.keys() & self.acknowledged
        assert outbox.next_seq == len(self.acknowledged) + len(held) + sum(outbox.dropped)
        others = self.board.others
        for kind in (EVENT, CRASH):
            numbers = {seq for seq in others if others[seq][0] == kind}
            assert len(numbers - held.keys() - self.acknowledged) == outbox.dropped[kind]
        assert outbox.thinned == self.thinned
        assert outbox.report(0)[1] == len(held)


@pytest.mark.parametrize("form", FORMS)
def test_a_full_outbox_halves_its_oldest_samples_and_drops_none(form: str) -> None:
    """More frames than fit: of the oldest, half of the samples go, then three quarters; no frame is missing."""
    board = Board(form, 12000, [(1000, 60, 8)], 1)
    for _ in range(20):
        board.sample(0)
    lost = [board.check(seq, frame) for seq, frame in board.held().items()]
    assert board.outbox.dropped == [0, 0, 0]
    assert len(lost) == 20
    assert lost == sorted(lost, reverse=True)
    assert lost[0] >= 30
    assert lost[-1] == 0
    assert set(lost) <= {0, 30, 45}


@pytest.mark.parametrize("form", FORMS)
def test_what_is_thinned_keeps_its_times(form: str) -> None:
    """Samples at uneven times, with nulls and specials, counters beyond 32 bits: what is left is as it was sampled."""
    board = Board(form, 6000, [(1000, 20, 12), (250, 7, 3)], 2)
    for i in range(60):
        board.sample(i % 2, jitter=400)
    lost = {seq: board.check(seq, frame) for seq, frame in board.held().items()}
    assert sum(lost.values()) > 0


def test_frames_that_would_not_get_smaller_are_left_alone_and_go_by_turns() -> None:
    """Constant columns take a byte or two each, however many samples they stand for; their thinned times would take
    more."""
    board = Board("uart", 1500, [(1000, 60, 1)], 3)
    for _ in range(100):
        board.sample(0)
    held = board.held()
    assert [board.check(seq, frame) for seq, frame in held.items()] == [0] * len(held)
    assert board.outbox.dropped[0] == 100 - len(held)


def test_samples_from_before_a_change_of_the_interval_are_not_thinned() -> None:
    """Their times are relative to an interval that the group no longer has."""
    board = Board("bare", 4000, [(1000, 30, 6)], 4)
    board.sample(0)
    board.sample(0)
    before = board.held()
    board.sampler.groups[0].interval_ms = 500
    board.sampler.groups[0].since = board.outbox.next_seq
    while board.outbox.drops == 0:
        board.sample(0)
    after = board.held()
    assert all(before[seq] == after[seq] for seq in before.keys() & after.keys())
    assert any(board.check(seq, frame) for seq, frame in after.items() if seq not in before)


def test_a_frame_that_is_given_up_after_all_counts_no_thinned_samples() -> None:
    """Key 7 counts samples removed from frames that were delivered: it never falls."""
    board = Board("uart", 3000, [(1000, 16, 6)], 5)
    account = Account(board)
    for _ in range(400):
        board.sample(0)
    assert board.outbox.dropped[0] > 0
    assert board.outbox.thinned == 0
    board.outbox.sent = board.outbox.count
    account.acknowledge(board.outbox.next_seq)
    assert board.outbox.thinned == account.thinned > 0
    account.check()


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("seed", range(20))
def test_whatever_happens_made_is_acknowledged_and_held_and_dropped(form: str, seed: int) -> None:
    """Any sequence of frames, kinds, sizes, acknowledgements and reconnections: the counts add up by kind, thinned
    samples are counted exactly, and each frame says what was sampled, when it was."""
    dice = random.Random(seed)
    shapes = [(dice.choice([100, 1000, 60000]), dice.choice([1, 2, 5, 16, 60]), dice.randrange(1, 9)) for _ in "abc"]
    board = Board(form, dice.choice([1200, 3000, 9000]), shapes, seed)
    account = Account(board)
    outbox = board.outbox
    cumulative = dice.random() < 0.5
    for turn in range(250):
        action = dice.random()
        if action < 0.55:
            board.sample(dice.randrange(3), dice.choice([0, 0, 50]))
        elif action < 0.7:
            board.tell(dice.choice([EVENT, EVENT, CRASH]), dice.randrange(150))
        elif action < 0.85 and outbox.pass_done():
            outbox.set_pid(outbox.sent, outbox.seq(outbox.sent) + 1)
            outbox.sent += 1
        elif action < 0.9:
            outbox.again, outbox.until = 0, outbox.sent
        elif outbox.sent and dice.random() < 0.3:
            index = dice.randrange(outbox.sent)
            account.acknowledge(outbox.seq(index) + 1) if cumulative else account.puback(index)
        if turn % 8 == 0:
            account.check()
    assert outbox.again <= outbox.until <= outbox.sent <= outbox.count
    outbox.pass_done()
    outbox.sent = outbox.count
    account.acknowledge(outbox.next_seq)
    account.check()
    assert (outbox.count, outbox.used) == (0, 0)


def test_groups_count_as_the_board_numbers_them() -> None:
    """A mark has five bits for the group: as many as a declaration may have."""
    group = Group(1000, 2)
    group.number = 31
    assert group.number << 2 | 0x80 < 256
