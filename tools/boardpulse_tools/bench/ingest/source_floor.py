"""The bridge's own source without a core, a program:

    python -m boardpulse_tools.bench.ingest.source_floor BROKER_PORT HTTP_PORT

It counts the frames that the source delivers, and has each confirmed at once. What it takes is what another client
library could save at most.
"""

from __future__ import annotations

import sys

from boardpulse_tools.bench.ingest.counting import Taken, serve
from boardpulse_tools.network import LOOPBACK
from host_bridge.core.received import FRAME, Received
from host_bridge.options import MqttOptions
from host_bridge.sources.mqtt import MqttSource


def main() -> None:
    """Take and answer until a signal ends it."""
    broker_port, http_port = map(int, sys.argv[1:])
    source, taken = MqttSource(MqttOptions(LOOPBACK, broker_port)), Taken()

    def deliver(received: Received) -> bool:
        if received.what == FRAME and received.channel == "up":
            taken.callback()
            if received.token is not None:
                source.acknowledge(received.token)
        return True

    source.start(deliver)
    serve(taken, http_port)


if __name__ == "__main__":
    main()
