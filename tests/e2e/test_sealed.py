"""Real firmware with a key and a real bridge that has it: heard over either link, deaf to anybody else."""

import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from boardpulse_tools.processes import Process
from host_bridge.core.envelope import Envelope, seal
from shared_schema.cbor_reader import loads
from shared_schema.commands import encode_reset, encode_set
from shared_schema.framing import FRAME, Deframer
from shared_schema.messages import HELLO, topic
from tests.e2e.firmware.boards import INTERPRETERS, Board, Cable
from tests.e2e.test_outages import OUTAGE_S, assert_nothing_lost
from tests.support.processes import MQTT, UART, Chain
from tests.support.publisher import Publisher

KEY, OTHER_KEY = bytes(range(32)), bytes(32)
EVENT, COMMAND, LINK = 3, 4, 5
REFUSED = "refused what came without the right tag"
EXIT_SOFT = 3


def keys(key: bytes = KEY) -> str:
    """The bridge's table of them."""
    return "[keys]\n" + "".join(f'board-{link} = "{key.hex()}"\n' for link in (UART, MQTT))


def sealed_board(chain: Chain, link: str, **more: Any) -> Process:
    """A board with KEY; on a UART out of a file."""
    if link == MQTT:
        return chain.board(link, key=KEY.hex(), **more)
    path = chain.folder / "board.key"
    path.write_text(KEY.hex() + "\n")
    return chain.board(link, key={"file": str(path)}, **more)


def health(chain: Chain, device: str) -> None:
    """Heard, every frame accounted for, nothing refused on either side."""
    chain.wait_for_samples(device, 10)
    chain.wait(lambda: chain.values("device_state", device_id=device, state="online") == [1], "online board")
    assert chain.values("device_memory_free_bytes", device_id=device) != []
    assert_nothing_lost(chain, device)
    assert chain.total("boardpulse_frames_rejected_total") == 0
    assert chain.total("device_link_errors_total", device_id=device) == 0


def test_a_board_with_a_key_is_heard_and_all_that_passes_is_sealed(tmp_path: Path, link: str) -> None:
    """hello, samples, state, last will and goodbye up; acknowledgements and hello? down."""
    device = f"board-{link}"
    with Chain(tmp_path, [link], keys()) as chain:
        listener = None
        if chain.broker is not None:
            listener = Publisher(chain.broker.port, "listener")
            listener.subscribe("boardpulse/v1/#")
        board = sealed_board(chain, link, sensors={"health": {"interval_ms": 200}})
        health(chain, device)
        board.signal(signal.SIGINT)
        assert board.wait(10) == 0
        chain.wait(lambda: chain.values("device_state", device_id=device, state="stopped") == [1], "goodbye")
        sent = [payload for _, payload in listener.heard] if listener else []
        if chain.cable is not None:
            for line in (chain.cable.from_board, chain.cable.from_bridge):
                sent += [payload for what, payload in Deframer().feed(bytes(line)) if what == FRAME]  # type: ignore[misc]
        kinds = {loads(Envelope(payload).verify(KEY, device))[0] for payload in sent}  # type: ignore[index]
        assert kinds >= ({1, 2, 5, 8} if link == UART else {1, 2, 5, 16})
        if listener is not None:
            listener.close()


def test_a_bridge_that_restarts_takes_up_a_sealed_board(tmp_path: Path, link: str) -> None:
    """Also without a frame that names the board in between; what was made meanwhile arrives."""
    device = f"board-{link}"
    with Chain(tmp_path, [link], keys()) as chain:
        sealed_board(chain, link, sensors={"health": {"interval_ms": 200}})
        chain.wait_for_samples(device, 5)
        chain.bridge.process.kill()
        time.sleep(OUTAGE_S)
        chain.bridge.start()
        chain.wait(lambda: chain.arrived(device) >= OUTAGE_S * 10 - 1, "frames of the outage")
        health(chain, device)


def test_a_board_with_another_key_is_refused_until_the_bridge_has_its_key(tmp_path: Path) -> None:
    """By `auth`; nothing of it is believed, not even that it is there. On a line it then delivers all that it held."""
    device = f"board-{UART}"
    with Chain(tmp_path, [UART], keys(OTHER_KEY)) as chain:
        sealed_board(chain, UART)
        chain.wait(lambda: chain.total("boardpulse_frames_rejected_total", reason="auth") >= 10, "refused frames")
        assert chain.total("boardpulse_frames_rejected_total") == chain.total(
            "boardpulse_frames_rejected_total", reason="auth"
        )
        assert chain.values("device_state", device_id=device) == []
        chain.bridge.stop()
        chain.bridge.config.write_text(chain.bridge.config.read_text().replace(OTHER_KEY.hex(), KEY.hex()))
        chain.bridge.start()
        chain.wait_for_samples(device, 10)
        assert_nothing_lost(chain, device)
        assert chain.values("device_frames_expected_total", device_id=device)[0] > 10


def test_a_board_without_its_key_is_refused(tmp_path: Path, link: str) -> None:
    """So is everything that somebody says in its name."""
    with Chain(tmp_path, [link], keys()) as chain:
        chain.board(link)
        chain.wait(lambda: chain.total("boardpulse_frames_rejected_total", reason="auth") >= 3, "refused frames")
        assert chain.values("device_state", device_id=f"board-{link}") == []


def test_a_bare_command_over_a_broker_is_refused_and_told(tmp_path: Path) -> None:
    """Anybody on the broker can publish it. The board goes on, and the bridge logs what the board says of it."""
    device = f"board-{MQTT}"
    with Chain(tmp_path, [MQTT], keys()) as chain:
        assert chain.broker is not None
        board = sealed_board(chain, MQTT, sensors={"health": {"interval_ms": 200}})
        stranger = Publisher(chain.broker.port, "stranger")
        stranger.subscribe("boardpulse/v1/+/+/hello")
        chain.wait(lambda: bool(stranger.heard), "hello")
        boot = loads(Envelope(stranger.heard[0][1]).payload)[1]  # type: ignore[index]
        for frame in (encode_reset(boot, 1, 0), seal(OTHER_KEY, device, encode_reset(boot, 1, 0))):
            stranger.publish(topic(device, "down"), frame)
        chain.wait(lambda: chain.total("device_link_errors_total", device_id=device) == 2, "count of refused frames")
        assert [line["message"] for line in chain.log("board_event")] == [REFUSED]
        chain.wait_for_samples(device, 3)
        stranger.publish(topic(device, "down"), seal(KEY, device, encode_reset(boot, 1, 0)))
        assert board.wait(10) == EXIT_SOFT
        stranger.close()


class SealedCable(Cable):
    """Speaks and reads with KEY."""

    def _take(self, payload: bytes) -> None:
        super()._take(Envelope(payload).verify(KEY, "e2e-sealed"))

    def say(self, frame: bytes) -> None:
        super().say(seal(KEY, "e2e-sealed", frame))

    def say_bare(self, frame: bytes) -> None:
        """As anybody could."""
        super().say(frame)


@pytest.fixture(params=INTERPRETERS)
def started(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Board, SealedCable]]:
    """A board with KEY on such a cable, on each interpreter."""
    cable = SealedCable()
    link = {"type": "uart", "path": cable.path}
    config = {"device_id": "e2e-sealed", "board": "unix", "link": link, "interval_ms": 100, "key": KEY.hex()}
    board = Board(request.param, tmp_path, config)
    yield board, cable
    print(board.console())
    board.close()
    cable.close()


def told(cable: Cable) -> list[Any]:
    """What the board says of its link."""
    return [event for event in cable.of(EVENT) if event.type == LINK]


def test_bare_commands_on_a_line_are_refused_and_sealed_ones_done(started: tuple[Board, SealedCable]) -> None:
    """A reset and a set without a tag do nothing, and neither does an ack. With it they are done, once."""
    board, cable = started
    cable.until(lambda: cable.of(2))
    boot = cable.frames[0].boot
    cable.say_bare(encode_reset(boot, 1, 0))
    cable.say_bare(encode_set(boot, 2, {1: [[0, 1000]]}))
    cable.until(lambda: told(cable))
    before = len(cable.of(2))
    cable.until(lambda: len(cable.of(2)) >= before + 5)
    assert [event.message for event in told(cable)] == [REFUSED]
    assert cable.of(HELLO)[-1].declaration == 0
    for _ in range(3):
        cable.say(encode_set(boot, 1, {1: [[0, 200]]}))
    cable.until(lambda: len([event for event in cable.of(EVENT) if event.type == COMMAND]) >= 3)
    cable.until(lambda: any(hello.declaration == 1 for hello in cable.of(HELLO)))
    assert {hello.declaration for hello in cable.of(HELLO)} == {0, 1}
    cable.say(encode_reset(boot, 2, 0))
    cable.until(lambda: cable.of(5))
    assert board.process.wait(10) == EXIT_SOFT
    uptimes = [hello.uptime for hello in cable.of(HELLO)]
    assert uptimes == sorted(set(uptimes))
