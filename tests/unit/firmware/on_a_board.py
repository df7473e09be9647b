"""Runs on MicroPython, 64 and 32 bit, and on CPython: what the other tests here promise, in short, where boards
differ from hosts.

Prints a line for each promise kept, and ends with an exception at the first that is not.
"""

import sys

from boardpulse.clock import Clock
from boardpulse.commands import Commands
from boardpulse.custom import declare
from boardpulse.links.mqtt import Mqtt
from boardpulse.links.mqtt_client import Reader, field, remaining
from boardpulse.links.uart import LEAD, Uart
from boardpulse.node import Node
from boardpulse.outbox import EVENT, SAMPLES, Outbox
from boardpulse.recorder import model
from boardpulse.sampler import Sampler
from shared_schema import columns, framing
from shared_schema.cbor_reader import loads
from shared_schema.commands import encode_ack, encode_set
from shared_schema.parse import parse

MASK_32 = (1 << 30) - 1


class Ticks:
    """A counter of milliseconds that wraps as a 32-bit board's does."""

    def __init__(self, start):
        self.now = start

    def __call__(self):
        return self.now

    def advance(self, ms):
        """Let time pass."""
        self.now = (self.now + ms) & MASK_32


class Counting:
    """A sensor of two columns, one of which is missing at times. Raises from reading `breaks` on, until `mends`."""

    name = "counting"
    series = (1, 3)

    def __init__(self, breaks=1000000, mends=1000000):
        self.n = 0
        self.breaks = breaks
        self.mends = mends

    def read(self, into, at):
        """n, n squared or None"""
        self.n += 1
        if self.breaks <= self.n < self.mends:
            raise OSError("no answer")
        into[at] = self.n
        into[at + 1] = None if self.n % 3 == 0 else self.n * self.n


class Line:
    """A stream in memory."""

    def __init__(self):
        self.out = bytearray()
        self.coming = b""

    def write(self, buf, offset, length):
        """Take at most 50 bytes."""
        length = min(length, 50)
        self.out.extend(bytes(buf[offset : offset + length]))
        return length

    def readinto(self, buf):
        """Give what came."""
        n = min(len(buf), len(self.coming))
        buf[:n] = self.coming[:n]
        self.coming = self.coming[n:]
        return n or None

    def close(self):
        """Nothing to close."""


class Bench:
    """A node on a UART in memory."""

    def __init__(self, sensor, batch=1, size=2048):
        self.ticks = Ticks(MASK_32 - 2500)
        self.line = Line()
        sampler = Sampler()
        sampler.enroll(sensor, 100, batch)
        box = Outbox(size, framing.seal, LEAD)
        self.node = Node("bench", "unix", Clock(self.ticks, MASK_32), box, sampler, Uart({}, lambda _: self.line))
        self.deframer = framing.Deframer()

    def run(self, steps, ms=100):
        """Step; the messages that came out."""
        found = []
        for _ in range(steps):
            self.ticks.advance(ms)
            self.node.step()
            for what, payload in self.deframer.feed(bytes(self.line.out)):
                assert what == framing.FRAME, payload
                found.append(parse(loads(payload)))
            self.line.out = bytearray()
        return found

    def say(self, frame):
        """Send a frame down."""
        self.line.coming += framing.encode_frame(frame)


def of(kind, frames):
    """Those of a kind, each number once."""
    seen = {}
    for frame in frames:
        if frame.kind == kind:
            seen[frame.seq] = frame
    return [seen[seq] for seq in sorted(seen)]


def batches_expand():
    """Values and times survive the columns, across the wrap of the ticks."""
    bench = Bench(Counting(), 7)
    frames = of(2, bench.run(70))
    assert len(frames) == 10
    values = [value for one in frames for value in columns.expand(one.columns[0], one.n)]
    assert values == list(range(1, 71)), values
    times = [one.uptime + offset for one in frames for offset in columns.offsets(one.times, 100)]
    assert times == [100 * (i + 1) for i in range(70)], times


def a_failing_sensor_is_missing_and_comes_back():
    """Null while it fails, one event for it, one when it is back."""
    bench = Bench(Counting(5, 7))
    frames = bench.run(60)
    values = [one.columns[0] for one in of(2, frames)]
    assert values[:4] == [1, 2, 3, 4], values
    assert None in values
    assert values[-1] == bench.node.sampler.groups[0].slots[0].sensor.n
    assert [one.severity for one in of(3, frames)] == [2, 1]


def acknowledgements_and_commands():
    """An ack frees, a set is done once and answered."""
    bench = Bench(Counting())
    bench.run(10)
    bench.say(encode_ack(bench.node.boot, 10))
    bench.run(1)
    assert bench.node.outbox.seq(0) == 10
    bench.say(encode_set(bench.node.boot, 1, {1: [[0, 200]], 2: [[0, 2]], 4: [1800000000, 1, 2]}))
    frames = bench.run(20)
    hello = of(1, frames)[-1]
    assert (hello.declaration, hello.groups[0].batch) == (1, 2)
    assert hello.anchor[0] >= 1800000000
    assert [one.code for one in of(3, frames)] == [0]
    assert of(2, frames)[-1].n == 2
    # A bridge numbers its commands by the milliseconds since 1970: more than a small integer holds.
    for number in (1795253545318, 1795253545319, 1795253545318, (1 << 53) - 1):
        bench.say(encode_set(bench.node.boot, number, {4: [1800000100, 999, 250]}))
        answer = of(3, bench.run(20))[-1]
        assert (answer.command, answer.code) == (number, 0), number
    hello = loads(bench.node.hello())
    assert hello[4][6][0] >= 1800000100, hello[4][6]
    assert hello[4][6][2:] == [3, 250], hello[4][6]


def damaged_frames_are_ignored():
    """One wrong bit anywhere: nothing is done."""
    bench = Bench(Counting())
    bench.run(5)
    good = framing.encode_frame(encode_ack(bench.node.boot, 3))
    for i in range(1, len(good) - 1):
        bad = bytearray(good)
        bad[i] ^= 0x40
        bench.line.coming += bytes(bad)
        bench.node.step()
        assert bench.node.outbox.seq(0) == 0
    bench.say(encode_ack(bench.node.boot, 3))
    bench.run(1)
    assert bench.node.outbox.seq(0) == 3


def a_full_outbox_counts():
    """Made = held + dropped, the events kept."""
    bench = Bench(Counting(), 1, 512)
    bench.node.log("error", "keep me")
    bench.run(100)
    box = bench.node.outbox
    assert box.next_seq == box.count + box.dropped[SAMPLES]
    assert box.dropped[EVENT] == 0
    assert box.seq(0) == 0


def own_metrics_and_models():
    """Declared, scaled, counted."""
    bench = Bench(Counting())
    bench.node.interval_ms = 100
    bench.run(1)
    gauge = bench.node.metric("soil_moisture", 0, "ratio", -3, {"bed": "east"})
    gauge.set(0.25)
    with model(bench.node, "gestures", "3") as recorder:
        recorder.tokens(output=2)
    frames = bench.run(3)
    assert declare("x", 0) == {1: "x"}
    last = of(2, frames)[-1].columns
    assert last[2:4] == [250, 1], last
    assert len(last) == 2 + 1 + 6 + 19, len(last)


def crashes_carry_their_traceback():
    """print_exception or traceback, whichever there is."""
    bench = Bench(Counting())
    try:
        raise ValueError("broken")
    except ValueError as error:
        bench.node.crash("task", error)
    (crash,) = [one for one in of(3, bench.run(2)) if one.type == 2]
    assert "broken" in crash.traceback


def mqtt_packets():
    """Connect, subscribe, hello, state, frames; PUBACKs free."""
    line = Line()
    sampler = Sampler()
    sampler.enroll(Counting(), 100, 1)
    ticks = Ticks(5)
    options = {"keepalive_s": 30, "user": None, "password": None, "ack": "broker"}
    box = Outbox(2048)
    node = Node("bench", "unix", Clock(ticks, MASK_32), box, sampler, Mqtt("bench", options, lambda _: line))
    node.step()
    line.coming = b"\x20\x02\x00\x00"
    for _ in range(5):
        ticks.advance(100)
        node.step()
    assert box.sent == box.count == 6, (box.sent, box.count)
    pid = box.pid(0)
    line.coming = bytes((0x40, 2, pid >> 8, pid & 255))
    node.step()
    assert box.count == 5


class Listener:
    """Keeps the messages."""

    def __init__(self):
        self.heard = []

    def message(self, buf, start, end):
        """Keep it."""
        self.heard.append(bytes(buf[start:end]))

    def to_puback(self, pid):
        """Keep it."""
        self.heard.append(pid)


def mqtt_messages_are_found_however_cut():
    """A byte at a time is enough."""
    body = field("t") + b"\x01\x02" + b"frame"
    stream = (b"\x32" + remaining(len(body)) + body) * 2
    listener = Listener()
    reader = Reader(listener, 40)
    for byte in stream:
        reader.feed(bytearray((byte,)), 1)
    assert listener.heard == [b"frame", 258] * 2


def main():
    """Keep every promise."""
    assert Commands is not None
    for promise in (
        batches_expand,
        a_failing_sensor_is_missing_and_comes_back,
        acknowledgements_and_commands,
        damaged_frames_are_ignored,
        a_full_outbox_counts,
        own_metrics_and_models,
        crashes_carry_their_traceback,
        mqtt_packets,
        mqtt_messages_are_found_however_cut,
    ):
        promise()
        print(promise.__name__)


if __name__ == "__main__":
    main()
    print("kept on", sys.implementation.name)
