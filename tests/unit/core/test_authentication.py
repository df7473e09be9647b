"""Frames in a COSE_Mac0, for boards that have a key."""

import pytest

from host_bridge.core.actions import Send
from host_bridge.core.envelope import TAG, Envelope, mac, seal
from host_bridge.settings import Settings
from shared_schema.cbor import encode
from shared_schema.cbor_reader import loads
from shared_schema.errors import AuthError, PeerError, SchemaError
from tests.support.boards import Board, Bridge, acknowledged, only, refused

KEY = bytes(range(32))
OTHER = bytes(32)


def bridge() -> Bridge:
    """One that has a key for board-1."""
    return Bridge(Settings(keys={"board-1": KEY}))


def test_there_and_back() -> None:
    """What was sealed is opened with the same key for the same device."""
    envelope = Envelope(seal(KEY, "board-1", b"frame"))
    assert (envelope.kid, envelope.verify(KEY, "board-1")) == ("board-1", b"frame")


@pytest.mark.parametrize(("key", "device_id"), [(OTHER, "board-1"), (KEY, "board-2")])
def test_another_key_or_device_does_not_open_it(key: bytes, device_id: str) -> None:
    """The device id is authenticated, too."""
    with pytest.raises(AuthError):
        Envelope(seal(KEY, "board-1", b"frame")).verify(key, device_id)


def test_the_tag_is_that_of_rfc_9052() -> None:
    """HMAC-SHA-256 over the MAC_structure, cut to eight bytes; the structure written out by hand."""
    import hashlib
    import hmac

    structure = b"\x84\x64MAC0\x43\xa1\x01\x04\x47board-1\x45frame"
    assert mac(KEY, "board-1", b"frame") == hmac.new(KEY, structure, hashlib.sha256).digest()[:8]


@pytest.mark.parametrize(
    "item",
    [
        5,
        [b"\xa1\x01\x04", {}, b"x"],
        [b"\xa1\x01\x05", {}, b"x", bytes(8)],
        [b"\xa1\x01\x04", [], b"x", bytes(8)],
        [b"\xa1\x01\x04", {}, "x", bytes(8)],
        [b"\xa1\x01\x04", {}, b"x", bytes(7)],
        [b"\xa1\x01\x04", {4: "board-1"}, b"x", bytes(8)],
        [b"\xa1\x01\x04", {4: b"board-1", 5: b""}, b"x", bytes(8)],
        [b"\xa1\x01\x04", {1: 4}, b"x", bytes(8)],
    ],
)
def test_what_is_no_envelope_is_refused(item: object) -> None:
    """Only declared errors."""
    with pytest.raises(PeerError):
        Envelope(bytes((TAG,)) + encode(item))


def test_a_header_with_more_than_a_kid_is_refused_though_the_tag_is_right() -> None:
    """The tag does not cover it: anybody could have put it there."""
    item = [b"\xa1\x01\x04", {4: b"board-1", 5: b"x"}, b"frame", mac(KEY, "board-1", b"frame")]
    with pytest.raises(SchemaError):
        Envelope(bytes((TAG,)) + encode(item))


@pytest.mark.parametrize("kid", [b"", b"\xff", b"board-10"])
def test_an_empty_kid_or_one_that_is_no_text_names_another_device(kid: bytes) -> None:
    """Only one that is left out says nothing."""
    b, board = bridge(), Board()
    item = [b"\xa1\x01\x04", {4: kid}, board.hello(), mac(KEY, "board-1", board.hello())]
    assert refused(b.mqtt(board, bytes((TAG,)) + encode(item), "hello")) == ["identity"]


def test_a_board_with_a_key_is_heard_when_its_frames_are_sealed() -> None:
    """On MQTT, the whole way."""
    b, board = bridge(), Board()
    assert refused(b.mqtt(board, seal(KEY, "board-1", board.hello()), "hello")) == []
    assert refused(b.mqtt(board, seal(KEY, "board-1", board.samples(2150, 40000)))) == []
    assert b.value("device_temperature_celsius") == "21.50"


def test_on_a_uart_the_hello_says_who_it_is() -> None:
    """By its kid."""
    b, board = bridge(), Board()
    assert refused(b.uart(seal(KEY, "board-1", board.hello()))) == []
    assert refused(b.uart(seal(KEY, "board-1", board.samples(2150, 40000)))) == []
    assert b.value("device_temperature_celsius") == "21.50"


@pytest.mark.parametrize("channel", ["hello", "up"])
def test_bare_frames_of_a_board_with_a_key_are_refused(channel: str) -> None:
    """And acknowledged to the broker, which would send them again for ever."""
    b, board = bridge(), Board()
    actions = b.mqtt(board, board.hello(), channel)
    assert refused(actions) == ["auth"]
    assert len(acknowledged(actions)) == 1
    assert b.fleet.devices() == []


def test_a_bare_hello_on_a_uart_cannot_take_the_place_of_a_board_with_a_key() -> None:
    """The port does not name the device; the hello does."""
    b, board = bridge(), Board()
    assert refused(b.uart(board.hello())) == ["auth"]


def test_a_board_cannot_sign_for_another() -> None:
    """It has a key, but not theirs."""
    b = Bridge(Settings(keys={"board-1": KEY, "board-2": OTHER}))
    assert refused(b.uart(seal(OTHER, "board-2", Board("board-1").hello()))) == ["auth"]
    assert refused(b.mqtt("board-1", seal(OTHER, "board-2", Board("board-1").hello()), "hello")) == ["identity"]


def test_a_sealed_frame_without_a_key_for_it_is_refused() -> None:
    """The bridge cannot tell whether it is true."""
    b, board = Bridge(), Board()
    assert refused(b.mqtt(board, seal(KEY, "board-1", board.hello()), "hello")) == ["auth"]


def test_a_hello_that_is_played_again_is_refused() -> None:
    """Its uptime is no greater than the last one's."""
    b, board = bridge(), Board()
    frame = seal(KEY, "board-1", board.hello(uptime=5000))
    b.mqtt(board, frame, "hello")
    assert refused(b.mqtt(board, frame, "hello")) == ["auth"]
    assert refused(b.mqtt(board, seal(KEY, "board-1", board.hello(uptime=5001)), "hello")) == []


def test_a_hello_of_a_boot_that_is_over_is_refused() -> None:
    """It was recorded before the restart."""
    b, old, new = bridge(), Board(boot=1), Board(boot=2)
    b.mqtt(old, seal(KEY, "board-1", old.hello(uptime=1)), "hello")
    b.mqtt(new, seal(KEY, "board-1", new.hello(uptime=1)), "hello")
    assert refused(b.mqtt(old, seal(KEY, "board-1", old.hello(uptime=2)), "hello")) == ["auth"]


def test_reliable_frames_that_are_played_again_are_repeats() -> None:
    """By (boot, seq); their values are not used."""
    b, board = bridge(), Board()
    b.mqtt(board, seal(KEY, "board-1", board.hello()), "hello")
    frame = seal(KEY, "board-1", board.samples(2150, 40000))
    b.mqtt(board, frame)
    b.mqtt(board, frame)
    assert b.ledger().repeated == 1


def test_commands_to_a_board_with_a_key_are_sealed() -> None:
    """The board refuses others."""
    b, board = bridge(), Board()
    b.uart(seal(KEY, "board-1", board.hello()))
    b.uart(seal(KEY, "board-1", board.samples(2150, 40000)))
    (ack,) = only(b.after(0.2), Send)
    assert loads(Envelope(ack.frame).verify(KEY, "board-1")) == [8, board.boot, 1]
