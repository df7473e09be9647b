"""Boards as frames, and a bridge's core with a clock of our own: for tests of the bridge without any transport."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from host_bridge.core.actions import Acknowledge, Action, LogLine, Refused, Send
from host_bridge.core.fleet import Fleet
from host_bridge.core.ledger import Counts
from host_bridge.core.received import BAD, FRAME, LINK_DOWN, TEXT, Received
from host_bridge.core.view import DeviceView
from host_bridge.settings import Settings
from host_bridge.sinks.exposition import Exposition
from shared_schema.cbor import encode
from shared_schema.cbor_reader import loads

T0 = 1_750_000_000.0
TEMPERATURE = [3, "cpu"]  # gauge, scale -2
HEAP = [1, "gc"]  # gauge, scale 0
REQUESTS = [15, "net", "1"]  # counter, scale 0
ENERGY = [14, "board"]  # counter
A = TypeVar("A")


def custom(name: str, kind: int = 0, **fields: Any) -> dict[int, Any]:
    """A custom metric of a hello. fields: unit, scale, labels, help, bounds."""
    keys = {"unit": 3, "scale": 4, "labels": 5, "help": 6, "bounds": 7}
    return {1: name, 2: kind, **{keys[key]: value for key, value in fields.items()}}


@dataclass
class Board:
    """One run of a board. Numbers its reliable frames from 0."""

    device_id: str = "board-1"
    boot: int = 77
    series: Sequence[Any] = (TEMPERATURE, HEAP)
    platform: str = "esp32"
    interval_ms: int = 1000
    declaration: int = 0
    seq: int = 0
    first: int = 0
    dropped: tuple[int, int, int] = (0, 0, 0)
    extra: dict[int, Any] = field(default_factory=dict)

    def hello(self, uptime: int = 0, outbox: bool = True, **more: Any) -> bytes:
        """The declaration; keyword arguments k12=0 set further keys."""
        body: dict[int, Any] = {0: 1, 1: self.device_id, 2: self.platform, 3: self.declaration}
        body[4] = [[self.interval_ms, 1, list(self.series)]] if self.series else []
        if outbox:
            body[7] = [self.first, self.seq - self.first, 3600, *self.dropped, 0]
        body.update(self.extra)
        body.update({int(key[1:]): value for key, value in more.items()})
        return encode([1, self.boot, self.seq, uptime, body])

    def _next(self, seq: int | None) -> int:
        if seq is None:
            seq = self.seq
            self.seq += 1
        return seq

    def samples(self, *columns: Any, uptime: int = 1000, n: Any = 1, seq: int | None = None, group: int = 0) -> bytes:
        """A samples frame with the next number, or with `seq`."""
        return encode([2, self.boot, self._next(seq), uptime, self.declaration, group, n, *columns])

    def event(self, message: str = "hello", uptime: int = 1000, seq: int | None = None, **more: Any) -> bytes:
        """A log line; keyword arguments k6="..." set further keys."""
        body: dict[int, Any] = {1: 0, 2: 1, 3: message, **{int(key[1:]): value for key, value in more.items()}}
        return encode([3, self.boot, self._next(seq), uptime, body])

    def bye(self, reason: int = 0, wake_in_ms: int | None = None, uptime: int = 1000, seq: int | None = None) -> bytes:
        """Farewell."""
        body = {1: reason} if wake_in_ms is None else {1: reason, 2: wake_in_ms}
        return encode([5, self.boot, self._next(seq), uptime, body])

    def state(self, status: int) -> bytes:
        """What the broker says."""
        return encode([16, self.boot, status])


class Bridge:
    """A fleet with its page. Time stands still unless a test moves `now`."""

    def __init__(self, settings: Settings | None = None, now: float = T0) -> None:
        self.fleet = Fleet(settings)
        self.exposition = Exposition(self.fleet.dirty)
        self.now = now
        self._tokens = itertools.count(1)

    def mqtt(
        self, board: Board | str, frame: bytes, channel: str = "up", retained: bool = False, at: float | None = None
    ) -> list[Action]:
        """A frame on a board's topic, with a token to acknowledge."""
        device_id = board if isinstance(board, str) else board.device_id
        at = self.now if at is None else at
        token = next(self._tokens)
        received = Received("mqtt", "mqtt://broker:1883", at, FRAME, frame, device_id, channel, retained, token)
        return list(self.fleet.handle(received, self.now))

    def show(self, board: Board, frame: bytes) -> list[Action]:
        """A frame on a board's topic `up`, of the session that is there while nothing can be kept."""
        place = "mqtt", "mqtt://broker:1883"
        return list(self.fleet.handle(Received(*place, self.now, FRAME, frame, board.device_id, shown=True), self.now))

    def uart(self, frame: bytes, port: str = "/dev/ttyACM0", at: float | None = None) -> list[Action]:
        """A frame on a port."""
        received = Received("serial", port, self.now if at is None else at, FRAME, frame)
        return list(self.fleet.handle(received, self.now))

    def text(self, line: str, port: str = "/dev/ttyACM0") -> list[Action]:
        """Console text on a port."""
        return list(self.fleet.handle(Received("serial", port, self.now, TEXT, line), self.now))

    def bad(self, reason: str, port: str = "/dev/ttyACM0") -> list[Action]:
        """Bytes on a port that are no frame."""
        return list(self.fleet.handle(Received("serial", port, self.now, BAD, reason), self.now))

    def unplug(self, port: str = "/dev/ttyACM0") -> list[Action]:
        """The port closes."""
        return list(self.fleet.handle(Received("serial", port, self.now, LINK_DOWN, "unplugged"), self.now))

    def after(self, seconds: float) -> list[Action]:
        """Let time pass in one step, and tick. Boards are told the time only in time_passes()."""
        self.now += seconds
        return list(self.fleet.tick(self.now))

    def time_passes(self, seconds: float) -> list[Action]:
        """The same for a bridge that knows the time."""
        self.now += seconds
        return list(self.fleet.tick(self.now, self.now))

    def page(self, openmetrics: bool = False, again: bool = True) -> str:
        """The boards' part of /metrics. It is drawn `again` with all that is known of every device looked at anew, not
        only what was said to have changed, and has to be the same; not where another thread goes on meanwhile."""
        page = self.exposition.render(openmetrics)
        if again:
            for device in self.fleet._router.devices.values():
                self.fleet._context.mark_status(device)
            assert self.exposition.render(openmetrics) == page
        return page.decode()

    def values(self, name: str) -> dict[str, str]:
        """The samples of one name on the page: text between the braces, without device_id and platform → value."""
        found: dict[str, str] = {}
        for line in self.page().splitlines():
            if line.startswith(name + "{"):
                labels, _, value = line[len(name) + 1 :].rpartition("} ")
                found[labels.split(",", 2)[2] if labels.count('",') > 1 else ""] = value
        return found

    def value(self, name: str) -> str | None:
        """The one sample of this name on the page, None when there is none."""
        found = list(self.values(name).values())
        assert len(found) < 2, found
        return found[0] if found else None

    def device(self, device_id: str = "board-1") -> DeviceView:
        """How the fleet sees a device."""
        return next(view for view in self.fleet.devices() if view.device_id == device_id)

    def ledger(self, device_id: str = "board-1") -> Counts:
        """A device's ledger."""
        return self.device(device_id).ledger


def only(actions: Sequence[Action], kind: type[A]) -> list[A]:
    """The actions of one kind."""
    return [action for action in actions if isinstance(action, kind)]


def sent(actions: Sequence[Action]) -> list[Any]:
    """The down frames among the actions, decoded."""
    return [loads(action.frame) for action in only(actions, Send)]


def refused(actions: Sequence[Action]) -> list[str]:
    """The reasons of refusals."""
    return [action.reason for action in only(actions, Refused)]


def acknowledged(actions: Sequence[Action]) -> list[object]:
    """The tokens that the transport may forget."""
    return [action.token for action in only(actions, Acknowledge)]


def logged(actions: Sequence[Action]) -> list[str]:
    """The events of log lines."""
    return [action.event for action in only(actions, LogLine)]
