"""The floor, a program: `python -m boardpulse_tools.bench.ingest.floor BROKER_PORT HTTP_PORT QOS`.

A paho subscriber whose callback counts and does nothing else: what a message costs before anybody looks at it. It runs
as paho's users run it, with loop_start(), and shows its count on a page.
"""

from __future__ import annotations

import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from itertools import count
from typing import Any

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

from boardpulse_tools.network import LOOPBACK

COUNTER = "floor_messages_total"
TOPIC = "boardpulse/v1/+/+/up"


class Taken:
    """How many messages came."""

    def __init__(self) -> None:
        self._numbers = count()
        self._asked = 0

    def callback(self, _client: paho.Client, _data: Any, _message: paho.MQTTMessage) -> None:
        """A message came."""
        next(self._numbers)

    def number(self) -> int:
        """Messages so far."""
        n = next(self._numbers) - self._asked  # asking counts, too
        self._asked += 1
        return n


def subscriber(port: int, qos: int, taken: Taken) -> paho.Client:
    """A client whose thread runs."""
    client = paho.Client(CallbackAPIVersion.VERSION2, "floor")
    client.on_message = taken.callback
    client.on_connect = lambda client, *_: client.subscribe(TOPIC, qos)
    client.connect(LOOPBACK, port)
    client.loop_start()
    return client


def page(taken: Taken) -> type[BaseHTTPRequestHandler]:
    """What answers with the count."""

    class Page(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = f"{COUNTER} {taken.number()}\n".encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    return Page


def main() -> None:
    """Subscribe and answer until a signal ends it."""
    broker_port, http_port, qos = map(int, sys.argv[1:])
    taken = Taken()
    subscriber(broker_port, qos, taken)
    HTTPServer((LOOPBACK, http_port), page(taken)).serve_forever()


if __name__ == "__main__":
    main()
