"""The node: what is rare, and that nothing that fails stops the rest."""

import asyncio
from typing import Any

import pytest

from boardpulse.tasks import guard
from shared_schema.cbor import encode
from shared_schema.commands import encode_hello_request, encode_reset, encode_set
from tests.fakes.firmware import Bench, Scripted

HELLO, SAMPLES, EVENT, BYE = 1, 2, 3, 5
T_2026 = 1767225600


def bench_of(*readings: Any, interval_ms: int = 1000, batch: int = 1, **options: Any) -> Bench:
    """A node with one sensor, its hello read."""
    bench = Bench([(Scripted(readings or [[1]]), interval_ms, batch)], **options)
    bench.step()
    bench.frames()
    return bench


def answers(bench: Bench) -> list[tuple[int, int]]:
    """(command, code) of the answers since the last call."""
    return [(e.command, e.code) for e in bench.frames(EVENT) if e.type == 4]


def test_log_lines_carry_severity_and_fields() -> None:
    """What is no int, text, bool or None is sent as text."""
    bench = bench_of()
    bench.node.log("warning", "low on paint", colour="red", litres=2, share=0.25, empty=False, by=None)
    bench.step()
    (event,) = bench.frames(EVENT)
    assert (event.type, event.severity, event.message) == (0, 2, "low on paint")
    assert event.fields == {"colour": "red", "litres": 2, "share": "0.25", "empty": False, "by": None}


def test_log_lines_below_the_level_are_not_sent() -> None:
    """The level is a command's, or the configuration's."""
    bench = bench_of()
    bench.say(encode_set(bench.node.boot, 1, {5: 3}))
    bench.step()
    bench.node.log("warning", "no")
    bench.node.log("error", "yes")
    bench.step()
    assert [e.message for e in bench.frames(EVENT) if e.type == 0] == ["yes"]


def test_an_unknown_severity_is_the_callers_fault() -> None:
    """It raises, and names those that there are."""
    with pytest.raises(ValueError, match="debug, info"):
        bench_of().node.log("loud", "x")


def test_huge_texts_are_cut() -> None:
    """A message keeps its beginning, a traceback its end."""
    bench = bench_of()
    bench.node.log("info", "ä" * 5000, **{"k" * 500: "v" * 5000})
    bench.step()
    (event,) = bench.frames(EVENT)
    assert event.message == "ä" * 1000
    assert {(len(key), len(value)) for key, value in event.fields.items()} == {(64, 1000)}


@pytest.mark.parametrize("character", ["x", "ä", "€", "\U0001f600", "\ud800"])
@pytest.mark.parametrize("outbox_bytes", [1024, 65536])
def test_no_log_line_is_too_much(character: str, outbox_bytes: int) -> None:
    """Ten thousand characters and a hundred fields: an event that the schema allows goes out, and says what it left."""
    bench = bench_of(outbox_bytes=outbox_bytes)
    bench.node.log("error", character * 10000, **{f"{character * 70}{i}": character * 1000 for i in range(100)})
    bench.node.log("info", "next", **{f"k{i:02}": i for i in range(100)})
    bench.node.crash(character * 200, ValueError(character * 10000))
    bench.step()
    first, second, crash = bench.frames(EVENT)
    assert first.fields["fields_left_out"] > 0
    assert (second.fields["k00"], second.fields["fields_left_out"]) == (0, 84)
    assert crash.message.startswith("ValueError: ")
    assert bench.node.outbox.dropped == [0, 0, 0]


def test_a_crash_that_cannot_be_told_is_counted() -> None:
    """Without heap for the report the node lives on; the frame is missing and counted."""
    bench = bench_of()
    bench.node.crashes = 1  # type: ignore[assignment]
    bench.node.crash("task", ValueError())
    assert bench.node.outbox.dropped == [0, 0, 1]


def test_a_wall_clock_that_fails_stops_nothing() -> None:
    """The error is a crash, samples go on."""
    bench = bench_of(wall=lambda: (T_2026, 0, 50))

    def broken() -> tuple[int, int, int]:
        raise OSError("no clock")

    bench.node.clock.wall = broken
    bench.run(20000, 1000)
    assert len(bench.frames(SAMPLES)) == 20


def test_a_question_is_answered_after_days_of_silence() -> None:
    """The time of the last hello may be longer ago than the clock's differences reach."""
    bench = bench_of(interval_ms=3_600_000)
    for _ in range(4 * 24 * 60):
        bench.step(60_000)
    bench.frames()
    bench.say(encode_hello_request(None))
    bench.step(10)
    assert len(bench.frames(HELLO)) == 1


def test_the_same_crash_after_days_is_told_again() -> None:
    """It is no repetition of the first one."""
    bench = bench_of(interval_ms=3_600_000)
    bench.node.crash("task", ValueError("again"))
    for _ in range(4 * 24 * 60):
        bench.step(60_000)
    bench.frames()
    bench.node.crash("task", ValueError("again"))
    bench.step(10)
    assert [e.message for e in bench.frames(EVENT)] == ["ValueError: again"]


@pytest.mark.parametrize(
    "frame",
    [
        [10, 0, 5, {5: 9}],
        [10, 0, 5, {1: []}],
        [10, 0, 5, {2: [[0, 0]]}],
        [10, 0, 5, {4: [1, 2, 3]}],
        [10, 0, 5, 7],
        [10, 0, 5],
        [11, 0, 5, 3],
    ],
)
def test_a_command_that_the_schema_refuses_is_answered(frame: list[Any]) -> None:
    """Its header can be read: refused, and its number is used up."""
    bench = bench_of()
    frame[1] = bench.node.boot
    bench.say(encode(frame))
    bench.step()
    bench.say(encode_set(bench.node.boot, 5, {5: 4}))
    bench.step()
    assert answers(bench) == [(5, 1), (5, 1)]
    assert bench.node.log_level == 0


@pytest.mark.parametrize("frame", [[10, 1, 5, {5: 9}], [10, 0, -1, {}], [10, 0, True, {}], [12, 0, 5], [0], 7, "x"])
def test_what_is_no_command_for_this_boot_is_not_answered(frame: Any) -> None:
    """Without a readable kind, boot and number there is nothing to answer."""
    bench = bench_of()
    if isinstance(frame, list) and len(frame) > 1:
        frame[1] = bench.node.boot ^ frame[1]
    bench.say(encode(frame))
    bench.step()
    assert answers(bench) == []


def test_a_fault_of_the_link_becomes_a_crash_and_sampling_goes_on() -> None:
    """The traceback is sent once the link works again; the samples of the time between are there."""
    bench = bench_of()
    link: Any = bench.node.link
    right, link._receive = link._receive, lambda: 1 // 0
    bench.run(3000, 1000)
    link._receive = right
    bench.run(1000, 1000)
    frames = bench.frames()
    crash = next(f for f in frames if f.kind == EVENT and f.type == 2)
    assert crash.source == "uart"
    assert "ZeroDivisionError" in crash.message
    assert "Traceback" in crash.traceback
    assert len({f.uptime for f in frames if f.kind == SAMPLES}) == 4


def test_the_same_crash_again_is_counted_and_told_later() -> None:
    """A fault in each step is one event, then one that says how often it came again."""
    bench = bench_of(interval_ms=86_400_000)
    for _ in range(20):
        bench.node.crash("task", ValueError("again"))
        bench.step(100)
    bench.run(20000, 1000)
    crashes = [e for e in bench.frames(EVENT) if e.type == 2]
    assert [(e.message, e.repeats) for e in crashes] == [("ValueError: again", 1), ("ValueError: again", 19)]
    assert bench.node.task_errors == 20


def test_an_exception_that_ends_a_task_is_a_crash() -> None:
    """guard() sends the traceback and lets the loop live."""
    bench = bench_of()

    async def main() -> None:
        async def task() -> None:
            raise KeyError("lost")

        await guard(bench.node, task(), "blink")

    asyncio.run(main())
    bench.step()
    (event,) = bench.frames(EVENT)
    assert (event.type, event.source) == (2, "blink")
    assert "in task" in event.traceback


def test_an_unguarded_task_that_dies_is_a_crash_too() -> None:
    """run() hears of what nobody awaits."""
    bench = bench_of()

    async def main() -> None:
        running = asyncio.create_task(bench.node.run())

        async def task() -> None:
            raise KeyError("lost")

        forgotten = asyncio.create_task(task())
        await asyncio.sleep(0.05)
        del forgotten
        await asyncio.sleep(0.05)
        bench.node.stopped = True
        await running

    asyncio.run(main())
    assert [e.source for e in bench.frames(EVENT) if e.type == 2] == ["task"]


def test_a_set_is_answered_and_declared_before_it_is_used() -> None:
    """New interval and batch: the answer, a hello with the next declaration, then frames that name it."""
    bench = bench_of(interval_ms=1000)
    bench.say(encode_set(bench.node.boot, 7, {1: [[0, 200]], 2: [[0, 3]]}))
    bench.run(1000, 50)
    frames = bench.frames()
    kinds = [f.kind for f in frames]
    hello = frames[kinds.index(HELLO)]
    assert (hello.declaration, hello.groups[0].interval_ms, hello.groups[0].batch) == (1, 200, 3)
    samples = [f for f in frames if f.kind == SAMPLES]
    assert samples
    assert all(f.declaration == 1 and f.n == 3 for f in samples)
    assert kinds.index(HELLO) < kinds.index(SAMPLES)
    assert [(e.command, e.code) for e in frames if e.kind == EVENT] == [(7, 0)]


def test_samples_that_wait_go_out_under_the_old_declaration() -> None:
    """A half full batch is sent before its group changes."""
    bench = bench_of(interval_ms=100, batch=10)
    bench.run(300, 100)
    bench.say(encode_set(bench.node.boot, 1, {2: [[0, 2]]}))
    bench.run(400, 100)
    assert [(s.declaration, s.n) for s in bench.frames(SAMPLES)][:2] == [(0, 5), (1, 2)]


def test_a_set_is_done_whole_or_not_at_all() -> None:
    """One wrong part refuses it; nothing has changed."""
    bench = bench_of()
    bench.say(encode_set(bench.node.boot, 1, {1: [[0, 200]], 3: [[0, 9, 0, 1]], 5: 4}))
    bench.step()
    assert answers(bench) == [(1, 1)]
    assert bench.node.sampler.groups[0].interval_ms == 1000
    assert bench.node.log_level == 0


def test_a_command_is_executed_once_and_answered_each_time() -> None:
    """A repeated number gets the same answer, also when its content differs."""
    bench = bench_of()
    for fields in ({5: 2}, {5: 4}):
        bench.say(encode_set(bench.node.boot, 3, fields))
        bench.step()
    assert answers(bench) == [(3, 0), (3, 0)]
    assert bench.node.log_level == 2
    bench.say(encode_set(bench.node.boot, 2, {5: 1}))
    bench.step()
    assert answers(bench) == [(2, 1)]
    assert bench.node.log_level == 2


def test_commands_of_another_boot_are_ignored() -> None:
    """What was meant for the board before its restart is not done after it."""
    bench = bench_of()
    bench.say(encode_set(bench.node.boot ^ 1, 1, {5: 4}))
    bench.step()
    assert answers(bench) == []
    assert bench.node.log_level == 0


def test_a_value_beyond_its_limits_is_sent_at_once() -> None:
    """The batch it stands in does not wait to be full."""
    bench = bench_of([20], [21], [20], [95], [20], interval_ms=100, batch=50)
    bench.say(encode_set(bench.node.boot, 1, {3: [[0, 0, None, 90]]}))
    bench.run(300, 100)
    (samples,) = bench.frames(SAMPLES)
    assert samples.n == 4


def test_time_from_the_bridge_makes_an_anchor() -> None:
    """hello tells it, labelled as the bridge's."""
    bench = bench_of()
    bench.say(encode_set(bench.node.boot, 1, {4: [T_2026, 5, 20]}))
    bench.step(100)
    bench.step()
    hello = bench.frames(HELLO)[-1]
    assert hello.anchor[0] == T_2026
    assert hello.anchor[2:] == (3, 20)


def test_a_clock_that_is_set_later_is_declared() -> None:
    """When the board's own clock jumps, a hello with the new anchor follows within ten seconds."""
    now = [0]
    bench = bench_of(wall=lambda: (now[0] + bench.node.clock.uptime_s() if now[0] else 0, 0, 50))
    bench.run(30000, 1000)
    assert bench.frames(HELLO) == []
    now[0] = T_2026
    bench.run(30000, 1000)
    (hello,) = bench.frames(HELLO)
    assert hello.anchor[0] >= T_2026


def test_drops_are_told() -> None:
    """A bridge hears what a full outbox gave up without asking."""
    bench = bench_of(interval_ms=100, outbox_bytes=300, acks=False)
    bench.line.broken = True
    bench.run(5000, 100)
    bench.line.broken = False
    bench.run(45000, 100)
    dropped = bench.node.outbox.dropped[0]
    assert dropped > 20
    hellos = bench.frames(HELLO)
    assert hellos[-1].outbox[3] > 20


def test_reset_says_bye_first() -> None:
    """The answer, then bye with the reason reset; then the board is reset with the mode asked for."""
    bench = bench_of()
    modes: list[int] = []
    bench.node.reset = modes.append
    bench.say(encode_reset(bench.node.boot, 1, 1))
    bench.step()
    bench.step()
    frames = bench.frames(EVENT, BYE)
    assert [(f.kind, getattr(f, "reason", None)) for f in frames] == [(EVENT, None), (BYE, 3)]
    assert modes == [1]


def test_a_board_that_cannot_be_reset_says_so() -> None:
    """Refused, and it goes on."""
    bench = bench_of()
    bench.say(encode_reset(bench.node.boot, 1, 0))
    bench.step()
    assert answers(bench) == [(1, 1)]


def test_close_sends_what_waits_then_bye() -> None:
    """A graceful stop loses no half full batch; nothing comes after bye."""
    bench = Bench([(Scripted([[1]]), 100, 50)])
    bench.run(500, 100)
    bench.frames()
    assert not bench.node.end(timeout_ms=1)  # nobody acknowledges
    assert bench.line.closed
    assert [(f.kind, getattr(f, "n", None)) for f in bench.frames(SAMPLES, BYE)] == [(SAMPLES, 5), (BYE, None)]


def test_flush_waits_for_the_acknowledgement() -> None:
    """True once everything is acknowledged, False when the time is over first."""
    bench = bench_of(interval_ms=60000, acks=False)
    step = bench.node.step

    def turned() -> int:
        bench.ticks.advance(20)
        return step()

    bench.node.step = turned  # type: ignore[method-assign]
    assert asyncio.run(bench.node.flush(200)) is False
    bench.acks = True
    bench.step()
    assert asyncio.run(bench.node.flush(200)) is True


def test_hello_says_which_numbers_a_full_outbox_gave_up() -> None:
    """Key 15: of the numbers from the first on, how many wait and how many are gone, by turns, up to the next one."""
    bench = Bench([(Scripted([[5]]), 100, 1)], outbox_bytes=1024, acks=False)
    bench.step()
    assert not bench.frames(1)[0].given_up
    bench.run(20000, 100)
    bench.frames()
    bench.node.hello_due = True
    bench.step()
    hello = bench.frames(1)[0]
    outbox = bench.node.outbox
    held = {outbox.seq(i) for i in range(outbox.count) if not outbox.done(i)}
    said: list[bool] = []
    for i, count in enumerate(hello.given_up):
        said += [i % 2 == 0] * count
    first = hello.outbox[0]
    assert said == [seq in held for seq in range(first, first + len(said))]
    assert said.count(True) == hello.outbox[1] - (hello.seq - first - len(said))
    assert said.count(False) > 20
    assert sum(hello.outbox[3:6]) == said.count(False) + first
