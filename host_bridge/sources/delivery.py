"""Handing something to the engine that must not be lost only because its queue is full for a moment."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from structlog import get_logger

from host_bridge.core.received import LINK_UP, Received

PAUSE_S = 0.005
LINK_PATIENCE_S = 5.0  # that a link came or went must not be lost in a moment's overload

log = get_logger(__name__)


def deliver_within(
    deliver: Callable[[Received], bool], received: Received, timeout_s: float, stopping: threading.Event
) -> bool:
    """Deliver, waiting while the queue is full; False when that took too long or `stopping` was set."""
    until = time.monotonic() + timeout_s
    while not deliver(received):
        if time.monotonic() > until or stopping.wait(PAUSE_S):
            return False
    return True


def deliver_link(deliver: Callable[[Received], bool], received: Received, stopping: threading.Event) -> None:
    """Say that a link came or went, in the log and to the core."""
    fields = {"source": received.source, "port": received.port, "category": "link"}
    if received.what == LINK_UP:
        log.info("link_up", **fields)
    else:
        log.warning("link_down", **fields, reason=received.payload)
    deliver_within(deliver, received, LINK_PATIENCE_S, stopping)
