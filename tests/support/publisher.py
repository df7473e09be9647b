"""A client of a broker that a test publishes with."""

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

from boardpulse_tools.network import LOOPBACK


class Publisher:
    """Publishes, and hears what it subscribes to."""

    def __init__(self, port: int, client_id: str = "publisher") -> None:
        self.heard: list[tuple[str, bytes]] = []
        self._client = paho.Client(CallbackAPIVersion.VERSION2, client_id)
        self._client.on_message = lambda _client, _data, message: self.heard.append((message.topic, message.payload))
        self._client.connect(LOOPBACK, port)
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
