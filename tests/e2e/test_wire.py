"""Every frame that real firmware and a real bridge exchange is what wire.cddl says."""

from collections.abc import Iterator
from pathlib import Path

import cbor2
import pytest
from cddl_verifier import Validator  # type: ignore[import-untyped]  # ships no types

from shared_schema.framing import FRAME, Deframer
from shared_schema.messages import ACK, BYE, EVENT, HELLO, HELLO_REQUEST, SAMPLES, STATE
from tests.support.processes import MQTT, UART, Chain
from tests.support.publisher import Publisher

CDDL = Path(__file__).parents[2] / "shared_schema" / "wire.cddl"

# All kinds of frames that the firmware makes by itself: also a crash with its traceback, missing values, and a goodbye.
APPLICATION = """\
import asyncio
import sys

import boardpulse

node = boardpulse.start(sys.argv[1])


class Moody:
    name = "moody"
    series = [{1: "mood", 4: -2, 5: [["of", "the sensor"]]}, 20]

    def __init__(self):
        self.reads = 0

    def read(self, into, at):
        self.reads += 1
        if self.reads % 7 == 0:
            raise OSError(19)
        into[at] = [12, -3456, float("nan"), float("inf"), -float("inf"), None][self.reads % 6]
        into[at + 1] = 1 << self.reads % 50


async def crash():
    raise ValueError("a task that dies")


async def main():
    node.add_sensor(Moody(), 20)
    boardpulse.histogram("wait", [1, 10]).observe(5)
    asyncio.create_task(boardpulse.run())
    asyncio.create_task(boardpulse.watch(crash(), "crash"))
    boardpulse.log("error", "text with ünïcode", count=3, text="x", flag=True, nothing=None)
    await asyncio.sleep(3)
    await boardpulse.stop()


asyncio.run(main())
"""


def frames_of(line: bytearray) -> list[bytes]:
    """The frames in what one side of a cable has sent."""
    return [bytes(payload) for what, payload in Deframer().feed(bytes(line)) if what == FRAME]  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def exchanged(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[tuple[str, bytes]]]:
    """(which way, frame) of all that passed between two boards and a bridge, with a restart of the bridge between."""
    with Chain(tmp_path_factory.mktemp("wire")) as chain:
        assert chain.broker is not None
        assert chain.cable is not None
        listener = Publisher(chain.broker.port, "listener")
        listener.subscribe("boardpulse/v1/#")
        processes = [chain.board(link, APPLICATION, interval_ms=50, batch=3) for link in (UART, MQTT)]
        for link in (UART, MQTT):
            chain.wait_for_samples(f"board-{link}", 3)
        chain.bridge.stop()
        chain.bridge.history.unlink()  # so that it has to ask who is there
        chain.bridge.start()
        for process in processes:
            process.wait(20)
        chain.wait(lambda: len(chain.values("device_state", state="stopped")) == 2, "goodbyes")
        listener.close()
        heard = [(topic.rsplit("/", 1)[1], payload) for topic, payload in listener.heard]
        on_line = [("up", frame) for frame in frames_of(chain.cable.from_board)]
        on_line += [("down", frame) for frame in frames_of(chain.cable.from_bridge)]
        yield heard + on_line


def test_all_kinds_were_exchanged(exchanged: list[tuple[str, bytes]]) -> None:
    """Else the next test would prove less than it says."""
    kinds = {cbor2.loads(frame)[0] for _, frame in exchanged}
    assert kinds >= {HELLO, SAMPLES, EVENT, BYE, STATE, ACK, HELLO_REQUEST}


def test_every_frame_that_was_exchanged_is_valid(exchanged: list[tuple[str, bytes]]) -> None:
    validator = Validator(CDDL.read_text())
    assert len(exchanged) > 50
    for way, frame in exchanged:
        result = validator.validate(frame, root_type="frame-down" if way == "down" else "frame-up")
        assert result.valid, f"{way} {frame.hex()}: {[problem.message for problem in result.diagnostics]}"


def test_every_frame_is_encoded_in_the_shortest_form(exchanged: list[tuple[str, bytes]]) -> None:
    """RFC 8949 §4.2.1: integers, lengths and specials have one encoding only, and keys are in order."""
    for way, frame in exchanged:
        assert cbor2.dumps(cbor2.loads(frame), canonical=True) == frame, f"{way} {frame.hex()}"


def test_no_frame_of_a_boot_is_numbered_twice_with_different_content(exchanged: list[tuple[str, bytes]]) -> None:
    """A repeated frame is byte for byte the same."""
    seen: dict[tuple[int, int], bytes] = {}
    for way, frame in exchanged:
        item = cbor2.loads(frame)
        if way == "up" and item[0] in (SAMPLES, EVENT, BYE):
            assert seen.setdefault((item[1], item[2]), frame) == frame
    boots = {boot for boot, _ in seen}
    assert len(boots) == 2
    for boot in boots:
        numbers = sorted(number for owner, number in seen if owner == boot)
        assert numbers == list(range(len(numbers)))
