"""Brokers that want a password or TLS, and faults of our own."""

import subprocess
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from boardpulse_tools.network import LOOPBACK, free_port, listening
from boardpulse_tools.processes import Process
from host_bridge.core.received import FRAME, LINK_DOWN, Received
from host_bridge.options import MqttOptions
from host_bridge.sources import mqtt_session
from host_bridge.sources.mqtt import MqttSource
from shared_schema.messages import topic
from tests.support.components import require
from tests.support.publisher import Publisher
from tests.support.waiting import until
from tests.unit.sources.conftest import Inbox

TLS = Path(__file__).parents[2] / "support" / "tls"
Start = Callable[[str], int]


@pytest.fixture
def mosquitto(tmp_path: Path) -> Iterator[Start]:
    """Starts a mosquitto with further lines of configuration; its port."""
    processes: list[Process] = []

    def start(more: str) -> int:
        port = free_port()
        config = tmp_path / "mosquitto.conf"
        config.write_text(f"listener {port} {LOOPBACK}\nuser root\n{more}\n")
        process = Process("mosquitto", [require("mosquitto"), "-c", config], tmp_path / "mosquitto.log")
        processes.append(process.start())
        until(lambda: listening(LOOPBACK, port))
        return port

    yield start
    for process in processes:
        process.stop()


@pytest.fixture
def connect(inbox: Inbox) -> Iterator[Callable[[MqttOptions], MqttSource]]:
    """Starts a source."""
    sources: list[MqttSource] = []

    def start(options: MqttOptions) -> MqttSource:
        source = MqttSource(replace(options, client_id="bridge"))
        sources.append(source)
        source.start(inbox)
        return source

    yield start
    for source in sources:
        source.stop()


def test_a_wrong_password_is_told_with_what_to_check(mosquitto: Start, connect, inbox: Inbox, tmp_path: Path) -> None:
    """And the right one is taken."""
    passwords = tmp_path / "passwords"
    passwords.write_text("bridge:right\n")
    hasher = require("mosquitto").with_name("mosquitto_passwd")
    program = hasher if hasher.exists() else Path("/usr/bin/mosquitto_passwd")
    subprocess.run([program, "-U", passwords], check=True, timeout=10)
    port = mosquitto(f"allow_anonymous false\npassword_file {passwords}")
    connect(MqttOptions(LOOPBACK, port, username="bridge", password="wrong"))
    (down,) = until(lambda: inbox.of(LINK_DOWN))
    assert "check mqtt.username and mqtt.password_file" in str(down.payload)
    assert "wrong" not in str(down.payload)
    source = connect(MqttOptions(LOOPBACK, port, username="bridge", password="right"))
    until(lambda: source.connected)


# When a handshake fails, paho leaves its socket to the garbage collector.
@pytest.mark.filterwarnings("ignore:Exception ignored in. <ssl.SSLSocket")
def test_tls_connects_to_whom_the_authority_vouches_for(mosquitto: Start, connect, inbox: Inbox) -> None:
    """And to nobody else: an unknown certificate is refused, with the reason."""
    port = mosquitto(f"allow_anonymous true\ncertfile {TLS}/broker.pem\nkeyfile {TLS}/broker.key")
    source = connect(MqttOptions(LOOPBACK, port, tls=True, ca_file=str(TLS / "broker.pem")))
    until(lambda: source.connected)
    stranger = connect(MqttOptions(LOOPBACK, port, tls=True))
    (down,) = until(lambda: inbox.of(LINK_DOWN))
    assert "certificate verify failed" in str(down.payload)
    assert not stranger.connected


def test_a_bug_while_a_message_is_taken_costs_a_connection_not_the_source(
    mosquitto: Start, connect, inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The thread goes on, and the message comes again."""
    monkeypatch.setattr(mqtt_session, "FIRST_RETRY_S", 0.1)
    accept, raised = type(inbox).__call__, []

    def raise_once(self: Inbox, received: Received) -> bool:
        if received.what == FRAME and not raised:
            raised.append(received)
            raise ZeroDivisionError
        return accept(self, received)

    monkeypatch.setattr(type(inbox), "__call__", raise_once)
    port = mosquitto("allow_anonymous true")
    source = connect(MqttOptions(LOOPBACK, port))
    until(lambda: source.connected)
    publisher = Publisher(port)
    publisher.publish(topic("pico-1", "up"), b"\x85")
    until(lambda: inbox.of(FRAME))
    publisher.close()
    assert raised
    assert "a bug" in str(inbox.of(LINK_DOWN)[0].payload)
