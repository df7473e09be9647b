"""The floor, a program: `python -m boardpulse_tools.bench.ingest.floor BROKER_PORT HTTP_PORT QOS`.

A paho subscriber whose callback counts and does nothing else: what a message costs before anybody looks at it. It runs
as paho's users run it, with loop_start().
"""

from __future__ import annotations

import sys

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

from boardpulse_tools.bench.ingest.counting import TOPIC, Taken, serve
from boardpulse_tools.network import LOOPBACK


def subscriber(port: int, qos: int, taken: Taken) -> paho.Client:
    """A client whose thread runs."""
    client = paho.Client(CallbackAPIVersion.VERSION2, "floor")
    client.on_message = taken.callback
    client.on_connect = lambda client, *_: client.subscribe(TOPIC, qos)
    client.connect(LOOPBACK, port)
    client.loop_start()
    return client


def main() -> None:
    """Subscribe and answer until a signal ends it."""
    broker_port, http_port, qos = map(int, sys.argv[1:])
    taken = Taken()
    subscriber(broker_port, qos, taken)
    serve(taken, http_port)


if __name__ == "__main__":
    main()
