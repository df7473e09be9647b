"""Sampling: groups, batches and their times as the bridge will read them, and sensors that fail."""

import math
import time
from itertools import pairwise
from typing import Any

import pytest

from boardpulse.group import Slot
from shared_schema import columns
from tests.fakes.firmware import PERIOD_32, Bench, Scripted, Ticks

HELLO, SAMPLES, EVENT = 1, 2, 3


def expanded(samples: Any, interval_ms: int) -> list[tuple[int, list[Any]]]:
    """(uptime, row) of each sample of a frame, as a bridge reads it."""
    times = [samples.uptime + offset for offset in columns.offsets(samples.times, interval_ms)]
    table = [columns.expand(column, samples.n) for column in samples.columns]
    return [(when, [column[i] for column in table]) for i, when in enumerate(times)]


def rows(bench: Bench, interval_ms: int) -> list[tuple[int, list[Any]]]:
    """All samples that were sent since the last call."""
    return [row for samples in bench.frames(SAMPLES) for row in expanded(samples, interval_ms)]


def test_a_batch_of_one_is_sent_at_once() -> None:
    """Each sample is a frame of its own, on the line in the step that took it."""
    bench = Bench([(Scripted([[5], [6], [7]]), 1000, 1)])
    sent = []
    for _ in range(3):
        bench.step(1000)
        sent += [(s.seq, s.uptime, s.columns) for s in bench.frames(SAMPLES)]
    assert sent == [(0, 1000, [5]), (1, 2000, [6]), (2, 3000, [7])]


@pytest.mark.parametrize("batch", [1, 2, 7, 10])
def test_batches_expand_to_what_was_read(batch: int) -> None:
    """Values, missing values, specials and true times survive the columns, whatever the batch."""
    readings = [[i * i - 50, None if i % 3 else i, math.inf if i == 4 else -i] for i in range(20)]
    bench = Bench([(Scripted(readings, (3, 4, 5)), 100, batch)], ticks=Ticks(PERIOD_32 - 700))
    when = []
    for i in range(20):
        bench.step(100 + (i % 4))  # the loop comes a little late, each time differently
        when.append(bench.node.clock.uptime_ms())
    bench.node.emit_all()
    bench.step()
    assert rows(bench, 100) == list(zip(when, readings, strict=True))


def test_equal_intervals_share_a_group_and_others_do_not() -> None:
    """hello declares a group for each interval; the columns of a group follow its sensors."""
    sensors = [
        (Scripted([[1, 2]], ((1, "gc"), (2, "gc"))), 1000, 1),
        (Scripted([[3]], (11,)), 5000, 1),
        (Scripted([[4]], (3,)), 1000, 1),
    ]
    bench = Bench(sensors)
    bench.step()
    frames = bench.frames()
    assert [(g.interval_ms, [(s.key, s.labels) for s in g.series]) for g in frames[0].groups] == [
        (1000, [(1, ("gc",)), (2, ("gc",)), (3, ())]),
        (5000, [(11, ())]),
    ]
    assert [(s.group, s.columns) for s in frames[1:]] == [(0, [1, 2, 4]), (1, [3])]


def test_each_sensor_keeps_its_own_interval() -> None:
    """In ten seconds a sensor of one second is read ten times, one of five seconds twice."""
    fast, slow = Scripted([[1]]), Scripted([[2]])
    bench = Bench([(fast, 1000, 1), (slow, 5000, 1)])
    bench.run(9950)
    assert (fast.reads, slow.reads) == (10, 2)


def test_samples_stay_on_their_grid_when_the_loop_is_late() -> None:
    """A late sample does not push the later ones; whole intervals that were missed are not made up."""
    bench = Bench([(Scripted([[1]]), 1000, 1)])
    bench.step(0)
    bench.step(1030)
    bench.step(970)
    bench.step(3500)
    bench.step(499)
    bench.step(1)
    assert [s.uptime for s in bench.frames(SAMPLES)] == [0, 1030, 2000, 5500, 6000]


def test_a_sensor_that_raises_is_missing_and_the_others_go_on() -> None:
    """Its columns are null; one event names the sensor and the error."""
    bad = Scripted([OSError("no answer from 0x40")], (4, 5), "ina219")
    bench = Bench([(bad, 1000, 1), (Scripted([[21]]), 1000, 1)])
    bench.run(5000, 1000)
    frames = bench.frames()
    assert [s.columns for s in frames if s.kind == SAMPLES] == [[None, None, 21]] * 5
    events = [f for f in frames if f.kind == EVENT]
    assert [(e.type, e.source, e.message) for e in events] == [(3, "ina219", "OSError: no answer from 0x40")]


def test_a_failing_sensor_rests_longer_each_time_and_comes_back_by_itself() -> None:
    """It is tried again after 1, 2, 4 … seconds; when it works its values are there again and an event says so."""
    sensor = Scripted([OSError("x")] * 4 + [[9]], name="flaky")
    bench = Bench([(sensor, 100, 1)])
    tries = []
    for _ in range(200):
        before = sensor.reads
        bench.step(100)
        if sensor.reads > before and len(tries) < 5:
            tries.append(bench.node.clock.uptime_ms())
    assert [b - a for a, b in pairwise(tries)] == [1000, 2000, 4000, 8000]
    frames = bench.frames()
    assert [(e.severity, e.message) for e in frames if e.kind == EVENT] == [
        (2, "OSError: x"),
        (1, "works again after 4 failures"),
    ]
    assert frames[-1].columns == [9]


def test_the_rest_of_a_failing_sensor_is_capped() -> None:
    """However often it failed, it is tried every five minutes."""
    bench = Bench([(Scripted([OSError("x")]), 10000, 1)])
    slot: Slot = bench.node.sampler.groups[0].slots[0]
    bench.run(4_000_000, 10000)
    tries = slot.errors
    bench.run(600_000, 10000)
    assert slot.errors == tries + 2


def test_a_sensor_that_takes_longer_than_its_budget_is_missing() -> None:
    """A hanging driver delays the loop once, not at every sample."""

    class Slow(Scripted):
        budget_ms = 5

        def read(self, into: list[Any], at: int) -> None:
            super().read(into, at)
            time.sleep(0.02)

    slow = Slow([[1]], name="slow")
    bench = Bench([(slow, 100, 1)])
    bench.run(500, 100)
    frames = bench.frames()
    assert slow.reads == 1
    assert [s.columns for s in frames if s.kind == SAMPLES] == [[None]] * 5
    assert [e.message.split(" ms, ")[1] for e in frames if e.kind == EVENT] == ["its budget is 5"]


@pytest.mark.parametrize("nonsense", [21.5, "21", [21], True and object()])
def test_nonsense_is_missing_and_told(nonsense: object) -> None:
    """What is no integer, None, NaN or infinity never reaches the wire."""
    bench = Bench([(Scripted([[nonsense]], name="odd"), 1000, 1)])
    bench.step()
    frames = bench.frames()
    assert [s.columns for s in frames if s.kind == SAMPLES] == [[None]]
    assert [e.source for e in frames if e.kind == EVENT] == ["odd"]


def test_a_batch_larger_than_guessed_still_goes_out() -> None:
    """Values of nine bytes each make a frame several times the usual size; it is sent whole."""
    readings = [[((-1) ** i) * (1 << 52) + i for _ in range(4)] for i in range(50)]
    bench = Bench([(Scripted(readings, (3, 4, 5, 6)), 100, 50)], outbox_bytes=16384)
    bench.run(5000, 100)
    assert [row for _, row in rows(bench, 100)] == readings


def test_a_sample_that_no_frame_can_hold_is_counted_not_lost() -> None:
    """It uses up its number, is counted as dropped samples, and a crash says why."""
    bench = Bench([(Scripted([[1 << 52] * 1000], (3,) * 1000), 86_400_000, 1)], outbox_bytes=65536)
    bench.step()
    bench.step()
    assert bench.node.outbox.dropped == [1, 0, 0]
    bench.line.written.clear()
    bench.node.outbox.again, bench.node.outbox.until = 0, 0
    assert bench.node.task_errors == 1


@pytest.mark.parametrize("outbox_bytes", [65536, 2048])
def test_a_batch_that_no_frame_can_hold_travels_in_several(outbox_bytes: int) -> None:
    """Every sample arrives, at its time, whatever the limit of a frame or the size of the outbox."""
    readings = [[((-1) ** i) * (1 << 50) + i for _ in range(30)] for i in range(61)]
    bench = Bench([(Scripted(readings, tuple(range(1, 31))), 100, 60)], outbox_bytes=outbox_bytes, acks=True)
    bench.ticks.advance(PERIOD_32 - 50)
    when: list[int] = []
    sent: list[tuple[int, list[Any]]] = []
    take = bench.node.emit_all
    for i in range(60):
        bench.step(100 + i % 3)
        when.append(bench.node.clock.uptime_ms())
        sent += rows(bench, 100)
    take()
    while bench.node.outbox.sent < bench.node.outbox.count:
        bench.step()
    sent += rows(bench, 100)
    held = bench.node.outbox.dropped[0]
    assert sent[-1][1] == readings[59]
    if outbox_bytes > 8192:
        assert held == 0
        assert sent == list(zip(when, readings[:60], strict=True))


@pytest.mark.parametrize("value", [True, (1 << 53) + 1, -(1 << 70), 1 << 64, 1.5, "1", b"1", [1]])
def test_a_reading_that_no_frame_can_carry_costs_its_sensor_only(value: Any) -> None:
    """The sensor fails, the other's values travel, nothing that waits is pushed out."""
    bench = Bench([(Scripted([[5]], name="good"), 1000, 1), (Scripted([[value]], name="bad"), 1000, 1)])
    bench.run(3000, 1000)
    assert [s.columns for s in bench.frames(SAMPLES)] == [[5, None]] * 3
    assert bench.node.outbox.dropped == [0, 0, 0]


def test_an_exception_without_words_costs_its_sensor_only() -> None:
    """Its own __str__ fails; or its text has half of a surrogate pair."""

    class Wordless(Exception):
        def __str__(self) -> str:
            raise RuntimeError

    for error in (Wordless(), ValueError("\ud800")):
        bench = Bench([(Scripted([error]), 1000, 1), (Scripted([[7]]), 1000, 1)])
        bench.run(3000, 1000)
        frames = bench.frames(SAMPLES, EVENT)
        assert [f.columns for f in frames if f.kind == SAMPLES] == [[None, 7]] * 3
        assert [f.type for f in frames if f.kind == EVENT] == [3]
