"""Runs on MicroPython, 64 and 32 bit, and on CPython: sealing with a key, on the vectors and in a node.

Prints a line for each promise kept, and ends with an exception at the first that is not.
"""

import json
import sys
from binascii import hexlify, unhexlify

from boardpulse.clock import Clock
from boardpulse.links.uart import LEAD, Uart
from boardpulse.node import Node
from boardpulse.outbox import EVENT, Outbox
from boardpulse.sampler import Sampler
from boardpulse.sensors.heap import Heap
from boardpulse.sensors.uptime import Uptime
from shared_schema import framing
from shared_schema.cbor_reader import loads
from shared_schema.commands import encode_ack, encode_reset, encode_set
from shared_schema.parse import parse

KEY = b"0123456789abcdef0123456789ABCDEF"
MASK_32 = (1 << 30) - 1
VECTORS = "shared_schema/vectors/auth.json"
# Their envelopes are authentic; what is in them is refused as a frame.
INNER = ("auth_twice", "auth_payload_no_frame")


def sealing(line=framing.seal, device_id="bench", key=KEY):
    """Loaded here: nothing above does."""
    from boardpulse.sealing import Sealing

    return Sealing(device_id, key, line)


class Ticks:
    """A counter that wraps soon."""

    now = MASK_32 - 1500

    def __call__(self):
        return self.now


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
    """A node with a key on a UART in memory."""

    def __init__(self):
        self.own = own = sealing()
        self.ticks = Ticks()
        self.line = Line()
        sampler = Sampler()
        clock = Clock(self.ticks, MASK_32)
        sampler.enroll(Heap() if sys.implementation.name == "micropython" else Uptime(clock), 100, 1)
        box = Outbox(4096, own.seal, LEAD + own.lead, own.more)
        self.node = Node("bench", "unix", clock, box, sampler, Uart({}, lambda _: self.line, own.down))
        self.node.sealing = own
        self.deframer = framing.Deframer()

    def run(self, steps, ms=100):
        """Step; the messages that came out, which are all sealed."""
        found = []
        for _ in range(steps):
            self.ticks.now = (self.ticks.now + ms) & MASK_32
            self.node.step()
            for what, payload in self.deframer.feed(bytes(self.line.out)):
                assert what == framing.FRAME, payload
                frame = self.own.unwrap(payload)
                assert frame, payload
                assert payload == self.own.wrap(frame), "another form"
                found.append(parse(loads(frame)))
            self.line.out = bytearray()
        return found

    def say(self, frame):
        """Send bytes down, as they are."""
        self.line.coming += framing.encode_frame(frame)


def nothing_of_it_is_loaded_without_a_key():
    """A node that samples, sends and reads."""
    sampler = Sampler()
    line = Line()
    node = Node(
        "bench", "unix", Clock(Ticks(), MASK_32), Outbox(2048, framing.seal, LEAD), sampler, Uart({}, lambda _: line)
    )
    line.coming = framing.encode_frame(encode_ack(node.boot, 0)) + framing.encode_frame(
        encode_set(node.boot, 0, {5: 0})
    )
    for _ in range(5):
        node.step()
    assert node.outbox.count == 1  # the answer
    assert "boardpulse.sealing" not in sys.modules
    assert "hashlib" not in sys.modules or sys.implementation.name != "micropython"


def vectors_are_opened_and_made():
    """Each good one to its frame and back to its bytes; each other is refused."""
    with open(VECTORS) as file:
        vectors = json.load(file)["vectors"]
    for vector in vectors:
        own = sealing(framing.seal if vector.get("kid") else None, vector["device_id"], unhexlify(vector["key"]))
        frame = own.unwrap(unhexlify(vector["hex"]))
        if "payload" in vector:
            assert str(hexlify(frame), "ascii") == vector["payload"], vector["name"]
            assert str(hexlify(own.wrap(frame)), "ascii") == vector["hex"], vector["name"]
        else:
            assert bool(frame) == (vector["name"] in INNER), vector["name"]
    assert len(vectors) > 20


def frames_of_every_length_are_sealed_in_place():
    """As wrap() has them, side by side in an outbox that is filled to its last byte; on a UART and bare."""
    for line in (framing.seal, None):
        own = sealing(line)
        box = Outbox(4000, own.seal, own.lead + (LEAD if line else 0), own.more)
        kept = []
        for length in list(range(1, 30)) + list(range(245, 262)) + [500, 515, box.largest]:
            frame = bytes([(length * i) & 0xFF for i in range(length)])
            box.put(frame, EVENT)
            kept.append(own.wrap(frame))
            del kept[: -box.count]
            for i in range(box.count):
                data = bytes(box.buf[box.offset(i) : box.offset(i) + box.length(i)])
                assert (framing.decode_chunk(data[1:-1]) if line else data) == kept[i], (length, i)
        assert box.dropped[EVENT] == box.next_seq - box.count > 0


def the_longest_frame_is_8192_bytes():
    """With its envelope."""
    own = sealing(framing.seal, "d" * 64)
    box = Outbox(40000, own.seal, LEAD + own.lead, own.more)
    assert len(own.wrap(bytes(box.largest))) == 8192


def a_node_speaks_and_listens_sealed():
    """Acks and commands in an envelope are taken; hellos never have the same uptime."""
    bench = Bench()
    node = bench.node
    frames = bench.run(8)
    assert [frame.kind for frame in frames].count(1) == 1
    node.hello_due = True
    frames += bench.run(1, 0)
    node.hello_due = True
    frames += bench.run(1, 0)
    uptimes = [frame.uptime for frame in frames if frame.kind == 1]
    assert len(set(uptimes)) == len(uptimes) == 3, uptimes
    assert sorted(uptimes) == uptimes, uptimes
    bench.say(bench.own.wrap(encode_ack(node.boot, 4)))
    bench.run(1)
    assert node.outbox.seq(0) == 4
    command = bench.own.wrap(encode_set(node.boot, 1, {1: [[0, 200]]}))
    bench.say(command)
    bench.say(command)
    answers = {frame.seq: (frame.command, frame.code) for frame in bench.run(20) if frame.kind == 3}
    assert list(answers.values()) == [(1, 0), (1, 0)], answers
    assert node.declaration == 1  # done once
    assert node.link.errors == 0


def what_is_not_sealed_is_refused():
    """A bare command and one with another key: counted, told once."""
    bench = Bench()
    node = bench.node
    node.reset = lambda mode: None
    bench.run(3)
    bench.say(encode_reset(node.boot, 1, 0))
    bench.say(encode_ack(node.boot, 2))
    bench.say(sealing(key=bytes(32)).wrap(encode_reset(node.boot, 1, 0)))
    bench.say(sealing(device_id="bench2").wrap(encode_reset(node.boot, 1, 0)))
    frames = bench.run(3)
    assert (node.link.errors, node.reset_mode, node.outbox.seq(0)) == (4, -1, 0)
    told = {frame.seq: frame.message for frame in frames if frame.kind == 3}
    assert list(told.values()) == ["refused what came without the right tag"], told
    bench.say(bench.own.wrap(encode_reset(node.boot, 1, 0)))
    bench.node.link.step(node.clock.now)
    assert node.reset_mode == 0


def main():
    """Keep every promise."""
    for promise in (
        nothing_of_it_is_loaded_without_a_key,
        vectors_are_opened_and_made,
        frames_of_every_length_are_sealed_in_place,
        the_longest_frame_is_8192_bytes,
        a_node_speaks_and_listens_sealed,
        what_is_not_sealed_is_refused,
    ):
        promise()
        print(promise.__name__)


if __name__ == "__main__":
    main()
    print("kept on", sys.implementation.name)
