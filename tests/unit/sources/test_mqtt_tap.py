"""What a Tap takes out of a broker's stream, and what it leaves to paho."""

import contextlib
import socket
import ssl
from collections.abc import Iterator
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from host_bridge.sources import mqtt_tap
from host_bridge.sources.mqtt_tap import MAX_KEPT, Message, Tap, TappedClient
from shared_schema.messages import MAX_FRAME_BYTES

PINGRESP, SUBACK = b"\xd0\x00", b"\x90\x03\x00\x01\x01"
Seen = list[Message | bytes]


def length_of(n: int) -> bytes:
    """MQTT's variable length."""
    out = b""
    while True:
        n, low = n >> 7, n & 127
        out += bytes([low | (128 if n else 0)])
        if not n:
            return out


def publish(topic: bytes, payload: bytes, qos: int = 0, mid: int = 7, dup: bool = False, retain: bool = False) -> bytes:
    """The packet."""
    body = len(topic).to_bytes(2, "big") + topic + (mid.to_bytes(2, "big") if qos else b"") + payload
    return bytes([0x30 | dup << 3 | qos << 1 | retain]) + length_of(len(body)) + body


class Line:
    """A broker's end of a connection, and our Tap on the other."""

    def __init__(self) -> None:
        ours, self.broker = socket.socketpair()
        ours.setblocking(False)
        self.broker.settimeout(5)
        self.tap = Tap(ours)

    def close(self) -> None:
        self.tap.close()
        self.broker.close()

    def seen(self) -> Seen:
        """All that has come: messages, and what paho reads for each packet of its own."""
        out: Seen = []
        self.tap.fill()
        for message in self.tap.packets():
            out.append(self.for_paho() if message is None else message)
        return out

    def for_paho(self) -> bytes:
        """As paho reads: byte by byte, until there is no more."""
        read = b""
        while True:
            try:
                byte = self.tap.recv(1)
            except BlockingIOError:
                return read
            if not byte:
                return read + b"<end>"
            read += byte

    def send(self, data: bytes) -> Seen:
        """What is seen after the broker has sent this."""
        out: Seen = []
        for at in range(0, len(data), 30_000):
            self.broker.sendall(data[at : at + 30_000])
            out += self.seen()
        return out


@pytest.fixture
def line() -> Iterator[Line]:
    """A connection."""
    line = Line()
    yield line
    line.close()


MESSAGES = st.builds(
    publish,
    st.binary(max_size=40),
    st.binary(max_size=300),
    st.integers(0, 1),
    st.integers(1, 65535),
    st.booleans(),
    st.booleans(),
)


@given(st.lists(st.one_of(MESSAGES, st.sampled_from([PINGRESP, SUBACK])), max_size=8), st.data())
def test_however_the_stream_is_cut_each_packet_comes_once_and_in_order(
    packets: list[bytes], data: st.DataObject
) -> None:
    """Messages to us, all else to paho, with every byte."""
    stream = b"".join(packets)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=6)))
    line = Line()
    seen: Seen = []
    for start, stop in pairwise([0, *cuts, len(stream)]):
        seen += line.send(stream[start:stop])
    line.close()
    again = [one if isinstance(one, bytes) else packet_of(one) for one in seen]
    assert again == packets


def packet_of(message: Message) -> bytes:
    """The packet that a message was in."""
    assert message.size == len(message.payload)
    return publish(message.topic, message.payload, message.qos, message.mid, message.dup, message.retain)


def test_a_message_that_is_too_long_is_told_and_never_kept(line: Line) -> None:
    """Its topic, size and number are; what comes behind it is as if it had not been there."""
    giant = publish(b"t/up", bytes(3_000_000), qos=1, mid=300)
    seen = line.send(giant + publish(b"t/up", b"next") + SUBACK)
    assert seen == [
        Message(b"t/up", b"", 3_000_000, 1, False, False, 300),
        Message(b"t/up", b"next", 4, 0, False, False, 0),
        SUBACK,
    ]
    for message in line.send(publish(b"t", bytes(MAX_FRAME_BYTES + 1)) + publish(b"t", bytes(MAX_FRAME_BYTES))):
        assert isinstance(message, Message)
        assert (len(message.payload), message.size) in [(0, MAX_FRAME_BYTES + 1), (MAX_FRAME_BYTES, MAX_FRAME_BYTES)]


def test_what_waits_in_memory_is_bounded(line: Line) -> None:
    """Whatever a broker sends, and however slowly."""
    most = 0
    for at in range(0, 1_000_000, 10_000):
        part = publish(b"x" * 65_535, bytes(1_000_000))[at : at + 10_000]
        line.send(part)
        most = max(most, len(line.tap._buf))
    assert most <= MAX_KEPT + mqtt_tap.CHUNK


@pytest.mark.parametrize(
    "data",
    [
        b"\x30\xff\xff\xff\xff\x01",
        b"\x90" + length_of(5_000_000) + bytes(200_000),
        publish(b"t", bytes(200_000), qos=2),
    ],
    ids=["a length of five bytes", "a giant that is no message", "a giant with QoS 2"],
)
def test_what_breaks_mqtt_ends_the_connection(line: Line, data: bytes) -> None:
    """paho finds an error in the place of the next packet."""
    with pytest.raises(ConnectionError, match="the broker sent"):
        line.send(data)


@pytest.mark.parametrize(
    "data", [b"\x30\x01\x00", b"\x30\x04\x00\x05ab", b"\x32\x03\x00\x01t", publish(b"t", b"x", qos=2)]
)
def test_a_message_that_is_malformed_or_was_not_asked_for_is_pahos_to_judge(line: Line, data: bytes) -> None:
    """Too short for its topic or its number; or with QoS 2."""
    assert line.send(data + PINGRESP) == [data, PINGRESP]


def test_the_end_is_what_paho_finds_behind_the_last_packet(line: Line) -> None:
    """Messages that came before the end are taken."""
    line.broker.sendall(publish(b"t", b"last"))
    line.broker.close()
    assert line.seen() == [Message(b"t", b"last", 4, 0, False, False, 0)]
    assert line.seen() == [b"<end>"]


def test_confirmations_leave_together(line: Line) -> None:
    """Each names its message."""
    for mid in (1, 300, 65_535):
        line.tap.confirm(mid)
    assert line.tap.wants_write
    line.tap.flush()
    assert line.broker.recv(100) == b"\x40\x02\x00\x01\x40\x02\x01\x2c\x40\x02\xff\xff"
    assert not line.tap.wants_write


def test_nothing_comes_into_the_middle_of_a_confirmation(line: Line) -> None:
    """However little the socket takes: what paho sends waits for what was begun."""
    line.tap._inner.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
    sent = 0
    for mid in range(60_000):
        line.tap.confirm(mid)
    line.tap.flush()
    assert line.tap.wants_write
    with pytest.raises(BlockingIOError):
        line.tap.send(b"\xc0\x00")
    heard = b""
    while len(heard) < 4 * 60_000 + 2:
        heard += line.broker.recv(65_536)
        try:
            sent += line.tap.send(b"\xc0\x00") if sent < 2 else 0
        except BlockingIOError:
            continue
    assert heard == b"".join(b"\x40\x02" + mid.to_bytes(2, "big") for mid in range(60_000)) + b"\xc0\x00"


def test_a_line_that_breaks_while_it_is_written_is_found_when_it_is_read(line: Line) -> None:
    """No exception goes astray in flush()."""
    line.broker.close()
    line.tap.confirm(1)
    line.tap.flush()
    line.tap.flush()
    assert not line.tap.wants_write
    assert line.seen() == [b"<end>"]


def test_tls_hides_nothing_from_us() -> None:
    """What TLS has decrypted already is read without waiting for the socket."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain("tests/support/tls/broker.pem", "tests/support/tls/broker.key")
    ours = ssl.create_default_context(cafile="tests/support/tls/broker.pem")
    ours.check_hostname = False
    raw, other = socket.socketpair()
    broker_in, broker_out = ssl.MemoryBIO(), ssl.MemoryBIO()
    broker = context.wrap_bio(broker_in, broker_out, server_side=True)
    raw.setblocking(False)
    other.setblocking(False)
    client = ours.wrap_socket(raw, do_handshake_on_connect=False)
    for side in (client, broker) * 6:
        with contextlib.suppress(ssl.SSLWantReadError):
            side.do_handshake()
        _pump(broker_in, broker_out, other)
    messages = [publish(b"t", bytes([i]) * 2000) for i in range(60)]
    broker.write(b"".join(messages)[:120_000])
    other.setblocking(True)
    other.sendall(broker_out.read())
    tap = Tap(client)
    tap.fill()
    assert not tap.pending()
    taken = [message for message in tap.packets() if message is not None]
    assert [message.payload[:1] for message in taken] == [bytes([i]) for i in range(len(taken))]
    assert len(taken) >= 59
    tap.close()
    other.close()


def _pump(incoming: ssl.MemoryBIO, outgoing: ssl.MemoryBIO, line: socket.socket) -> None:
    if data := outgoing.read():
        line.sendall(data)
    with contextlib.suppress(BlockingIOError):
        incoming.write(line.recv(65_536))


def test_the_client_of_the_bridge_has_a_tap(line: Line) -> None:
    """paho makes its socket where the Tap is put around it: with a paho that does not, messages would not be seen."""
    from paho.mqtt.enums import CallbackAPIVersion

    listener = socket.create_server(("127.0.0.1", 0))
    client = TappedClient(CallbackAPIVersion.VERSION2, "x")
    assert client.tap is None
    client.connect_async(*listener.getsockname())
    client.reconnect()
    assert isinstance(client.tap, Tap)
    client.disconnect()
    listener.close()
