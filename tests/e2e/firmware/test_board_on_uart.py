"""The firmware as a process on a pseudo-terminal, on MicroPython and on CPython."""

import random
import signal
from collections.abc import Callable
from typing import Any

import pytest

from shared_schema import columns
from shared_schema.commands import encode_hello_request, encode_reset, encode_set
from tests.e2e.firmware.boards import Board, Cable

HELLO, SAMPLES, EVENT, BYE = 1, 2, 3, 5
Start = Callable[..., Board]


def config(cable: Cable, **more: Any) -> dict[str, Any]:
    """A board on that cable."""
    return {"device_id": "e2e-uart", "board": "unix", "link": {"type": "uart", "path": cable.path}} | more


def seqs(cable: Cable) -> list[int]:
    """The numbers of the frames so far, as they came."""
    return [frame.seq for frame in cable.frames if frame.kind != HELLO]


def test_a_board_says_who_it_is_and_sends_what_it_declared(start: Start, cable: Cable) -> None:
    """hello, then samples with a column for each series, acknowledged and not sent again; bye at Ctrl-C.

    A frame that Ctrl-C interrupts between its last byte and its being counted as sent goes out once more.
    """
    board = start(config(cable, interval_ms=100))
    cable.until(lambda: len(cable.of(SAMPLES)) >= 12)
    hello = cable.of(HELLO)[0]
    assert (hello.device_id, hello.platform, hello.declaration) == ("e2e-uart", "unix", 0)
    assert hello.anchor is not None
    widths = {number: len(group.series) for number, group in enumerate(hello.groups)}
    assert all(len(samples.columns) == widths[samples.group] for samples in cable.of(SAMPLES))
    labels = {series.labels for group in hello.groups for series in group.series if series.key == 3}
    assert labels
    before = seqs(cable)
    board.process.send_signal(signal.SIGINT)
    cable.until(lambda: cable.of(BYE))
    assert board.process.wait(10) == 0
    assert before == list(range(len(before)))
    after = seqs(cable)[len(before) :]
    assert sorted(after) == after
    assert sorted({*before, *after}) == list(range(after[-1] + 1))
    assert len(before) + len(after) <= after[-1] + 2
    assert cable.other == []


def test_nothing_is_lost_on_a_line_with_noise_and_silences(start: Start, cable: Cable) -> None:
    """Half of the acknowledgements never arrive, noise stands between them: in the end every number was there, in
    its one form."""
    dice = random.Random(3)
    start(config(cable, interval_ms=50))
    whole = cable.say

    def lossy(frame: bytes) -> None:
        cable.noise(bytes(dice.randrange(256) for _ in range(dice.randrange(20))))
        if dice.random() < 0.5:
            whole(frame)

    cable.say = lossy  # type: ignore[method-assign]
    cable.until(lambda: len({s.seq for s in cable.of(SAMPLES)}) >= 60)
    seen: dict[int, bytes] = {}
    for frame, raw in zip(cable.frames, cable.raw, strict=True):
        if frame.kind != HELLO:
            assert seen.setdefault(frame.seq, raw) == raw
    assert sorted(seen) == list(range(len(seen)))


def test_what_was_sampled_without_a_bridge_arrives_when_one_comes(start: Start, cable: Cable) -> None:
    """Three seconds without an acknowledgement; then all frames of them come, with the times at which they were
    taken."""
    start(config(cable, interval_ms=100, sensors={"health": False, "filesystem": False, "frequency": False}))
    cable.acks = False
    cable.until(lambda: len(cable.of(SAMPLES)) >= 30)
    cable.acks = True
    cable.say(encode_hello_request(None))
    newest = max(s.seq for s in cable.of(SAMPLES))
    cable.frames.clear()
    cable.until(lambda: set(range(newest)) <= {s.seq for s in cable.of(SAMPLES)})
    uptime = {s.seq: s.uptime for s in cable.of(SAMPLES)}
    assert all(abs(uptime[seq] - uptime[0] - 100 * seq) < 60 for seq in range(newest))


def test_commands_are_done_by_a_real_process(start: Start, cable: Cable) -> None:
    """Interval and batch change with a new declaration; reset says bye and ends the program, to be started again."""
    board = start(config(cable))
    cable.until(lambda: cable.of(SAMPLES))
    boot = cable.frames[0].boot
    cable.say(encode_set(boot, 1, {1: [[0, 100]], 2: [[0, 5]]}))
    cable.until(lambda: any(s.declaration == 1 and s.n == 5 for s in cable.of(SAMPLES)))
    samples = next(s for s in cable.of(SAMPLES) if s.n == 5)
    assert all(70 <= b - a <= 130 for a, b in zip(offsets(samples), offsets(samples)[1:], strict=False))
    cable.say(encode_reset(boot, 2, 0))
    cable.until(lambda: cable.of(BYE))
    assert cable.of(BYE)[0].reason == 3
    assert board.process.wait(10) == 3
    assert [(e.command, e.code) for e in cable.of(EVENT) if e.type == 4] == [(1, 0), (2, 0)]


def offsets(samples: Any) -> list[int]:
    """Milliseconds of each sample after the first, at 100 ms."""
    return columns.offsets(samples.times, 100)


APPLICATION = """
import asyncio, sys
import boardpulse

async def main():
    node = boardpulse.start(sys.argv[1])
    soil = boardpulse.gauge("soil_moisture", unit="ratio", labels={"bed": "east"})
    shots = boardpulse.counter("shots")
    asyncio.create_task(boardpulse.run())
    for i in range(5):
        soil.set(0.1 * i)
        shots.inc()
        with boardpulse.inference("gestures", "3") as model:
            model.tokens(output=2)
        await asyncio.sleep(0.1)

    async def broken():
        raise ValueError("a fault of the application")

    asyncio.create_task(boardpulse.watch(broken(), "blink"))
    boardpulse.log("warning", "low on paint", litres=2)
    print("flushed", await boardpulse.flush(5000))
    print("stopped", await boardpulse.stop())

asyncio.run(main())
"""


def test_an_application_has_its_own_metrics_logs_and_crashes(start: Start, cable: Cable) -> None:
    """The public API in a user's main.py, in the user's own asyncio loop."""
    board = start(config(cable, interval_ms=100), APPLICATION)
    cable.until(lambda: cable.of(BYE))
    assert board.process.wait(10) == 0
    assert board.console().split("\n")[:2] == ["flushed True", "stopped True"]
    names = {s.custom.name for h in cable.of(HELLO) for g in h.groups for s in g.series if s.custom is not None}
    assert names == {"soil_moisture", "shots"}
    events = {(e.type, e.source): e for e in cable.of(EVENT)}
    assert events[0, "app"].fields == {"litres": 2}
    assert "a fault of the application" in events[2, "blink"].traceback


@pytest.mark.parametrize("broken", [{"interval": 5}, {"link": {"type": "usb"}}])
def test_a_wrong_configuration_ends_with_a_sentence(start: Start, cable: Cable, broken: dict[str, Any]) -> None:
    """Status 2, and the key's name on the console."""
    board = start(config(cable) | broken)
    assert board.process.wait(10) == 2
    assert next(iter(broken)) in board.console()
    assert "Traceback" not in board.console()
