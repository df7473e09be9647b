"""Runs on MicroPython, 64 and 32 bit, and on CPython: an outbox that is full for long.

Frames of many samples and of one, events and crashes are made, and nobody acknowledges them; then all that waits is.
Prints a line for each promise kept, and ends with an exception at the first that is not.
"""

import gc
import sys

from boardpulse.clock import Clock
from boardpulse.links.uart import LEAD, Uart
from boardpulse.node import Node
from boardpulse.outbox import Outbox
from boardpulse.sampler import Sampler
from shared_schema import columns, framing
from shared_schema.cbor_reader import loads
from shared_schema.parse import parse

MASK_32 = (1 << 30) - 1
MICROPYTHON = sys.implementation.name == "micropython"


class Ticks:
    """A counter of milliseconds that wraps as a 32-bit board's does."""

    def __init__(self):
        self.now = MASK_32 - 100000

    def __call__(self):
        return self.now

    def advance(self, ms):
        """Let time pass."""
        self.now = (self.now + ms) & MASK_32


class Wave:
    """Three columns that say when they were sampled: seconds, a constant, and a value that is missing at times."""

    series = (1, 3, 4)

    def __init__(self, name, clock):
        self.name = name
        self.clock = clock

    def read(self, into, at):
        """n, 7, n * 300 or None at n seconds"""
        n = self.clock.uptime_s()
        into[at] = n
        into[at + 1] = 7
        into[at + 2] = None if n % 5 == 0 else n * 300 & 0xFFFF


class Nobody:
    """A line that takes nothing and says nothing: it was pulled out."""

    def write(self, buf, offset, length):
        """None."""
        return

    def readinto(self, buf):
        """None."""
        return

    def close(self):
        """Nothing to close."""


def opened(options):
    """The line."""
    return Nobody()


def a_node(size):
    """A node with frames of sixteen samples and of one, and its ticks."""
    ticks = Ticks()
    sampler = Sampler()
    clock = Clock(ticks, MASK_32)
    sampler.enroll(Wave("batches", clock), 1000, 16)
    sampler.enroll(Wave("singles", clock), 4000, 1)
    node = Node("full", "unix", clock, Outbox(size, framing.seal, LEAD), sampler, Uart({}, opened))
    return node, ticks


def run(node, ticks, seconds):
    """That many steps of a second."""
    while seconds:
        ticks.advance(1000)
        node.step()
        seconds -= 1


def waiting(outbox):
    """The frames that wait, as (position, message)."""
    found = []
    for index in range(outbox.count):
        if not outbox.done(index):
            at = outbox.offset(index)
            chunk = bytearray(outbox.buf[at + 1 : at + outbox.length(index) - 1]) + bytearray(4)
            end = framing.unseal(chunk, len(chunk) - 4)
            assert end, "a frame is damaged"
            found.append((index, parse(loads(bytes(chunk[:end])))))
    return found


def check_samples(message, group):
    """Assert that the samples are what was sampled, at their times. How many there are."""
    offsets = columns.offsets(message.times, group.interval_ms)
    values = [columns.expand(column, len(offsets)) for column in message.columns]
    for i, offset in enumerate(offsets):
        n = values[0][i]
        uptime = message.uptime + offset
        assert uptime == n * 1000, (uptime, n)
        assert values[1][i] == 7
        assert values[2][i] == (None if n % 5 == 0 else n * 300 & 0xFFFF)
    return len(offsets)


def a_full_outbox_thins_out_and_counts():
    """Forty minutes into an outbox of five: what is left is true, and everything is counted."""
    node, ticks = a_node(4000)
    outbox = node.outbox
    for turn in range(40):
        run(node, ticks, 60)
        if turn % 7 == 1:
            node.log("info", "turn")
    node.crash("task", ValueError("the last to go"))
    frames = waiting(outbox)
    samples = lost = events = crashes = 0
    for _, message in frames:
        if message.kind == 2:
            left = check_samples(message, node.sampler.groups[message.group])
            samples += left
            lost += (16 if message.group == 0 else 1) - left
            assert message.removed == (16 if message.group == 0 else 1) - left
        elif message.type == 2:
            crashes += 1
        else:
            events += 1
    assert crashes == 1
    assert events == 6
    assert samples > 100
    assert lost > 100
    assert outbox.next_seq == len(frames) + outbox.dropped[0]
    assert outbox.dropped[1] == outbox.dropped[2] == outbox.thinned == 0
    oldest = min([message.uptime for _, message in frames if message.kind == 2])
    assert oldest < 1200000, oldest
    outbox.sent = outbox.count
    assert outbox.acknowledge_below(outbox.next_seq)
    assert outbox.thinned == lost
    assert outbox.count == outbox.used == 0


def what_comes_after_it_is_as_before():
    """Once all is acknowledged, frames lie in their order again and none is thinned."""
    node, ticks = a_node(4000)
    run(node, ticks, 1000)
    outbox = node.outbox
    outbox.sent = outbox.count
    outbox.acknowledge_below(outbox.next_seq)
    before = outbox.dropped[0]
    run(node, ticks, 160)
    frames = waiting(outbox)
    assert sum([check_samples(message, node.sampler.groups[message.group]) for _, message in frames]) >= 190
    assert outbox.dropped[0] == before


def a_full_outbox_takes_no_heap():
    """Five hundred cycles, in which it thins and gives up."""
    node, ticks = a_node(4000)
    run(node, ticks, 1200)
    before = outbox_drops = node.outbox.drops
    if MICROPYTHON:
        gc.collect()
        gc.disable()
        before = gc.mem_alloc()
        run(node, ticks, 500)
        taken = gc.mem_alloc() - before
        gc.enable()
        assert taken == 0, taken
    else:
        run(node, ticks, 500)
    assert node.outbox.drops > outbox_drops + 25


def main():
    """Every promise."""
    for promise in (
        a_full_outbox_thins_out_and_counts,
        what_comes_after_it_is_as_before,
        a_full_outbox_takes_no_heap,
    ):
        promise()
        print(promise.__name__)


if __name__ == "__main__":
    main()
    print("kept on", sys.implementation.name)
