"""The link on a line: frames whole whatever the line does, sent again until acknowledged, commands read out of
noise."""

import random

import pytest

from shared_schema.commands import encode_ack, encode_hello_request
from shared_schema.framing import encode_frame
from tests.fakes.firmware import Bench, Scripted

HELLO, SAMPLES, EVENT = 1, 2, 3


def bench_of(interval_ms: int = 1000, **options: object) -> Bench:
    """A node with one sensor whose frames nobody acknowledges."""
    options.setdefault("acks", False)
    return Bench([(Scripted([[i] for i in range(100000)]), interval_ms, 1)], **options)  # type: ignore[arg-type]


def seqs(bench: Bench) -> list[int]:
    """Numbers of the samples frames that were written since the last call."""
    return [samples.seq for samples in bench.frames(SAMPLES)]


def test_hello_is_the_first_on_the_line() -> None:
    """A bridge knows the groups before it sees a sample."""
    bench = bench_of()
    bench.step()
    assert [frame.kind for frame in bench.frames()] == [HELLO, SAMPLES]


@pytest.mark.parametrize("mouth", [1, 3, 64])
def test_short_writes_lose_nothing(mouth: int) -> None:
    """A stream that takes a byte at a time gets the same bytes."""
    whole, slow = bench_of(), bench_of(mouth=mouth)
    slow.node.boot, slow.node.boot_bytes = whole.node.boot, whole.node.boot_bytes
    for bench in (whole, slow):
        bench.run(3000, 100)
    assert slow.line.written == whole.line.written
    assert seqs(slow)


def test_a_full_line_is_waited_for() -> None:
    """What the stream does not take now goes on where it stopped."""
    bench = bench_of()
    bench.line.room = 40
    bench.step()
    assert len(bench.line.written) == 40
    bench.line.room = 1 << 20
    bench.step(10)
    assert [frame.kind for frame in bench.frames()] == [HELLO, SAMPLES]


def test_an_unacknowledged_frame_comes_again_later_and_later() -> None:
    """After 1, 2, 4, 8, 16, 30, 30 … seconds, byte for byte the same."""
    bench = Bench([(Scripted([[5]]), 86_400_000, 1)], acks=False)
    bench.step()
    first = bench.raw_frames()[1]
    when = []
    for _ in range(2400):
        bench.step(50)
        for frame in bench.raw_frames():
            assert frame == first
            when.append(bench.node.clock.uptime_ms())
    gaps = [(b - a + 500) // 1000 for a, b in zip([0, *when], when, strict=False)]
    assert gaps[:7] == [1, 2, 4, 8, 16, 30, 30]


def test_new_samples_do_not_wait_for_old_ones() -> None:
    """On a line without a bridge's voice each sample is still sent once, at once."""
    bench = bench_of()
    fresh = []
    for _ in range(60):
        bench.step(1000)
        fresh += [s.seq for s in bench.frames(SAMPLES) if s.uptime == bench.node.clock.uptime_ms()]
    assert fresh == list(range(60))


def test_the_oldest_come_again_first_and_acknowledgements_pull_the_rest() -> None:
    """A silent bridge gets a short burst; one that acknowledges gets everything at the line's speed."""
    bench = bench_of()
    for _ in range(40):
        bench.step(1000)
    bench.raw_frames()
    again: list[int] = []
    while not again:
        bench.step(500)
        again = [s for s in seqs(bench) if s < 40]
    assert again == list(range(8))
    bench.acknowledge(8)
    assert [s for s in seqs(bench) if s < 40] == list(range(8, 16))
    bench.acknowledge(16)
    assert [s for s in seqs(bench) if s < 40] == list(range(16, 24))


def test_an_acknowledgement_forgets_and_calms() -> None:
    """Acknowledged frames are gone and do not come again."""
    bench = bench_of()
    bench.run(3000, 1000)
    bench.raw_frames()
    bench.acknowledge(3)
    assert bench.node.outbox.count == 0
    bench.run(900, 100)
    assert bench.raw_frames() == []


def test_acknowledgements_of_another_boot_mean_nothing() -> None:
    """A late ack of an earlier boot never takes a frame of this one."""
    bench = bench_of()
    bench.step()
    bench.say(encode_ack(bench.node.boot ^ 1, 1))
    bench.step(10)
    assert bench.node.outbox.count == 1


def test_hello_is_repeated_when_asked_and_not_more_than_once_a_second() -> None:
    """Ten questions at once get one answer."""
    bench = bench_of(interval_ms=60000)
    bench.run(2000)
    bench.raw_frames()
    for _ in range(10):
        bench.say(encode_hello_request(None))
    bench.run(500)
    assert len(bench.frames(HELLO)) == 1
    bench.run(1000)
    bench.say(encode_hello_request(bench.node.boot))
    bench.run(500)
    assert len(bench.frames(HELLO)) == 1


def test_a_question_that_comes_too_soon_is_answered_when_its_second_is_over() -> None:
    """A bridge that starts right after the board's hello does not have to ask twice."""
    bench = bench_of(interval_ms=60000)
    bench.run(500)
    assert len(bench.frames(HELLO)) == 1
    bench.say(encode_hello_request(bench.node.boot))
    bench.run(300)
    assert bench.frames(HELLO) == []
    bench.run(2000)
    assert len(bench.frames(HELLO)) == 1


def test_commands_are_found_in_noise_and_typing() -> None:
    """Whatever stands between zeros, of whatever length: the next good frame is read, and nothing else is done."""
    dice = random.Random(5)
    bench = bench_of(interval_ms=10)
    for _ in range(200):
        bench.step(10)
        noise = bytes(dice.randrange(256) for _ in range(dice.randrange(400)))
        damaged = bytearray(encode_frame(encode_ack(bench.node.boot, 1)))
        damaged[dice.randrange(1, len(damaged) - 1)] ^= 1 << dice.randrange(8)
        bench.line.incoming += dice.choice([noise, b"help()\r\n\x03\x04", bytes(damaged), b"\x00" * 5])
        bench.line.incoming += b"\x00"
        before = bench.node.outbox.seq(0)
        bench.step(1)
        assert bench.node.outbox.seq(0) == before
        bench.acknowledge(before + 1)
        assert bench.node.outbox.seq(0) == before + 1 if bench.node.outbox.count else True
    assert bench.node.link.errors > 50


def test_a_line_that_breaks_is_opened_again() -> None:
    """The board keeps sampling; it tries again with a back-off, tells both, and loses no frame that its outbox
    could hold."""
    bench = bench_of()
    bench.run(2000, 100)
    bench.line.broken = True
    bench.run(10000, 100)
    attempts = bench.opened
    assert bench.line.closed
    assert 3 <= attempts <= 6
    bench.line.broken = False
    bench.line.written.clear()
    bench.run(8000, 100)
    frames = bench.frames()
    assert frames[0].kind == HELLO
    assert [(e.type, e.source) for e in frames if e.kind == EVENT][:2] == [(5, "uart"), (5, "uart")]
    made = bench.node.outbox.next_seq
    assert {f.seq for f in frames if f.kind != HELLO} >= set(range(1, made))
    assert bench.node.link.reconnects == 1


def test_a_port_that_is_missing_at_the_start_does_not_stop_the_node() -> None:
    """Samples wait in the outbox until it is there."""
    bench = bench_of()
    bench.line.broken = True
    bench.run(3000, 100)
    assert bench.node.outbox.count >= 3
    bench.line.broken = False
    bench.run(5000, 100)
    assert set(seqs(bench)) >= {0, 2, 3}


def test_a_frame_that_moves_while_it_is_half_written_is_sent_whole() -> None:
    """When the outbox must give up others in the middle of a write, the line still carries whole frames afterwards."""
    bench = Bench([(Scripted([[i, 7] for i in range(1000)], (3, 4)), 1000, 1)], outbox_bytes=300, acks=False)
    node = bench.node
    bench.step()
    bench.raw_frames()
    node.log("error", "x" * 60)
    bench.line.room = 30
    bench.step(10)
    for _ in range(30):  # nothing leaves, everything moves
        bench.line.room = 0
        bench.step(1000)
    bench.line.room = 1 << 20
    bench.line.written[:0] = b"\x00"
    bench.step(10)
    whole = [payload for what, payload in bench._deframer.feed(bytes(bench.line.written)) if what == 0]
    assert len(whole) >= node.outbox.count
    assert node.outbox.dropped[0] > 0
    assert node.outbox.dropped[1] == 0


def test_a_line_that_is_never_silent_does_not_stop_the_sampling() -> None:
    """A step reads so much and no more."""
    bench = bench_with_noise()
    before = bench.node.outbox.next_seq
    bench.run(3000, 1000)
    assert bench.node.outbox.next_seq == before + 3
    assert len(bench.line.incoming) > 90_000


def bench_with_noise() -> Bench:
    """A node whose line brings a hundred thousand bytes of nonsense."""
    bench = Bench([(Scripted([[1]]), 1000, 1)])
    bench.line.incoming += bytes(range(1, 201)) * 500
    return bench
