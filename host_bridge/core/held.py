"""Frames that cannot be used before a hello comes. They wait unacknowledged, within limits."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

from host_bridge.core.decode import Message
from host_bridge.core.received import Received
from shared_schema.messages import MAX_HELD_FRAMES

ASK_EVERY_S = 1.0  # SPEC.md section 9: a board answers hello? once a second at most
ASK_FOR_S = 60.0  # then its frames are let go; the next frame begins anew
Route = tuple[str, str, str]  # source, port, device id of the topic


@dataclass(slots=True)
class Waiting:
    """The frames of one boot on one route, oldest first. `proven`: the device that signed them, if they were signed."""

    route: Route
    boot: int
    since: float
    proven: str = ""
    asked_at: float = float("-inf")
    frames: deque[tuple[Received, Message]] = field(default_factory=deque)


class Held:
    """All frames that wait, of all devices."""

    def __init__(self, max_frames: int) -> None:
        self._max = max_frames
        self._waiting: dict[tuple[Route, int], Waiting] = {}
        self.total = 0

    def add(self, received: Received, message: Message, now: float, proven: str = "") -> tuple[Waiting | None, int]:
        """Keep a frame: where it waits (None: there is no room at all), and how many frames were let go."""
        route = received.source, received.port, received.device_id
        boot = message.boot
        waiting = self._waiting.get((route, boot))
        if waiting is not None and len(waiting.frames) >= MAX_HELD_FRAMES:
            waiting.frames.popleft()
            waiting.frames.append((received, message))
            return waiting, 1
        if self.total >= self._max:
            return None, 1
        if waiting is None:
            waiting = self._waiting[route, boot] = Waiting(route, boot, now, proven)
        waiting.frames.append((received, message))
        self.total += 1
        return waiting, 0

    def peek(self, route: Route, boot: int) -> list[Message]:
        """What waits for a hello of `boot`."""
        waiting = self._waiting.get((route, boot))
        return [] if waiting is None else [message for _, message in waiting.frames]

    def release(self, route: Route, boot: int) -> list[tuple[Received, Message]]:
        """Hand back what waits for a hello of `boot`, in the order in which it came."""
        waiting = self._waiting.pop((route, boot), None)
        if waiting is None:
            return []
        self.total -= len(waiting.frames)
        return list(waiting.frames)

    def expire(self, now: float) -> int:
        """Let go of what has waited in vain; how many frames that was."""
        vain = [key for key, waiting in self._waiting.items() if now - waiting.since > ASK_FOR_S]
        return sum(len(self.release(*key)) for key in vain)

    def due(self, now: float) -> Iterator[Waiting]:
        """Those for which it is time to ask with hello?; they count as asked."""
        for waiting in self._waiting.values():
            if now - waiting.asked_at >= ASK_EVERY_S:
                waiting.asked_at = now
                yield waiting
