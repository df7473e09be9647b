"""A source without a core, a program:

    python -m boardpulse_tools.bench.ingest.source_floor BROKER_PORT HTTP_PORT [LIBRARIES]

It counts the frames that the source delivers, and has each confirmed at once. With the bridge's own source that is what
another client library could save at most; with LIBRARIES, the folder that has pymosquitto, it is a source made of that.
"""

from __future__ import annotations

import sys
from importlib import import_module

from boardpulse_tools.bench.ingest.counting import TOPIC, Taken, serve
from boardpulse_tools.bench.ingest.mosquitto_source import MosquittoSource
from boardpulse_tools.network import LOOPBACK
from host_bridge.core.received import FRAME, Received, Source
from host_bridge.options import MqttOptions
from host_bridge.sources.mqtt import MqttSource

_CHANNEL = TOPIC.rpartition("/")[2]


def main() -> None:
    """Take and answer until a signal ends it."""
    broker_port, http_port = map(int, sys.argv[1:3])
    options, taken = MqttOptions(LOOPBACK, broker_port), Taken()
    source = _made_of_pymosquitto(options, sys.argv[3]) if sys.argv[3:] else MqttSource(options)

    def deliver(received: Received) -> bool:
        if received.what == FRAME and received.channel == _CHANNEL:
            taken.callback()
            if received.token is not None:
                source.acknowledge(received.token)
        return True

    source.start(deliver)
    serve(taken, http_port)


def _made_of_pymosquitto(options: MqttOptions, libraries: str) -> Source:
    sys.path.append(libraries)
    return MosquittoSource(options, import_module("pymosquitto").Mosquitto("floor"))


if __name__ == "__main__":
    main()
