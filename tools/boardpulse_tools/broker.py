"""An MQTT broker for demos, benches and tests, on loopback: mosquitto, or the one that pip brings (decision 0003)."""

import json
import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

from boardpulse_tools.components import MOSQUITTO, find
from boardpulse_tools.network import LOOPBACK, free_port, listening
from boardpulse_tools.processes import Process, ProcessError, wait_until

START_TIMEOUT_S = 10.0
ATTEMPTS = 3

# rumqttd is a library: this program is a process around it. It ends when its standard input closes, so that it does
# not outlive us; the working directory is taken off the path, so that a folder named iotcore there cannot be imported.
_IOTCORE_PROGRAM = """
import json, os, sys, threading
sys.path[:] = [folder for folder in sys.path if folder not in ("", ".")]
from iotcore import IotCoreBroker
def end_with_parent():
    sys.stdin.buffer.read()
    os._exit(0)
threading.Thread(target=end_with_parent, daemon=True).start()
IotCoreBroker(**json.loads(sys.argv[1])).run_forever()
"""


class Broker:
    """A broker on 127.0.0.1. `kind` says which: mosquitto or iotcore."""

    def __init__(self, kind: str, process: Process, port: int) -> None:
        self.kind = kind
        self.process = process
        self.port = port

    @property
    def ready(self) -> bool:
        """Whether it accepts connections."""
        return listening(LOOPBACK, self.port)

    def start(self) -> None:
        """Start it and wait until it accepts connections."""
        if self.ready:
            raise ProcessError(f"another program listens on port {self.port} already")
        self.process.start()
        wait_until(lambda: self.ready, START_TIMEOUT_S, "connection to the broker", self.process)

    def stop(self) -> None:
        """End it; its port is free afterwards."""
        self.process.stop()


def embedded(folder: Path, port: int | None = None) -> Broker:
    """iotcore, not started. ProcessError says what to do when it is not installed."""
    if find_spec("iotcore") is None:
        raise ProcessError("The embedded broker is not installed. To get it: pip install 'boardpulse[demo]'")
    port = port or free_port()
    options = json.dumps({"listen": LOOPBACK, "port": port})
    command = [sys.executable, "-c", _IOTCORE_PROGRAM, options]
    return Broker("iotcore", Process("broker", command, folder / "broker.log", hold_stdin=True), port)


def mosquitto(folder: Path, port: int | None = None) -> Broker:
    """mosquitto with a persistent store in `folder`, not started. ProcessError when this machine has none."""
    program = find(MOSQUITTO)
    if program is None:
        raise ProcessError(f"mosquitto is missing. To get it: {MOSQUITTO.how_to_get}")
    port = port or free_port()
    folder.mkdir(parents=True, exist_ok=True)
    config = folder / "mosquitto.conf"
    lines = [
        f"listener {port} {LOOPBACK}",
        "allow_anonymous true",
        "persistence true",
        f"persistence_location {folder}/",
        "autosave_interval 1",
        "max_queued_messages 10000",
        "user root",
    ]
    config.write_text("\n".join(lines) + "\n")
    return Broker("mosquitto", Process("mosquitto", [program, "-c", config], folder / "mosquitto.log"), port)


def real_or_embedded(folder: Path) -> Broker:
    """mosquitto where it is installed, else the embedded one; not started."""
    return mosquitto(folder) if find(MOSQUITTO) else embedded(folder)


def started(make: Callable[[], Broker]) -> Broker:
    """A broker of that make, started. Another program may take the free port before the broker does: then once more."""
    for attempt in range(ATTEMPTS):
        broker = make()
        try:
            broker.start()
        except ProcessError:
            broker.stop()
            if attempt == ATTEMPTS - 1:
                raise
        else:
            return broker
    raise AssertionError("unreachable")
