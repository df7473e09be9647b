"""What sources hand to the core, and what the core may ask of a source."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, Protocol

from shared_schema.framing import BAD, FRAME, TEXT

LINK_UP = 3
LINK_DOWN = 4

__all__ = ["BAD", "FRAME", "LINK_DOWN", "LINK_UP", "TEXT", "Received", "Source"]


class Received(NamedTuple):
    """One thing that a source heard. A tuple, since there is one for each frame: a frozen dataclass takes four times as
    long to make.

    `payload` by `what`: FRAME bytes; TEXT a console line; BAD the reason (one of shared_schema.errors.REASONS);
    LINK_UP and LINK_DOWN a word on why.
    """

    source: str  # serial, mqtt or replay
    port: str  # the port's path, or mqtt://host:port
    at: float  # arrival, Unix seconds
    what: int
    payload: bytes | str
    device_id: str = ""  # of the MQTT topic: raw, unchecked; empty where the transport does not name the device
    channel: str = "up"  # up, hello or state: the last word of the topic
    retained: bool = False
    token: object = None  # given back in Source.acknowledge once the frame is committed; None: nothing to acknowledge
    again: bool = False  # the broker may have delivered it before
    shown: bool = False  # only to be shown, while nothing can be kept: it comes another time to be counted


class Source(Protocol):
    """A transport. It runs its own threads; `deliver` may be called from any of them.

    `deliver` returns False when the bounded queue is full: the source then does not acknowledge, or drops and counts.
    """

    @property
    def name(self) -> str: ...

    def start(self, deliver: Callable[[Received], bool]) -> None: ...

    def stop(self) -> None: ...

    def send(self, port: str, device_id: str, frame: bytes) -> bool: ...

    def acknowledge(self, *tokens: object) -> None:
        """What these were given for is committed. Many at once: what it takes to tell others is done once."""

    def withhold(self, token: object) -> None: ...

    def stall(self, stalled: bool) -> None:
        """While stalled, nothing can be kept: what is not acknowledged must come again when that is over."""
