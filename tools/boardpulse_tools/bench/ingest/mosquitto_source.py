"""A source on libmosquitto, as thin as one can be: what the bridge's would cost if it were made of that library.

It reads as the bridge's own does, some milliseconds apart while messages come, and hands over the same. What it leaves
out would add to its cost: connecting again, a queue that is full, what comes before the retained hellos. And one thing
it cannot do: libmosquitto confirms a message before it hands it over, so that there is nothing to acknowledge.
"""

from __future__ import annotations

import select
import threading
import time
from collections.abc import Callable
from typing import Any

from host_bridge.core.received import FRAME, Received
from host_bridge.options import MqttOptions
from host_bridge.sources.mqtt import CHANNELS, SOURCE, parse_topic
from host_bridge.sources.mqtt_pause import PAUSE_S
from shared_schema.messages import TOPIC_ROOT, topic

WAIT_S = 0.2
ONE_PACKET = 1  # libmosquitto reads one at a time, whatever it is told


class MosquittoSource:
    """One broker, for a bench. `client`: a pymosquitto.Mosquitto that is not connected."""

    name = SOURCE

    def __init__(self, options: MqttOptions, client: Any) -> None:
        self._options = options
        self._client = client
        self._port = options.url
        self._named: dict[str, tuple[str, str]] = {}
        self._messages = 0
        self._stopping = threading.Event()
        self._deliver: Callable[[Received], bool] = lambda received: False
        client.on_connect = self._connected
        client.on_message = self._take

    def start(self, deliver: Callable[[Received], bool]) -> None:
        """Connect, and read on a thread. MosquittoError when nobody answers."""
        self._deliver = deliver
        self._client.connect(self._options.host, self._options.port, self._options.keepalive_s)
        threading.Thread(target=self._run, daemon=True).start()

    def stop(self) -> None:
        """Read no more."""
        self._stopping.set()

    def send(self, port: str, device_id: str, frame: bytes) -> bool:
        """Publish to the board's `down` topic."""
        self._client.publish(topic(device_id, "down"), frame, 1)
        return True

    def acknowledge(self, *tokens: object) -> None:
        """Nothing: the library has confirmed."""

    def withhold(self, token: object) -> None:
        """Nothing, as nothing is unconfirmed."""

    def stall(self, stalled: bool) -> None:
        """Nothing: what came is not sent again."""

    def _connected(self, client: Any, *_: object) -> None:
        for channel, qos in CHANNELS:
            client.subscribe(f"{TOPIC_ROOT}/+/+/{channel}", qos)

    def _run(self) -> None:
        client = self._client
        while not self._stopping.is_set():
            writing = [client.socket()] if client.want_write() else []
            readable, writable, _ = select.select([client.socket()], writing, [], WAIT_S)
            if writable:
                client.loop_write(ONE_PACKET)
            if readable and self._read():
                time.sleep(PAUSE_S)
            client.loop_misc()

    def _read(self) -> bool:
        """Take what is there. Whether there were messages."""
        first, before = self._messages, -1
        while before != self._messages:
            before = self._messages
            self._client.loop_read(ONE_PACKET)
        return self._messages > first

    def _take(self, _client: Any, _data: Any, message: Any) -> None:
        self._messages += 1
        now = time.time()
        named = self._named.get(message.topic) or parse_topic(message.topic.encode())
        if named is None or not message.payload:
            return
        self._named[message.topic] = named
        device_id, channel = named
        self._deliver(Received(SOURCE, self._port, now, FRAME, message.payload, device_id, channel, message.retain))
