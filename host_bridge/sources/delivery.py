"""Handing something to the engine that must not be lost only because its queue is full for a moment."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from host_bridge.core.received import Received

PAUSE_S = 0.005


def deliver_within(
    deliver: Callable[[Received], bool], received: Received, timeout_s: float, stopping: threading.Event
) -> bool:
    """Deliver, waiting while the queue is full; False when that took too long or `stopping` was set."""
    until = time.monotonic() + timeout_s
    while not deliver(received):
        if time.monotonic() > until or stopping.wait(PAUSE_S):
            return False
    return True
