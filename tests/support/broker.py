"""A real mosquitto for a test, on a free port of 127.0.0.1. It can be killed, and started again."""

import socket
import subprocess
import time
from pathlib import Path

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

from tests.support.components import require

START_S = 10.0


class Broker:
    """mosquitto with its files in `folder`. `extra` are more lines of its configuration."""

    def __init__(self, folder: Path, port: int, extra: str = "allow_anonymous true\n") -> None:
        self.port = port
        self._program = require("mosquitto")
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        # It runs as who starts it, so that it may write its files also when that is root.
        folder.joinpath("mosquitto.conf").write_text(
            f"user root\nlistener {port} 127.0.0.1\npersistence true\npersistence_location {folder}/\n"
            f"autosave_interval 1\nautosave_on_changes true\n{extra}"
        )

    def start(self) -> None:
        """Start it, and wait until it takes connections."""
        command = [str(self._program), "-c", str(self._folder / "mosquitto.conf")]
        with (self._folder / "mosquitto.log").open("ab") as log:
            self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        until = time.monotonic() + START_S
        while time.monotonic() < until:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.02)
        raise AssertionError((self._folder / "mosquitto.log").read_text())

    def kill(self) -> None:
        """End it at once, as a power cut does."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(10)
            self._process = None

    def stop(self) -> None:
        """End it in order: it saves what it keeps."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait(10)
            self._process = None


class Publisher:
    """A client that a test publishes with, and hears `down` topics with."""

    def __init__(self, port: int, client_id: str = "publisher") -> None:
        self.heard: list[tuple[str, bytes]] = []
        self._client = paho.Client(CallbackAPIVersion.VERSION2, client_id)
        self._client.on_message = lambda _client, _data, message: self.heard.append((message.topic, message.payload))
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()

    def subscribe(self, topic: str) -> None:
        """Hear a topic from now on."""
        self._client.subscribe(topic, 1)

    def publish(self, topic: str, payload: bytes, qos: int = 1, retain: bool = False) -> None:
        """Publish, and wait until the broker has it."""
        self._client.publish(topic, payload, qos, retain).wait_for_publish(10)

    def close(self) -> None:
        """Leave the broker."""
        self._client.disconnect()
        self._client.loop_stop()
