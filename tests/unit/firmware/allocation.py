# ruff: noqa: E402  # the module time is put in place of the machine's before the firmware finds it
"""Runs on MicroPython: the heap that a thousand cycles take, with ticks and an uptime as a board has them after weeks.

A cycle: two groups are sampled, encoded, framed and written, an acknowledgement is read every sixteen frames. Prints
bytes a cycle.
"""

import gc
import sys
import time


class Time:
    """The module time, but that every question takes a microsecond: the machine may be busy with other things, and a
    sensor that has waited for it for 100 ms would be an event."""

    us = 0

    def __getattr__(self, name):
        return getattr(time, name)


def ticks_us():
    """One more than before."""
    Time.us = (Time.us + 1) & 0xFFFF
    return Time.us


sys.modules["time"] = modelled = Time()
modelled.ticks_us = ticks_us  # no method: MicroPython imports none from an object

from boardpulse.clock import Clock
from boardpulse.links.uart import LEAD, Uart
from boardpulse.node import Node
from boardpulse.outbox import Outbox
from boardpulse.sampler import Sampler
from boardpulse.sensors.heap import Heap
from boardpulse.sensors.loop_lag import LoopLag
from boardpulse.sensors.simulated import Simulated
from boardpulse.sensors.uptime import Uptime
from shared_schema import framing
from shared_schema.commands import encode_ack

MASK_32 = (1 << 30) - 1
CYCLES = 1000


class Ticks:
    """A counter that wraps in the middle of the run."""

    def __init__(self):
        self.now = MASK_32 - 500 * 1000

    def __call__(self):
        return self.now


class Line:
    """Takes everything; what it gives is laid out before the run."""

    def __init__(self):
        self.coming = bytearray(64)
        self.length = 0
        self.at = 0

    def write(self, buf, offset, length):
        """Take all."""
        return length

    def readinto(self, buf):
        """Give what is laid out."""
        n = 0
        while n < len(buf) and self.at < self.length:
            buf[n] = self.coming[self.at]
            n += 1
            self.at += 1
        return n

    def close(self):
        """Nothing to close."""


ticks = Ticks()
line = Line()


def opened(options):
    """The line."""
    return line


clock = Clock(ticks, MASK_32)
sampler = Sampler()
lag = LoopLag()
for sensor in (Heap(), Simulated(), Uptime(clock), lag):
    sampler.enroll(sensor, 1000, 1)
sampler.enroll(Simulated(3), 1000, 10)
node = Node("bench", "unix", clock, Outbox(4096, framing.seal, LEAD), sampler, Uart({}, opened))
node.lag = lag
clock.high = 100  # 19 days


def acknowledge_all(acks):
    """Have the next ack of `acks`, which were encoded before the run, read."""
    frame = acks[node.outbox.next_seq // 16]
    i = 0
    while i < len(frame):
        line.coming[i] = frame[i]
        i += 1
    line.length = i
    line.at = 0


def run(cycles, acks):
    """That many cycles of a second."""
    i = 0
    while i < cycles:
        ticks.now = ticks.now + 1000 if ticks.now <= MASK_32 - 1000 else ticks.now - MASK_32 + 999
        if node.outbox.count > 16 and line.at == line.length:
            acknowledge_all(acks)
        node.step()
        i += 1


def prepared(last):
    """Acks of 0, 16, 32 … up to beyond `last`, in their form on the line."""
    return [framing.encode_frame(encode_ack(node.boot, 16 * i)) for i in range(last // 16 + 2)]


before = taken = 0  # a name that is new makes the module's dictionary grow, now and then
acks = prepared(2 * CYCLES + 200)
run(60, acks)
gc.collect()
gc.disable()
before = gc.mem_alloc()
run(CYCLES, acks)
taken = gc.mem_alloc() - before
gc.enable()
assert node.outbox.next_seq > CYCLES
assert node.outbox.count < 40
print("acknowledged", node.outbox.seq(0) if node.outbox.count else node.outbox.next_seq)
print("bytes_per_cycle", taken / CYCLES)
