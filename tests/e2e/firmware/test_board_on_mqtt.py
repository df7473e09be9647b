"""The firmware as a process on a real broker, on MicroPython and on CPython."""

import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from boardpulse_tools.broker import Broker
from shared_schema.cbor_reader import loads
from shared_schema.commands import encode_hello_request, encode_set
from shared_schema.messages import topic
from shared_schema.parse import parse
from tests.e2e.firmware.boards import Board
from tests.support.waiting import until

HELLO, SAMPLES, EVENT, BYE, STATE = 1, 2, 3, 5, 16
TLS = Path(__file__).parent / "tls"
Start = Callable[..., Board]


class Ear:
    """A client with a persistent session that hears everything of one board."""

    def __init__(self, port: int) -> None:
        self.heard: list[tuple[str, Any, bool]] = []
        self._client = paho.Client(CallbackAPIVersion.VERSION2, "ear", clean_session=False)
        self._client.on_message = self._take
        self._client.on_connect = lambda client, *_: client.subscribe("boardpulse/v1/+/e2e-mqtt/+", 1)
        self._client.reconnect_delay_set(1, 1)
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()

    def _take(self, _client: Any, _data: Any, message: Any) -> None:
        name = message.topic.split("/")[-1]
        if name != "down":
            self.heard.append((name, parse(loads(message.payload)), bool(message.retain)))

    def of(self, name: str, kind: int) -> list[Any]:
        """The frames of a kind on a topic."""
        return [frame for where, frame, _ in self.heard if where == name and frame.kind == kind]

    def seqs(self) -> set[int]:
        """The numbers of the reliable frames."""
        return {frame.seq for where, frame, _ in self.heard if where == "up" and frame.kind != HELLO}

    def down(self, frame: bytes) -> None:
        """Send a frame to the board."""
        self._client.publish(topic("e2e-mqtt", "down"), frame, 1)

    def close(self) -> None:
        """Leave."""
        self._client.disconnect()
        self._client.loop_stop()


@pytest.fixture
def ear(broker: Broker) -> Iterator[Ear]:
    """An ear on the broker."""
    ear = Ear(broker.port)
    yield ear
    ear.close()


def config(broker: Broker, **link: Any) -> dict[str, Any]:
    """A board on that broker."""
    link = {"type": "mqtt", "host": "127.0.0.1", "port": broker.port} | link
    return {"device_id": "e2e-mqtt", "board": "unix", "interval_ms": 200, "link": link}


def test_a_board_greets_and_sends_on_its_topics(start: Start, broker: Broker, ear: Ear) -> None:
    """hello and state on their topics, frames on `up`, each once; at Ctrl-C bye, then state 2."""
    board = start(config(broker))
    until(lambda: len(ear.of("up", SAMPLES)) >= 10)
    names = [where for where, _, _ in ear.heard]
    assert names[:3] == ["hello", "state", "up"]
    assert ear.of("state", STATE)[0].status == 1
    assert board.interrupt() == 0
    until(lambda: ear.of("state", STATE)[-1].status == 2)
    assert ear.of("up", BYE)
    assert ear.heard[2][1].kind == HELLO
    numbers = [frame.seq for where, frame, _ in ear.heard if where == "up" and frame.kind != HELLO]
    assert numbers == list(range(len(numbers)))


def test_the_broker_tells_when_a_board_is_killed(start: Start, broker: Broker, ear: Ear) -> None:
    """The last will: state 0 of that boot."""
    board = start(config(broker))
    until(lambda: ear.of("up", SAMPLES))
    board.process.kill()
    until(lambda: ear.of("state", STATE)[-1].status == 0)
    assert ear.of("state", STATE)[-1].boot == ear.of("hello", HELLO)[0].boot


def test_a_board_comes_back_after_the_brokers_restart_with_all_its_samples(
    start: Start, broker: Broker, ear: Ear
) -> None:
    """The broker is away for some seconds: every number arrives in the end, and one event tells of the outage.

    It is ended in order, because a killed one forgets who had subscribed, which is not the board's doing.
    """
    start(config(broker))
    until(lambda: len(ear.of("up", SAMPLES)) >= 5)
    broker.stop()
    until(lambda: not ear._client.is_connected())
    broker_back = len(ear.heard)
    time.sleep(3)
    broker.start()
    until(lambda: ear._client.is_connected(), 20)
    until(lambda: any(e.type == 5 and e.severity == 1 for e in ear.of("up", EVENT)), 40)
    until(lambda: ear.seqs() == set(range(max(ear.seqs()) + 1)), 20)
    assert len(ear.heard) > broker_back
    assert [e.severity for e in ear.of("up", EVENT) if e.type == 5] == [2, 1]


def test_a_broker_that_is_not_there_at_the_start_is_waited_for(start: Start, broker: Broker, ear: Ear) -> None:
    """The board samples on; its first sample is delivered when the broker comes."""
    until(lambda: ear._client.is_connected())
    broker.stop()
    start(config(broker))
    time.sleep(2)
    broker.start()
    until(lambda: 0 in ear.seqs() and len(ear.seqs()) > 10, 40)


def test_hello_and_commands_arrive(start: Start, broker: Broker, ear: Ear) -> None:
    """hello? is answered among the frames; a set is done and answered."""
    start(config(broker))
    until(lambda: ear.of("up", SAMPLES))
    boot = ear.of("hello", HELLO)[0].boot
    until(lambda: len(ear.of("up", SAMPLES)) >= 8)
    ear.down(encode_hello_request(None))
    until(lambda: ear.of("up", HELLO))
    ear.down(encode_set(boot, 1, {2: [[0, 3]]}))
    until(lambda: any(s.n == 3 and s.declaration == 1 for s in ear.of("up", SAMPLES)))
    assert [(e.command, e.code) for e in ear.of("up", EVENT) if e.type == 4] == [(1, 0)]


def relocked(broker: Broker, *lines: str) -> Path:
    """Start the broker again with its door locked by these lines of its configuration; its log."""
    broker.stop()
    path = broker.process.log.parent / "mosquitto.conf"
    path.write_text("\n".join([path.read_text(), *lines, "log_type all"]) + "\n")
    broker.start()
    return broker.process.log


def test_a_password_is_used(start: Start, broker: Broker, tmp_path: Path) -> None:
    """A wrong one is refused, and the board tries on; the right one is let in."""
    passwords = tmp_path / "passwords"
    subprocess.run(["mosquitto_passwd", "-c", "-b", str(passwords), "u", "right"], check=True, capture_output=True)
    conf = broker.process.log.parent / "mosquitto.conf"
    conf.write_text(conf.read_text().replace("allow_anonymous true", "allow_anonymous false"))
    log = relocked(broker, f"password_file {passwords}")
    wrong = start(config(broker, user="u", password="wrong"))
    until(lambda: "not authori" in log.read_text())
    wrong.close()
    assert "u'u'" not in log.read_text()
    start(config(broker, user="u", password="right"))
    until(lambda: "Received PUBLISH from boardpulse-e2e-mqtt" in log.read_text())


def test_tls_checks_the_broker(start: Start, broker: Broker) -> None:
    """With the authority that signed the broker's certificate the board sends; with another it does not."""
    lines = [f"cafile {TLS}/ca.pem", f"certfile {TLS}/server.pem", f"keyfile {TLS}/server.key"]
    log = relocked(broker, *lines)
    wrong = start(config(broker, host="localhost", tls=f"{TLS}/other.pem"))
    until(lambda: "alert" in log.read_text())
    wrong.close()
    assert "boardpulse-e2e-mqtt" not in log.read_text()
    start(config(broker, host="localhost", tls=f"{TLS}/ca.pem"))
    until(lambda: "Received PUBLISH from boardpulse-e2e-mqtt" in log.read_text())
