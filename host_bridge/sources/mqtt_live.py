"""A second look at the broker while nothing can be kept.

Messages stay unconfirmed then, so that the broker keeps them for the store; but it sends only some ahead of their
confirmation, and the page would stand still. So a guest session, with QoS 0, shows what comes meanwhile.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace

from host_bridge.options import MqttOptions
from host_bridge.sources.mqtt_session import MqttSession
from host_bridge.sources.mqtt_tap import Message

PATIENCE_S = 2.0  # a queue that is full for a moment is not worth a connection


class LiveFeed:
    """Delivers messages of `filters` while it is on. on() and off() may be called from any thread, and do not wait."""

    def __init__(
        self,
        options: MqttOptions,
        client_id: str,
        filters: list[tuple[str, int]],
        on_message: Callable[[Message], None],
    ) -> None:
        self._options = replace(options, clean_session=True)
        self._client_id = client_id
        self._filters = [(name, 0) for name, _ in filters]
        self._on_message = on_message
        self._lock = threading.Lock()
        self._timer: threading.Timer | None = None
        self._session: MqttSession | None = None

    def on(self) -> None:
        """Connect, if it is not off again within PATIENCE_S."""
        with self._lock:
            if self._timer is None and self._session is None:
                self._timer = threading.Timer(PATIENCE_S, self._connect)
                self._timer.daemon = True
                self._timer.start()

    def off(self) -> None:
        """Leave."""
        with self._lock:
            timer, session = self._timer, self._session
            self._timer = self._session = None
        if timer is not None:
            timer.cancel()
        if session is not None:
            threading.Thread(target=session.stop, daemon=True).start()

    def _connect(self) -> None:
        with self._lock:
            if self._timer is None:
                return
            self._timer = None
            self._session = MqttSession(
                self._options,
                self._client_id,
                self._filters,
                clean=True,
                on_message=self._on_message,
                on_up=lambda: None,
                on_down=lambda reason: None,
            )
            self._session.start()
