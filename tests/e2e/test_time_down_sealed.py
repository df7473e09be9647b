"""The time for a board without a clock, where all that passes is sealed (COSE_Mac0): it is taken with a tag alone."""

import time
from pathlib import Path
from typing import Any

import pytest

from host_bridge.core.envelope import Envelope, seal
from shared_schema.cbor_reader import loads
from shared_schema.commands import encode_hello_request, encode_set
from shared_schema.framing import FRAME, Deframer
from shared_schema.messages import SET, topic
from shared_schema.parse import parse
from tests.e2e.test_time_down import BRIDGE, DEVICE, HELLO, NO_CLOCK, commands
from tests.support.processes import MQTT, SAME_EVERYWHERE, Chain
from tests.support.publisher import Publisher

KEY, OTHER_KEY = bytes(range(32)), bytes(32)
KEYS = f'[keys]\n{DEVICE} = "{KEY.hex()}"\n'
TIME = 4  # the field of a set
FALSE_TIME = 1_800_000_000  # 2027; nobody but a stranger says so


def opened(frames: list[bytes]) -> list[bytes]:
    """What is in sealed frames. EnvelopeError for one that is bare, or sealed with another key."""
    return [bytes(Envelope(frame).verify(KEY, DEVICE)) for frame in frames]


def anchors(ear: "Ear") -> list[Any]:
    """What hellos so far said of the board's clock."""
    return [frame.anchor for frame in map(parse, map(loads, ear.up())) if frame.kind == HELLO]


def on_line(line: bytes) -> list[bytes]:
    """The frames that stood on a line."""
    return [bytes(payload) for what, payload in Deframer().feed(line) if what == FRAME]  # type: ignore[arg-type]


class Ear:
    """All that passes in either direction, over either link."""

    def __init__(self, chain: Chain) -> None:
        self._cable = chain.cable
        self._listener = None
        if chain.broker is not None:
            self._listener = Publisher(chain.broker.port, "ear")
            self._listener.subscribe("boardpulse/v1/#")

    def up(self) -> list[bytes]:
        """Frames of the board, opened."""
        if self._cable is not None:
            return opened(on_line(bytes(self._cable.from_board)))
        return opened(self._heard(down=False))

    def down(self) -> list[bytes]:
        """Frames for the board, opened."""
        if self._cable is not None:
            return opened(on_line(bytes(self._cable.from_bridge)))
        return opened(self._heard(down=True))

    def _heard(self, down: bool) -> list[bytes]:
        assert self._listener is not None
        return [payload for name, payload in self._listener.heard if name.endswith("/down") == down and payload]

    def close(self) -> None:
        if self._listener is not None:
            self._listener.close()


def test_a_sealed_board_without_a_clock_gets_the_time(tmp_path: Path, link: str) -> None:
    """Once, in one sealed command; it answers sealed, and its next hello has the bridge's time."""
    with Chain(tmp_path, [link], KEYS) as chain:
        ear = Ear(chain)
        chain.board(link, NO_CLOCK, device_id=DEVICE, key=KEY.hex(), sensors=SAME_EVERYWHERE)
        chain.wait(lambda: commands(chain) == 1, "answer to the time")
        chain.wait_for_samples(DEVICE, 20)
        assert commands(chain) == 1
        sets = [loads(frame) for frame in ear.down() if loads(frame)[0] == SET]  # type: ignore[index]
        assert [list(fields) for *_, fields in sets] == [[TIME]]  # type: ignore[misc]
        first, *_, last = anchors(ear)
        assert first is None
        seconds, milliseconds, source = last[:3]
        assert source == BRIDGE
        assert abs(seconds - time.time()) < 30
        assert milliseconds < 1000
        assert chain.total("boardpulse_frames_rejected_total") == 0
        assert chain.total("device_link_errors_total", device_id=DEVICE) == 0
        ear.close()


@pytest.mark.parametrize("forged", ["bare", "sealed with another key"])
def test_a_time_without_the_right_tag_is_not_taken(tmp_path: Path, forged: str) -> None:
    """Whoever may publish on the broker cannot set the clock of a sealed board; it goes on with the bridge's."""
    with Chain(tmp_path, [MQTT], KEYS) as chain:
        assert chain.broker is not None
        ear, stranger = Ear(chain), Publisher(chain.broker.port, "stranger")
        chain.board(MQTT, NO_CLOCK, device_id=DEVICE, key=KEY.hex(), sensors=SAME_EVERYWHERE)
        chain.wait(lambda: commands(chain) == 1, "answer to the time")
        boot = loads(ear.up()[0])[1]  # type: ignore[index]
        false = encode_set(boot, int(time.time() * 1000) + 60_000, {TIME: [FALSE_TIME, 0, 10]})
        stranger.publish(topic(DEVICE, "down"), false if forged == "bare" else seal(OTHER_KEY, DEVICE, false))
        chain.wait(lambda: chain.total("device_link_errors_total", device_id=DEVICE) == 1, "count of refused frames")
        before = len(anchors(ear))
        stranger.publish(topic(DEVICE, "down"), seal(KEY, DEVICE, encode_hello_request(boot)))
        chain.wait(lambda: len(anchors(ear)) > before, "hello that was asked for")
        seconds, _, source = anchors(ear)[-1][:3]
        assert source == BRIDGE
        assert abs(seconds - time.time()) < 30
        assert commands(chain) == 1
        stranger.close()
        ear.close()
