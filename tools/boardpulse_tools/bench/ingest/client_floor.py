"""The floor with another client library, a program:

    python -m boardpulse_tools.bench.ingest.client_floor gmqtt|pymosquitto LIBRARIES BROKER_PORT HTTP_PORT QOS

A subscriber as floor.py's, run as the library's own page shows it. LIBRARIES is the folder that has the library, which
is no dependency of ours: it is looked for there after everything else.
"""

from __future__ import annotations

import asyncio
import sys
import threading
from importlib import import_module

from boardpulse_tools.bench.ingest.counting import TOPIC, Taken, serve
from boardpulse_tools.network import LOOPBACK

_CLIENT_ID = "floor"
_MQTT_3_1_1 = 4
KEEPALIVE_S = 60


def gmqtt(port: int, qos: int, taken: Taken) -> None:
    """gmqtt on an event loop of its own; its confirmations leave before the callback is called."""

    async def run() -> None:
        client = import_module("gmqtt").Client(_CLIENT_ID)
        client.on_message = taken.callback
        client.on_connect = lambda client, *_: client.subscribe(TOPIC, qos)
        await client.connect(LOOPBACK, port, version=_MQTT_3_1_1)
        await asyncio.Event().wait()

    asyncio.run(run())


def pymosquitto(port: int, qos: int, taken: Taken) -> None:
    """libmosquitto's loop, which calls back into this thread: into one of its own, each call would make a thread state
    of Python's."""
    client = import_module("pymosquitto").Mosquitto(_CLIENT_ID)
    client.on_connect = lambda client, *_: client.subscribe(TOPIC, qos)
    client.on_message = taken.callback
    client.connect(LOOPBACK, port, KEEPALIVE_S)
    client.loop_forever()


def main() -> None:
    """Subscribe and answer until a signal ends it."""
    library, folder = sys.argv[1:3]
    broker_port, http_port, qos = map(int, sys.argv[3:])
    sys.path.append(folder)
    taken = Taken()
    threading.Thread(target=serve, args=(taken, http_port), daemon=True).start()
    {"gmqtt": gmqtt, "pymosquitto": pymosquitto}[library](broker_port, qos, taken)


if __name__ == "__main__":
    main()
