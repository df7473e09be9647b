"""The MQTT link against a broker in the test's hand, which sees every byte."""

import random
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import pytest

from boardpulse.clock import Clock
from boardpulse.links.mqtt import Mqtt
from boardpulse.links.mqtt_client import MqttError, Reader, field, remaining
from boardpulse.node import Node
from boardpulse.outbox import Outbox
from boardpulse.sampler import Sampler
from shared_schema.cbor_reader import loads
from shared_schema.commands import encode_ack, encode_hello_request
from shared_schema.messages import topic
from shared_schema.parse import parse
from tests.fakes.firmware import Line, Scripted, Ticks

HELLO, SAMPLES, EVENT, STATE = 1, 2, 3, 16
CONNECT, PUBLISH, PUBACK, SUBSCRIBE, PINGREQ, DISCONNECT = 1, 3, 4, 8, 12, 14
OPTIONS = {"keepalive_s": 30, "user": None, "password": None, "ack": "broker"}


@dataclass
class Packet:
    """A packet that the board sent."""

    kind: int
    flags: int
    body: bytes

    @property
    def topic(self) -> str:
        """The last part of a PUBLISH's topic."""
        return self.body[2 : 2 + self.body[1]].decode().split("/")[-1]

    @property
    def pid(self) -> int:
        """A PUBLISH's packet id."""
        at = 2 + self.body[1]
        return self.body[at] << 8 | self.body[at + 1]

    @property
    def message(self) -> Any:
        """The frame in a PUBLISH."""
        return parse(loads(self.body[4 + self.body[1] :]))


class Bench:
    """A node on a broker that answers only what the test tells it to."""

    def __init__(self, interval_ms: int = 1000, outbox_bytes: int = 8192, **options: Any) -> None:
        self.ticks = Ticks()
        self.line = Line()
        self.refuse = False
        self.opened = 0
        sampler = Sampler()
        sampler.enroll(Scripted([[i] for i in range(10000)]), interval_ms, 1)
        clock = Clock(self.ticks, self.ticks.mask)
        self.link = Mqtt("bench", {**OPTIONS, **options}, self.open)
        self.node = Node("bench", "unix", clock, Outbox(outbox_bytes), sampler, self.link)

    def open(self, options: dict[str, Any]) -> Line:
        """A new connection."""
        self.opened += 1
        if self.refuse:
            raise OSError("refused")
        self.line = Line()
        return self.line

    def step(self, ms: int = 0) -> list[Packet]:
        """Let time pass; what the board sent in this step."""
        self.ticks.advance(ms)
        self.node.step()
        return self.sent()

    def run(self, ms: int, every_ms: int = 50) -> list[Packet]:
        """Step through `ms` milliseconds."""
        return [packet for _ in range(ms // every_ms) for packet in self.step(every_ms)]

    def reopen(self) -> None:
        """Wait until the board opens a new connection."""
        before = self.line
        while self.line is before:
            self.step(50)

    def sent(self) -> list[Packet]:
        """The packets on the connection since the last call."""
        data, out = self.line.written, []
        while data:
            length, at = data[1] & 0x7F, 2
            while data[at - 1] & 0x80:
                length |= (data[at] & 0x7F) << 7 * (at - 1)
                at += 1
            out.append(Packet(data[0] >> 4, data[0] & 15, bytes(data[at : at + length])))
            del data[: at + length]
        return out

    def connect(self, present: bool = False) -> list[Packet]:
        """Accept the connection, and the subscription; what the board sent after it."""
        self.step()
        self.line.incoming += bytes((0x20, 2, present, 0))
        packets = self.step()
        pid = next(packet.body[:2] for packet in packets if packet.kind == SUBSCRIBE)
        self.line.incoming += b"\x90\x03" + pid + b"\x01"
        return packets

    def acknowledge(self, packets: list[Packet]) -> None:
        """PUBACK each PUBLISH."""
        for packet in packets:
            if packet.kind == PUBLISH:
                self.line.incoming += bytes((0x40, 2, packet.pid >> 8, packet.pid & 255))

    def down(self, frame: bytes, pid: int = 9) -> None:
        """Publish a frame to the board."""
        body = field(topic("bench", "down")) + bytes((pid >> 8, pid & 255)) + frame
        self.line.incoming += b"\x32" + remaining(len(body)) + body


def is_frame(packet: Packet) -> bool:
    """Whether it is a reliable frame: on `up`, and no hello."""
    return packet.kind == PUBLISH and packet.topic == "up" and packet.message.kind != HELLO


def seqs(packets: list[Packet]) -> list[int]:
    """Numbers of the reliable frames among the packets."""
    return [p.message.seq for p in packets if is_frame(p)]


def test_connect_names_the_board_and_leaves_a_will() -> None:
    """Client id, persistent session, keep-alive; the will is a retained state 0 with QoS 1."""
    bench = Bench(user="u", password="secret")
    (packet,) = bench.step()
    assert packet.kind == CONNECT
    assert packet.body.startswith(
        b"\x00\x04MQTT\x04\xec\x00\x1e" + field("boardpulse-bench") + field(topic("bench", "state"))
    )
    assert packet.body.endswith(field("u") + field("secret"))
    assert parse(loads(packet.body[packet.body.index(b"\x83") :][: -len(field("u") + field("secret"))])).status == 0


def test_the_order_after_connect() -> None:
    """Subscribe, hello (retained), state 1 (retained), then hello again and the outbox."""
    bench = Bench()
    bench.run(3000)
    packets = bench.connect()
    assert [(p.kind, p.flags, p.topic if p.kind == PUBLISH else "") for p in packets[:5]] == [
        (SUBSCRIBE, 2, ""),
        (PUBLISH, 3, "hello"),
        (PUBLISH, 3, "state"),
        (PUBLISH, 2, "up"),
        (PUBLISH, 2, "up"),
    ]
    assert packets[0].body[2:] == field(topic("bench", "down")) + b"\x01"
    assert packets[2].message.status == 1
    assert packets[3].message.kind == HELLO
    assert seqs(packets) == [0, 1, 2, 3][: len(seqs(packets))]


def test_a_frame_is_kept_until_its_puback() -> None:
    """PUBACKs may come in any order; each frees its frame."""
    bench = Bench()
    packets = [p for p in bench.connect() + bench.run(5000, 1000) if is_frame(p)]
    assert bench.node.outbox.count == len(packets) == 6
    bench.acknowledge(packets[:0:-1])
    bench.step()
    assert [bench.node.outbox.done(i) for i in range(6)] == [False, True, True, True, True, True]
    bench.acknowledge(packets[:1])
    bench.step()
    assert bench.node.outbox.count == 0


def test_few_frames_are_on_their_way_at_once() -> None:
    """Sixteen without PUBACK; the seventeenth waits for the first."""
    bench = Bench(interval_ms=100)
    first = bench.connect()
    packets = first + bench.run(5000)
    assert len(seqs(packets)) == 16
    bench.acknowledge([p for p in packets if is_frame(p)][:1])
    assert len(seqs(bench.step())) == 1


def test_after_a_reconnection_the_same_frames_come_again_marked_so() -> None:
    """DUP, the same packet ids and the same bytes; then the new ones."""
    bench = Bench()
    packets = bench.connect()
    packets += bench.run(2000, 1000)
    before = {p.pid: p.body for p in packets if is_frame(p)}
    bench.line.broken = True
    bench.reopen()
    packets = bench.connect(present=True)
    again = [p for p in packets if p.kind == PUBLISH and p.flags & 8]
    assert {p.pid: p.body for p in again} == before
    fresh = [p for p in packets if p.kind == PUBLISH and p.topic == "up" and not p.flags & 8]
    assert seqs(fresh) == list(range(len(before), len(before) + len(seqs(fresh))))
    assert seqs(fresh)
    assert bench.link.reconnects == 1


def test_packet_ids_go_round_and_are_never_zero() -> None:
    """1 … 65535, then 1 again."""
    bench = Bench()
    assert [bench.link._out.next_pid() for _ in range(3)] == [1, 2, 3]
    bench.link._out._pid = 65534
    assert [bench.link._out.next_pid() for _ in range(3)] == [65535, 1, 2]


def test_it_pings_when_all_is_quiet_and_gives_up_without_an_answer() -> None:
    """A ping within the keep-alive; no PINGRESP within its deadline ends the connection."""
    bench = Bench(interval_ms=86_400_000)
    bench.acknowledge(bench.connect())
    bench.step()
    quiet = bench.run(16000)
    assert [p.kind for p in quiet] == [PINGREQ]
    bench.line.incoming += b"\xd0\x00"
    assert PINGREQ in [p.kind for p in bench.run(16000)]
    opened, line = bench.opened, bench.line
    bench.run(16000)
    assert line.closed
    assert bench.opened > opened


@pytest.mark.parametrize("what", ["connack", "puback", "suback", "room"])
def test_no_answer_ends_the_connection_and_another_is_made(what: str) -> None:
    """A broker that stops answering, at whatever point, costs half a minute and not for ever."""
    bench = Bench()
    bench.step()
    if what == "suback":
        bench.line.incoming += b"\x20\x02\x00\x00"
        bench.acknowledge(bench.step())
    elif what != "connack":
        bench.connect()
    first, opened = bench.line, bench.opened
    if what == "room":
        first.room = 3
    for _ in range(80):
        packets = bench.step(500)
        if what == "suback":
            bench.acknowledge(packets)
        elif what == "puback":
            bench.line.incoming += b"\xd0\x00" * sum(p.kind == PINGREQ for p in packets)
    assert first.closed
    assert bench.opened > opened


def test_the_back_off_grows_to_half_a_minute_with_jitter() -> None:
    """Attempts come ever later, never more than about 30 s apart, and not in step with other boards."""
    bench = Bench(interval_ms=86_400_000)
    bench.refuse = True
    when = []
    for _ in range(6000):
        before = bench.opened
        bench.step(50)
        if bench.opened > before:
            when.append(bench.node.clock.uptime_ms())
    gaps = [b - a for a, b in pairwise(when)]
    for gap, nominal in zip(gaps, [1000, 2000, 4000, 8000, 16000, 30000, 30000], strict=False):
        assert nominal * 0.5 <= gap <= nominal * 1.5 + 50
    assert len(when) >= 10


def test_a_broker_that_throws_the_board_out_again_and_again_is_not_hammered() -> None:
    """Two boards of one name throw each other out: attempts grow rarer, and so do the events about them."""
    bench = Bench(interval_ms=86_400_000)
    opened = bench.opened
    for _ in range(1200):
        if bench.opened > opened:
            opened = bench.opened
            bench.line.incoming += b"\x20\x02\x00\x00"
            bench.step()
            bench.line.broken = True
        bench.step(100)
    assert 5 <= bench.opened <= 11


def test_a_flood_of_messages_stops_neither_sampling_nor_memory() -> None:
    """A step reads so much and no more; while the broker takes no answers, none pile up."""
    bench = Bench(interval_ms=100)
    bench.connect()
    bench.step()
    bench.line.room = 0
    for pid in range(1, 2000):
        bench.down(b"\xff" * 20, pid)
    before = bench.node.outbox.next_seq
    bench.run(1000, 100)
    assert bench.node.outbox.next_seq == before + 10
    assert len(bench.link._out.queue) <= 64
    assert len(bench.line.incoming) > 50_000


def test_an_outage_is_one_event_and_its_end_another() -> None:
    """However many attempts it takes."""
    bench = Bench(interval_ms=86_400_000)
    packets = bench.connect()
    bench.acknowledge(packets)
    bench.step()
    bench.line.broken = True
    bench.refuse = True
    bench.run(60000)
    bench.refuse = False
    bench.reopen()
    events = [p.message for p in bench.connect() if p.kind == PUBLISH and p.topic == "up" and p.message.kind == EVENT]
    assert [(e.type, e.severity) for e in events] == [(5, 2), (5, 1)]


@pytest.mark.parametrize("code", [1, 2, 3, 4, 5, 99])
def test_a_refusal_says_why(code: int) -> None:
    """The event carries the broker's reason."""
    bench = Bench()
    bench.step()
    bench.line.incoming += bytes((0x20, 2, 0, code))
    bench.step()
    frames = [
        bytes(bench.node.outbox.buf[bench.node.outbox.offset(i) :][: bench.node.outbox.length(i)]) for i in range(2)
    ]
    messages = [parse(loads(frame)) for frame in frames]
    assert any(m.kind == EVENT and "refuses" in m.message for m in messages)  # type: ignore[union-attr]


def test_hello_comes_among_the_frames_when_it_was_asked_for() -> None:
    """Once retained on its topic, once on `up`; the question is acknowledged to the broker."""
    bench = Bench(interval_ms=86_400_000)
    bench.acknowledge(bench.connect())
    bench.run(1500)
    bench.down(encode_hello_request(None), pid=513)
    packets = bench.run(100)
    assert [(p.topic, p.message.kind, p.flags & 1) for p in packets if p.kind == PUBLISH] == [
        ("hello", 1, 1),
        ("up", 1, 0),
    ]
    assert [p.body for p in packets if p.kind == PUBACK] == [b"\x02\x01"]


def test_with_ack_bridge_only_the_bridges_ack_frees() -> None:
    """A broker that is not trusted to keep: PUBACK means nothing, the same frame goes again until the bridge has it."""
    bench = Bench(ack="bridge")
    packets = bench.connect()
    hello = next(p.message for p in packets if p.kind == PUBLISH and p.topic == "hello")
    assert hello.ack_mode == 1
    bench.acknowledge(packets)
    bench.step()
    assert bench.node.outbox.count == 1
    again = []
    for _ in range(40):
        packets = bench.step(500)
        bench.acknowledge(packets)
        bench.line.incoming += b"\xd0\x00" * sum(p.kind == PINGREQ for p in packets)
        again += [s for s in seqs(packets) if s == 0]
    assert again
    outbox = bench.node.outbox
    bench.down(encode_ack(bench.node.boot, outbox.seq(outbox.sent - 1) + 1))
    bench.step()
    assert outbox.seq(0) == 16


def test_with_ack_bridge_a_silent_bridge_is_asked_later_and_later() -> None:
    """After 15 s, then twice as long each time, up to 4 minutes; its next acknowledgement, or a new connection, brings
    back the first."""
    bench = Bench(ack="bridge", interval_ms=86_400_000)
    bench.connect()
    assert bench.node.outbox.count == 1

    def gaps(seconds: int) -> list[int]:
        """Seconds between the times that the frame came again."""
        found, since = [], 0
        for _ in range(seconds):
            since += 1
            packets = bench.step(1000)
            bench.line.incoming += b"\xd0\x00" * sum(p.kind == PINGREQ for p in packets)
            if any(p.flags & 8 for p in packets if is_frame(p)):
                found.append(since)
                since = 0
        return found

    assert [round(gap / 15) for gap in gaps(800)] == [1, 2, 4, 8, 16, 16]
    bench.down(encode_ack(bench.node.boot, 1))
    bench.step()
    assert bench.node.outbox.count == 0
    bench.node.log("info", "the next frame")
    bench.step()
    assert [round(gap / 15) for gap in gaps(120)] == [1, 2, 4]
    bench.line.incoming += b"\xff"
    bench.step()
    bench.reopen()
    bench.connect()
    assert round(gaps(20)[-1] / 15) == 1


def test_close_takes_the_will_back() -> None:
    """State 2, then DISCONNECT: the broker does not call the board lost."""
    bench = Bench()
    bench.acknowledge(bench.connect())
    bench.step()
    bench.link.close()
    packets = bench.sent()
    assert [(p.kind, p.message.status if p.kind == PUBLISH else None) for p in packets] == [
        (PUBLISH, 2),
        (DISCONNECT, None),
    ]
    assert bench.line.closed


def test_frames_larger_than_the_buffer_go_out_whole() -> None:
    """A crash's traceback takes more than the buffer had at the start."""
    bench = Bench(interval_ms=86_400_000)
    bench.acknowledge(bench.connect())
    bench.node.log("error", "x" * 900, a="y" * 900)
    (packet,) = [p for p in bench.run(100) if p.kind == PUBLISH and p.message.kind == EVENT]
    assert len(packet.message.message) == 900


class Listener:
    """Remembers what a Reader found."""

    def __init__(self) -> None:
        self.heard: list[tuple[Any, ...]] = []

    def __getattr__(self, name: str) -> Any:
        def hear(*arguments: Any) -> None:
            if name == "message":
                buf, start, end = arguments
                arguments = (bytes(buf[start:end]),)
            self.heard.append((name, *arguments))

        return hear


def message(payload: bytes, pid: int, qos: int = 1) -> bytes:
    """A PUBLISH of a broker."""
    body = field("t") + (bytes((pid >> 8, pid & 255)) if qos else b"") + payload
    return bytes((0x30 | qos << 1,)) + remaining(len(body)) + body


@pytest.mark.parametrize("seed", range(20))
def test_packets_are_found_however_they_are_cut(seed: int) -> None:
    """Any chunking gives the same; a message beyond the buffer is skipped, counted and acknowledged."""
    dice = random.Random(seed)
    stream = b"\x20\x02\x01\x00" + message(b"abc", 7) + message(b"z" * 5000, 8) + b"\x40\x02\x01\x02"
    stream += message(b"", 9, qos=0) + b"\xd0\x00" + b"\x90\x03\x00\x01\x01" + message(b"y" * 95, 300)
    listener = Listener()
    reader = Reader(listener, 102)
    while stream:
        n = dice.randrange(1, 64)
        reader.feed(bytearray(stream[:n]), len(stream[:n]))
        stream = stream[n:]
    assert listener.heard == [
        ("connected", True),
        ("message", b"abc"),
        ("to_puback", 7),
        ("to_puback", 8),
        ("acknowledged_pid", 258),
        ("message", b""),
        ("pong",),
        ("subscribed",),
        ("message", b"y" * 95),
        ("to_puback", 300),
    ]
    assert reader.skipped == 1


@pytest.mark.parametrize("seed", range(200))
def test_no_bytes_do_more_than_end_the_connection(seed: int) -> None:
    """Whatever a broker sends is read, or refused as MqttError."""
    dice = random.Random(seed)
    reader = Reader(Listener(), 64)
    kinds = b"\x20\x30\x32\x40\x90\xd0\xf0"
    for _ in range(20):
        data = bytearray([dice.choice(kinds), *(dice.randrange(256) for _ in range(dice.randrange(80)))])
        try:
            reader.feed(data, len(data))
        except MqttError:
            reader.reset()


def test_a_broker_that_was_away_once_is_looked_for_days_later() -> None:
    """A light sleeper closes the connection itself; a failure of more than three days ago keeps it from nothing."""
    bench = Bench()
    bench.refuse = True
    bench.run(200)
    bench.refuse = False
    for _ in range(5 * 24):
        bench.link.close()
        for _ in range(6):
            bench.ticks.advance(600000)
            bench.node.clock.update()
        before = bench.opened
        bench.run(100)
        assert bench.opened == before + 1
