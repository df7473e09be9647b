"""A second look at the broker while nothing can be kept, or a disk does not answer.

Messages stay unconfirmed then, so that the broker keeps them for the store; but it sends only some ahead of their
confirmation, and the page would stand still. So a guest session, with QoS 0, shows what comes meanwhile.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import replace

from host_bridge.options import MqttOptions
from host_bridge.sources.mqtt_session import MqttSession
from host_bridge.sources.mqtt_tap import Message

PATIENCE_S = 0.25  # a queue that is full for a moment is not worth a connection
LATE_S = 0.3  # of a confirmation: a commit takes milliseconds
SILENT_S = 0.2  # in an overload confirmations are late too, but messages come: then there is nothing more to show


class LiveFeed:
    """Delivers messages of `filters` while they cannot be had otherwise. look() is of one thread."""

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
        self._stalled_at: float | None = None
        self._lock = threading.Lock()
        self._session: MqttSession | None = None

    def stall(self, stalled: bool) -> None:
        """Nothing can be kept, or it can again; any thread."""
        self._stalled_at = time.monotonic() if stalled else None

    def look(self, oldest_at: float | None, newest_at: float, now: float) -> None:
        """Connect or leave. When the oldest of the messages came that wait for their commit (None: there is none), and
        the newest of all; on the monotonic clock."""
        stalled_at = self._stalled_at
        stalled = stalled_at is not None and now - stalled_at > PATIENCE_S
        late = oldest_at is not None and now - oldest_at > LATE_S
        if stalled or (late and now - newest_at > SILENT_S):
            self._on()
        elif not late and stalled_at is None:
            self.off()

    def off(self) -> None:
        """Leave, without waiting for it."""
        with self._lock:
            session, self._session = self._session, None
        if session is not None:
            threading.Thread(target=session.stop, daemon=True).start()

    def _on(self) -> None:
        with self._lock:
            if self._session is not None:
                return
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
