"""The outbox: what it keeps, what it gives up, and that it counts exactly."""

import random
from itertools import pairwise

import pytest

from boardpulse.outbox import CRASH, EVENT, SAMPLES, Outbox
from shared_schema.cbor import encode
from shared_schema.framing import LEAD, encode_frame, seal

KINDS = (SAMPLES, EVENT, CRASH)


def frame_of(seq: int, kind: int, length: int) -> bytes:
    """A frame whose content depends on all three."""
    return encode([seq, kind, bytes((seq + i) & 0xFF for i in range(length))])


def content(outbox: Outbox) -> list[tuple[int, bytes]]:
    """(seq, stored bytes) of all frames that wait, oldest first."""
    waiting = [i for i in range(outbox.count) if not outbox.done(i)]
    places = [(outbox.seq(i), outbox.offset(i), outbox.length(i)) for i in waiting]
    return [(seq, bytes(outbox.buf[at : at + length])) for seq, at, length in places]


def fill(outbox: Outbox, kind: int, count: int, length: int = 40) -> None:
    """Put `count` frames of a kind."""
    for _ in range(count):
        outbox.put(frame_of(outbox.next_seq, kind, length), kind)


def test_frames_come_out_in_their_order_and_unchanged() -> None:
    """What was put in stands there byte for byte, the oldest first."""
    outbox = Outbox(1000)
    fill(outbox, SAMPLES, 5)
    assert content(outbox) == [(seq, frame_of(seq, SAMPLES, 40)) for seq in range(5)]


def test_frames_for_a_uart_are_stored_in_their_form_on_the_line() -> None:
    """With `seal` a frame is stored as encode_frame() makes it, so that sending it again costs nothing."""
    outbox = Outbox(1000, seal, LEAD)
    fill(outbox, EVENT, 3, 300)
    assert content(outbox) == [(seq, encode_frame(frame_of(seq, EVENT, 300))) for seq in range(3)]


def test_an_acknowledgement_forgets_all_before_it() -> None:
    """`next` is the first number that is still wanted."""
    outbox = Outbox(1000)
    fill(outbox, SAMPLES, 5)
    outbox.sent = 5
    assert outbox.acknowledge_below(3)
    assert [seq for seq, _ in content(outbox)] == [3, 4]
    assert outbox.sent == 2


@pytest.mark.parametrize("following", [0, 2, 6, 1 << 32])
def test_a_senseless_acknowledgement_is_ignored(following: int) -> None:
    """Smaller than before, or beyond what was sent: nothing changes."""
    outbox = Outbox(1000)
    fill(outbox, SAMPLES, 6)
    outbox.sent = 5
    outbox.acknowledge_below(2)
    assert not outbox.acknowledge_below(following)
    assert [seq for seq, _ in content(outbox)] == [2, 3, 4, 5]


def test_pubacks_in_any_order_free_what_they_can() -> None:
    """A frame that is acknowledged before an older one stays until that one is, and is not sent again."""
    outbox = Outbox(1000)
    fill(outbox, SAMPLES, 4)
    for index in range(4):
        outbox.set_pid(index, 100 + index)
    outbox.sent = 4
    assert outbox.acknowledge_pid(102)
    assert not outbox.acknowledge_pid(102)
    assert not outbox.acknowledge_pid(7)
    assert [outbox.done(index) for index in range(4)] == [False, False, True, False]
    assert outbox.acknowledge_pid(100)
    assert [seq for seq, _ in content(outbox)] == [1, 3]
    assert outbox.acknowledge_pid(101)
    assert [seq for seq, _ in content(outbox)] == [3]


def test_of_single_samples_a_full_outbox_gives_up_every_second_from_the_oldest_on() -> None:
    """Frames that cannot be made coarser go by turns, so that what is left still spans the time; events stay."""
    outbox = Outbox(1000)
    fill(outbox, CRASH, 1)
    fill(outbox, SAMPLES, 10)
    fill(outbox, EVENT, 2)
    fill(outbox, SAMPLES, 12)
    kept = [seq for seq, _ in content(outbox)]
    assert kept == [0, 1, 3, 5, 7, 9, 10, 11, 12, *range(13, 25)]
    assert outbox.dropped == [4, 0, 0]


def test_what_is_kept_reaches_far_back_in_steps_that_grow_with_its_age() -> None:
    """After twenty times what it holds: the newest frames one by one, the older ones ever more apart, no long run
    missing."""
    outbox = Outbox(4000)
    fill(outbox, SAMPLES, 2000)
    kept = [seq for seq, _ in content(outbox)]
    assert kept[0] < 200
    assert kept[-10:] == list(range(1990, 2000))
    assert outbox.dropped == [2000 - len(kept), 0, 0]
    for earlier, later in pairwise(kept):
        assert later - earlier <= 10 + (2000 - later) // 3


def test_no_new_frame_is_sent_for_which_a_bridge_would_take_the_oldest_for_too_old() -> None:
    """4096 numbers above the oldest that is held: it goes out when the oldest has arrived."""
    outbox = Outbox(4000)
    fill(outbox, CRASH, 1)
    fill(outbox, SAMPLES, 6000)
    sent = []
    while outbox.pass_done():
        sent.append(outbox.seq(outbox.sent))
        outbox.sent += 1
    assert sent[0] == 0
    assert 3500 < sent[-1] < 4096
    assert outbox.acknowledge_below(1)
    assert outbox.pass_done() is (outbox.seq(outbox.sent) - outbox.seq(0) < 4096)
    outbox.acknowledge_below(sent[-1] + 1)
    assert outbox.pass_done()


def test_events_give_way_to_crashes_and_not_to_samples() -> None:
    """An outbox full of events takes a crash, but no sample."""
    outbox = Outbox(500)
    fill(outbox, EVENT, 11)
    held = outbox.count
    fill(outbox, SAMPLES, 1)
    assert (outbox.dropped, held) == ([1, 0, 0], 11)
    fill(outbox, CRASH, 1)
    assert outbox.dropped == [1, 1, 0]
    assert content(outbox)[-1][0] == 12


def test_groups_that_alternate_are_both_thinned_out() -> None:
    """Every second frame of each group, not of all: else one of the two would vanish."""
    outbox = Outbox(2000)
    for i in range(200):
        fill(outbox, SAMPLES | i % 2 << 2, 1)
    numbers = [seq for seq, _ in content(outbox)]
    evens = sum(seq % 2 == 0 for seq in numbers)
    assert 0.3 < evens / len(numbers) < 0.7


def test_a_frame_that_can_never_fit_uses_up_its_number() -> None:
    """The bridge sees a gap, and the count that explains it."""
    outbox = Outbox(100)
    assert outbox.begin(101, EVENT) is None
    assert (outbox.next_seq, outbox.dropped, outbox.drops) == (1, [0, 1, 0], 1)


def test_the_report_names_the_oldest_and_the_counts() -> None:
    """Key 7 of hello: first, held, capacity, dropped by kind, thinned."""
    outbox = Outbox(1000)
    assert outbox.report(60) == [0, 0, 60, 0, 0, 0, 0]
    fill(outbox, SAMPLES, 30)
    held = len(content(outbox))
    assert outbox.report(5) == [content(outbox)[0][0], held, 5, 30 - held, 0, 0, 0]


@pytest.mark.parametrize("sealed", [False, True])
@pytest.mark.parametrize("seed", range(40))
def test_no_frame_is_damaged_and_none_goes_uncounted(seed: int, sealed: bool) -> None:
    """Whatever is put, acknowledged and given up in whatever order: made = acknowledged + held + dropped, and the
    held are intact."""
    dice = random.Random(seed)
    outbox = Outbox(dice.choice([200, 700, 3000]), seal if sealed else None, LEAD if sealed else 0)
    made: dict[int, bytes] = {}
    acknowledged = pids = 0
    for _ in range(400):
        action = dice.random()
        if action < 0.7:
            kind = dice.choices(KINDS, (8, 2, 1))[0]
            frame = frame_of(outbox.next_seq, kind, dice.randrange(1, 180))
            made[outbox.next_seq] = encode_frame(frame) if sealed else frame
            outbox.put(frame, kind)
        elif action < 0.8 and outbox.pass_done():
            pids += 1
            outbox.set_pid(outbox.sent, pids)
            outbox.sent += 1
        elif action < 0.9 and outbox.sent:
            index = dice.randrange(outbox.sent)
            if not outbox.done(index):
                acknowledged += outbox.acknowledge_pid(outbox.pid(index))
        elif outbox.sent:
            following = outbox.seq(dice.randrange(outbox.sent)) + 1
            held = sum(not outbox.done(i) for i in range(outbox.count))
            outbox.acknowledge_below(following)
            acknowledged += held - sum(not outbox.done(i) for i in range(outbox.count))
        assert all(frame == made[seq] for seq, frame in content(outbox))
        assert 0 <= outbox.again <= outbox.count
        assert 0 <= outbox.sent <= outbox.count
        assert outbox.free() + sum(len(frame) for _, frame in content(outbox)) == outbox.size
        waiting = len(content(outbox))
        assert len(made) == outbox.next_seq == acknowledged + waiting + sum(outbox.dropped)
