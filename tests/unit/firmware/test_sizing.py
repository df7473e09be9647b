"""An outbox that is asked for in hours."""

import gc
import random
from typing import Any

import pytest

import boardpulse
from boardpulse.events import severity_number
from boardpulse.outbox import Outbox
from boardpulse.sampler import Sampler
from boardpulse.sizing import sized
from shared_schema.cbor_reader import loads
from shared_schema.errors import ConfigError
from shared_schema.framing import LEAD, seal, unseal
from shared_schema.parse import Event, parse
from tests.fakes.firmware import Bench


class Metrics:
    """Ten metrics of a board: heap, temperatures, counters, some that stay, one that is missing."""

    series = tuple(range(1, 11))

    def __init__(self, name: str) -> None:
        self.name = name
        self.dice = random.Random(1)
        self.n = 0

    def read(self, into: list[Any], at: int) -> None:
        """The next reading."""
        self.n += 1
        move = self.dice.randrange(-40, 40)
        into[at : at + 5] = [123_456 + 97 * move, 4_321, 2_250 + move, 0, 7 + self.n // 5]
        into[at + 5 : at + 10] = [self.n * 999 & 0xFFFF, 3, None, 1_000 + move // 20, self.n * 3]


def bench_of(hours: float, *groups: tuple[int, int]) -> Bench:
    """A node on a line that nobody listens to, with an outbox of so many hours for (interval, batch) groups."""
    sampler = Sampler()
    sensors: list[tuple[Any, int, int]] = []
    for number, (interval_ms, batch) in enumerate(groups):
        sensors.append((Metrics(f"s{number}"), interval_ms, batch))
        sampler.enroll(sensors[-1][0], interval_ms, batch)
    outbox, seconds = sized(Outbox(8, seal, LEAD), hours, sampler.groups)
    assert seconds == int(hours * 3600)
    bench = Bench(sensors, acks=False)
    bench.node.outbox = outbox
    outbox.groups = bench.node.sampler.groups
    for group, measured in zip(outbox.groups, sampler.groups, strict=True):
        group.cost = measured.cost
    bench.line.room = 0
    return bench


@pytest.mark.parametrize(
    "groups", [[(1000, 1)], [(1000, 60)], [(1000, 10), (10000, 1)], [(500, 20), (60000, 5)]], ids=str
)
def test_so_many_hours_fit_and_not_much_more(groups: list[tuple[int, int]]) -> None:
    """Frames of one sample and of sixty, of one group and of several: for the time asked nothing is given up or thinned
    out, and the outbox is not twice as large as that takes."""
    hours = 0.25
    bench = bench_of(hours, *groups)
    outbox = bench.node.outbox
    bench.run(int(hours * 3600_000), 500)
    assert outbox.drops == 0
    assert outbox._eviction is None
    assert outbox.used > outbox.size * 0.45


@pytest.mark.parametrize("groups", [[(1000, 1)], [(1000, 60)], [(1000, 10), (10000, 1)]], ids=str)
def test_capacity_says_how_long_it_still_takes_frames(groups: list[tuple[int, int]]) -> None:
    """Whatever shares of it groups and batches take: what was said after five minutes proves right within a fifth."""
    bench = bench_of(0.2, *groups)
    node = bench.node
    assert 720 <= node.capacity_s() < 720 * 5 // 4
    bench.run(300_000, 500)
    said = node.capacity_s()
    seconds = 0
    while node.outbox._eviction is None:
        bench.run(1000, 500)
        seconds += 1
    assert said == pytest.approx(seconds, rel=0.2)


def config(**more: Any) -> dict[str, Any]:
    """A configuration for the machine that the tests run on."""
    return {"device_id": "hours", "board": "unix", "link": {"type": "uart", "path": "/dev/null"}, **more}


def test_hours_in_the_configuration_size_the_outbox() -> None:
    """Twice the hours are about twice the bytes."""
    one = boardpulse.start(config(outbox_hours=1)).outbox.size
    two = boardpulse.start(config(outbox_hours=2)).outbox.size
    assert one > 20_000
    assert two == pytest.approx(2 * one, rel=0.1)


def test_hours_and_bytes_together_are_refused() -> None:
    """Each determines the other."""
    with pytest.raises(ConfigError) as refused:
        boardpulse.start(config(outbox_hours=1, outbox_bytes=4096))
    assert [problem[0] for problem in refused.value.problems] == ["outbox_hours"]


@pytest.mark.parametrize("hours", [0, -1, "12", True, 100_000, [1]])
def test_hours_that_are_no_time_are_refused(hours: object) -> None:
    """With the key, and what would be right."""
    with pytest.raises(ConfigError) as refused:
        boardpulse.start(config(outbox_hours=hours))
    assert refused.value.problems[0][0] == "outbox_hours"


def test_what_the_heap_cannot_hold_is_said_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """At most half of what is free is taken; an event says what came of it."""
    monkeypatch.setattr(gc, "mem_free", lambda: 100_000, raising=False)
    node = boardpulse.start(config(outbox_hours=24))
    outbox = node.outbox
    assert 40_000 < outbox.size + 14 * outbox.slots <= 51_000
    at = outbox.offset(0)
    chunk = bytearray(outbox.buf[at + 1 : at + outbox.length(0) - 1]) + bytes(4)
    message = parse(loads(bytes(chunk[: unseal(chunk, len(chunk) - 4)])))
    assert isinstance(message, Event)
    assert (message.type, message.severity, outbox.count) == (6, severity_number("warning"), 1)
    assert message.message.startswith("the outbox holds ")
    assert "not 24:" in message.message
