"""A board's key: how it is configured, what is sealed with it, and what it does not let in."""

import random
from pathlib import Path
from typing import Any

import pytest

from boardpulse import compose
from boardpulse.outbox import EVENT, SAMPLES, Outbox
from boardpulse.sealing import Sealing
from host_bridge.core.envelope import Envelope, mac, seal
from shared_schema import framing
from shared_schema.cbor import encode
from shared_schema.cbor_reader import loads
from shared_schema.commands import encode_ack, encode_hello_request, encode_set
from shared_schema.errors import AuthError, BufferFullError, ConfigError, PeerError
from shared_schema.parse import parse
from tests.fakes.firmware import Bench as UartBench
from tests.fakes.firmware import Scripted
from tests.support.stranger_wire import seal as strangers_seal
from tests.unit.firmware.test_mqtt import CONNECT, PUBLISH, Bench, Packet

KEY = bytes(range(32))
UART = {"device_id": "kiln-1", "board": "unix", "link": {"type": "uart", "path": "/dev/ttyS0"}}
MQTT = {"device_id": "kiln-1", "board": "unix", "link": {"type": "mqtt", "host": "broker"}}
HELLO, STATE = 1, 16


class SealedMqtt(Bench):
    """A board with a key on a broker in the test's hand."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.own = own = Sealing("bench", KEY)
        self.node.outbox = Outbox(8192, own.seal, own.lead, own.more)
        self.node.sealing = own

    def messages(self, packets: list[Packet]) -> list[tuple[str, Any]]:
        """(topic, message) of each PUBLISH; every one is sealed."""
        found = []
        for packet in packets:
            if packet.kind == PUBLISH:
                frame = Envelope(packet.body[4 + packet.body[1] :]).verify(KEY, "bench")
                found.append((packet.topic, parse(loads(frame))))
        return found


@pytest.mark.parametrize("config", [UART, MQTT], ids=["uart", "mqtt"])
def test_a_key_is_configured_as_digits_or_in_a_file(config: dict[str, Any], tmp_path: Path) -> None:
    """The same key either way, which the bridge's own code verifies; the node says who it is in its kid on a UART."""
    path = tmp_path / "key"
    path.write_text(KEY.hex().upper() + "\r\n")
    for key in (KEY.hex(), {"file": str(path)}):
        node = compose.load({**config, "key": key})
        framed = node.hello(config is UART)
        envelope = Envelope(framing.decode_chunk(framed[1:-1]) if config is UART else framed)
        assert envelope.kid == ("kiln-1" if config is UART else None)
        assert loads(envelope.verify(KEY, "kiln-1"))[0] == HELLO  # type: ignore[index]


def test_without_a_key_nothing_is_sealed() -> None:
    """An empty one is none."""
    for config in (UART, {**UART, "key": None}):
        assert compose.load(config).sealing is None


@pytest.mark.parametrize(
    "key", ["hunter2", "0" * 63, "g" * 64, "0" * 62 + "\u0664\u0664", 7, ["hunter2"], {"fil": "hunter2"}, {"file": ""}]
)
def test_a_wrong_key_is_told_without_being_shown(key: object) -> None:
    """Neither its value nor a part of it."""
    with pytest.raises(ConfigError) as caught:
        compose.load({**UART, "key": key})
    assert [path for path, _, _ in caught.value.problems] == ["key"]
    assert "hunter2" not in str(caught.value)
    assert str(key) not in str(caught.value)


@pytest.mark.parametrize("content", [None, b"", b"hunter2", b"\xff" * 64, KEY.hex().encode() + b"00", KEY])
def test_a_file_without_a_key_is_told(tmp_path: Path, content: bytes | None) -> None:
    """The message does not repeat its path either: somebody may have put the key there."""
    path = tmp_path / "hunter2"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ConfigError, match="key") as caught:
        compose.load({**UART, "key": {"file": str(path)}})
    assert "hunter2" not in str(caught.value)


def test_what_an_envelope_says_is_what_the_bridge_and_a_stranger_read() -> None:
    """The same bytes, made three times."""
    for length in (1, 23, 24, 255, 256, 5000):
        frame = bytes(i & 0xFF for i in range(length))
        made = Sealing("kiln-1", KEY, framing.seal).wrap(frame)
        assert made == seal(KEY, "kiln-1", frame) == strangers_seal(KEY, "kiln-1", frame)
        bare = Sealing("kiln-1", KEY).wrap(frame)
        assert bare == strangers_seal(KEY, "kiln-1", frame, kid=False)


@pytest.mark.parametrize("seed", range(20))
def test_whatever_is_changed_the_board_says_what_the_bridge_says(seed: int) -> None:
    """Bytes flipped, cut, inserted: opened by both, or refused by both; and never to another frame."""
    dice = random.Random(seed)
    own = Sealing("kiln-1", KEY, framing.seal)
    for _ in range(500):
        frame = dice.randbytes(dice.choice((1, 5, 30, 300)))
        data = bytearray(seal(KEY, "kiln-1", frame))
        for _ in range(dice.choice((0, 1, 1, 2))):
            at = dice.randrange(1, len(data))
            data[at : at + dice.randrange(3)] = dice.randbytes(dice.randrange(3))
        try:
            envelope = Envelope(bytes(data))
            said = envelope.verify(KEY, "kiln-1") if envelope.kid in (None, "kiln-1") else b""
        except PeerError:
            said = b""
        assert own.unwrap(bytes(data)) == said
        assert said in (b"", frame)


def test_every_cut_is_refused() -> None:
    """Without an exception."""
    own = Sealing("kiln-1", KEY)
    data = own.wrap(b"frame")
    assert own.unwrap(data) == b"frame"
    assert [own.unwrap(data[:n]) for n in range(len(data))] == [b""] * len(data)


@pytest.mark.parametrize("head", [b"\xd1\x83", b"\xd1\x85", b"\xd1\xa4", b"\xd2\x84", b"\xd1\x9f", b"\xd1\xd1\x84"])
def test_another_array_or_tag_is_refused(head: bytes) -> None:
    """Of three or five elements, a map, another tag, an indefinite length, a tag twice; all else as it should be."""
    own = Sealing("kiln-1", KEY)
    assert own.unwrap(head + own.wrap(b"frame")[2:]) == b""


def test_longer_heads_than_need_be_are_read() -> None:
    """SPEC.md section 1: any well-formed encoding with definite lengths."""
    tag = mac(KEY, "kiln-1", b"frame")
    data = (
        b"\xd1\x98\x04\x58\x03\xa1\x01\x04\xb9\x00\x01\x18\x04\x5a\0\0\0\x06kiln-1\x5b\0\0\0\0\0\0\0\x05frame\x58\x08"
    )
    assert Sealing("kiln-1", KEY).unwrap(data + tag) == b"frame"
    assert Envelope(data + tag).verify(KEY, "kiln-1") == b"frame"


@pytest.mark.parametrize("header", [{5: b"kiln-1"}, {3: b"x"}, {4: b"kiln-1", 5: 0}, {4: "kiln-1"}, {4: b""}, {1: 4}])
def test_a_header_with_anything_but_a_kid_is_refused(header: dict[int, object]) -> None:
    """The tag does not cover it."""
    body = [b"\xa1\x01\x04", header, b"frame", mac(KEY, "kiln-1", b"frame")]
    assert Sealing("kiln-1", KEY).unwrap(b"\xd1" + encode(body)) == b""


def test_what_is_written_into_an_outbox_stays_within_its_room() -> None:
    """Any length up to what was asked for, at any place, with or without zeros: the neighbours are untouched, the
    frames are whole."""
    dice = random.Random(5)
    for line in (framing.seal, None):
        own = Sealing("d" * dice.randrange(1, 65), KEY, line)
        box = Outbox(3000, own.seal, own.lead + (framing.LEAD if line else 0), own.more)
        kept: dict[int, bytes] = {}
        for _ in range(600):
            frame = bytes(
                dice.choice((0, 1, 255)) for _ in range(dice.randrange(1, dice.choice((30, 300, box.largest))))
            )
            w = box.begin(dice.randrange(len(frame), box.largest + 1), EVENT)
            assert w is not None
            w.raw(frame)
            kept[box.next_seq] = own.wrap(frame)
            box.commit(EVENT)
            for index in range(box.count):
                data = bytes(box.buf[box.offset(index) : box.offset(index) + box.length(index)])
                assert (framing.decode_chunk(data[1:-1]) if line else data) == kept[box.seq(index)]


def test_a_frame_that_is_too_long_for_its_room_is_refused_as_ever() -> None:
    """The writer's limit is that of the bare frame."""
    own = Sealing("kiln-1", KEY)
    box = Outbox(3000, own.seal, own.lead, own.more)
    w = box.begin(10, SAMPLES)
    assert w is not None
    with pytest.raises(BufferFullError):
        w.raw(bytes(11))


def test_a_batch_that_does_not_fit_travels_in_several_sealed_frames() -> None:
    """None of them longer than half of the outbox, envelope included; all samples arrive."""
    bench = UartBench([(Scripted([[i * 7919] for i in range(400)]), 100, 200)], outbox_bytes=1024)
    own = Sealing("bench", KEY, framing.seal)
    node = bench.node
    node.outbox, node.sealing = Outbox(1024, own.seal, framing.LEAD + own.lead, own.more), own
    bench.run(41_000, 100)
    frames = bench.raw_frames()
    samples = [frame for frame in map(own.unwrap, frames) if frame[1] == 2]
    assert max(map(len, frames)) <= 512
    assert sum(parse(loads(frame)).n for frame in samples) == 400
    assert len(samples) > 2


def test_all_that_goes_to_a_broker_is_sealed() -> None:
    """The last will in CONNECT, hello, states, frames; the goodbye."""
    bench = SealedMqtt()
    (connect,) = bench.step()
    assert connect.kind == CONNECT
    will = bench.own.wrap(bytes((0x83, 0x10)) + bench.node.boot_bytes + b"\x00")
    assert len(will).to_bytes(2, "big") + will in connect.body
    bench.line.incoming += bytes((0x20, 2, 0, 0))
    said = bench.messages(bench.run(1500))
    assert [(topic, message.kind) for topic, message in said[:4]] == [
        ("hello", HELLO),
        ("state", STATE),
        ("up", HELLO),
        ("up", 2),
    ]
    bench.node.link.close()
    assert bench.messages(bench.sent())[-1][1].status == 2


def test_a_hello_that_was_asked_for_is_made_twice() -> None:
    """Each with an uptime of its own: the second would be a replay of the first otherwise."""
    bench = SealedMqtt()
    bench.connect()
    bench.run(2000)
    bench.down(seal(KEY, "bench", encode_hello_request(bench.node.boot)))
    said = bench.messages(bench.run(200))
    hellos = [(topic, message.uptime) for topic, message in said if message.kind == HELLO]
    assert [topic for topic, _ in hellos] == ["hello", "up"]
    assert hellos[0][1] < hellos[1][1]


def test_the_longest_command_fits_with_its_envelope() -> None:
    """256 bytes, for a device id of 64, on either link."""
    device_id = "d" * 64
    rows: dict[int, object] = {3: [[i, 1000, -(1 << 40), 1 << 40] for i in range(30)]}
    for config in (UART, MQTT):
        node = compose.load({**config, "device_id": device_id, "key": KEY.hex()})
        while len(encode_set(node.boot, 1, rows)) > 256:
            rows[3].pop()  # type: ignore[attr-defined]
        frame = encode_set(node.boot, 1, rows)
        assert len(frame) > 230
        envelope = seal(KEY, device_id, frame)
        link: Any = node.link
        if config is UART:
            for byte in framing.encode_frame(envelope):
                link._take(byte)
        else:
            from boardpulse.links.mqtt_client import field, remaining
            from shared_schema.messages import topic

            body = field(topic(device_id, "down")) + b"\0\x09" + envelope
            packet = b"\x32" + remaining(len(body)) + body
            link._reader.feed(bytearray(packet), len(packet))
        assert link.errors == 0
        assert node.commands is not None  # it was read and answered
        assert node.outbox.count >= 1


def test_an_ack_of_another_device_is_refused() -> None:
    """The device id is authenticated, with a kid and without."""
    own = Sealing("kiln-1", KEY)
    for data in (seal(KEY, "kiln-2", encode_ack(1, 1)), strangers_seal(KEY, "kiln-2", encode_ack(1, 1), kid=False)):
        assert own.unwrap(data) == b""
    with pytest.raises(AuthError):
        Envelope(Sealing("kiln-2", KEY).wrap(b"frame")).verify(KEY, "kiln-1")
