"""Boards, a line and a broker that keep what is not acknowledged: models, for a bridge whose engine a test steps."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from host_bridge.core.received import FRAME, Received
from shared_schema.cbor_reader import loads
from tests.support.boards import T0, Board, custom

__all__ = ["BROKER_ACKS", "T0", "Broker", "Line", "ModelBoard"]

BROKER_ACKS = 1  # the number of the board that believes its broker
OUTBOX = 6  # frames
INFLIGHT = 10  # messages that the broker sends ahead
PORT = "/dev/ttyACM0"
BROKER = "mqtt://broker:1883"
Deliver = Callable[[Received], bool]


@dataclass
class Held:
    """A frame in an outbox. name: what the store will have it as."""

    seq: int
    name: str
    frame: bytes
    event: bool
    declaration: int


@dataclass
class Run:
    """One boot of a board, and what is left of it."""

    board: Board
    began: float
    outbox: list[Held] = field(default_factory=list)
    uptime: int = 0
    told: int = -1  # the declaration that the last hello which left the board has told

    def hello(self, ended: bool) -> bytes:
        """As it stands."""
        held = [one.seq for one in self.outbox]
        self.board.first = min(held, default=self.board.seq)
        runs = runs_of(set(held), self.board.first, self.board.seq)
        more: dict[str, Any] = {"k14": True} if ended else {}
        if runs:
            more["k15"] = runs
        return self.board.hello(uptime=self.uptime, **more)


class ModelBoard:
    """A board that numbers its frames by name, so that none is taken for another."""

    def __init__(self, device_id: str, number: int, link: Line | Broker) -> None:
        self.device_id = device_id
        self.acks = True
        self._link = link
        self._boot = 1000 * (number + 1)
        self._names = 0
        self._now = 1000.0
        self.made: set[str] = set()
        self.gone: set[str] = set()  # given up, or lost with the RAM
        self.confirmed: set[str] = set()  # by an ack
        self.former: list[Run] = []
        self.run = self._begin()

    def _begin(self) -> Run:
        self._boot += 1
        extra = {} if self.acks == (not isinstance(self._link, Broker)) else {12: int(self.acks)}
        board = Board(self.device_id, self._boot, [custom("name")], extra=extra)
        return Run(board, self._now)

    def held(self) -> list[str]:
        """Names of what waits."""
        return [one.name for run in (*self.former, self.run) for one in run.outbox]

    def make(self, event: bool, now: float) -> None:
        """A frame; a full outbox gives up its second oldest, so that there is a gap."""
        self._now, run, board = now, self.run, self.run.board
        run.uptime = max(run.uptime + 1, int((now - run.began) * 1000))
        self._names += 1
        if len(run.outbox) >= OUTBOX:
            lost = run.outbox.pop(self._names % 2)
            samples, events, crashes = board.dropped
            board.dropped = samples + (not lost.event), events + lost.event, crashes
            self.gone.add(lost.name)
        seq, name = board.seq, f"{self.device_id}/{self._names}"
        columns = [self._names] * len(board.series)
        frame = board.event(str(self._names), run.uptime) if event else board.samples(*columns, uptime=run.uptime)
        self.made.add(name)
        run.outbox.append(Held(seq, name, frame, event, board.declaration))

    def declare(self) -> bool:
        """Other series, unless frames wait that only the present declaration explains (SPEC.md section 11)."""
        board = self.run.board
        if any(one.declaration == board.declaration and not one.event for one in self.run.outbox):
            return False
        board.declaration = (board.declaration + 1) % 4
        board.series = [custom("name"), *(custom(f"other_{i}") for i in range(board.declaration))]
        self.run.uptime += 1
        return True

    def reset(self, spilled: bool) -> None:
        """Another boot."""
        if spilled:
            self.former.append(self.run)
        else:
            self.gone.update(one.name for one in self.run.outbox)
        self.run = self._begin()

    def hello(self, arrives: bool) -> None:
        """Of the present boot."""
        self.run.uptime += 1
        if arrives:
            self.run.told = self.run.board.declaration
        self._link.hello(self, self.run.hello(ended=False), arrives)

    def send(self, frames: int, lost: set[int]) -> None:
        """What is held, the oldest boot first, each behind its last hello. A broker gets a hello before what it
        explains (SPEC.md section 14); on a line it may be lost."""
        if isinstance(self._link, Broker) and self.run.told != self.run.board.declaration:
            self.hello(True)
        number = 0
        for run in (*self.former, self.run):
            if run is not self.run:
                self._link.up(self, run.hello(ended=True), number not in lost or isinstance(self._link, Broker))
            for one in list(run.outbox)[:frames]:
                if self._link.up(self, one.frame, number not in lost, one.name) and not self.acks:
                    run.outbox.remove(one)
                number += 1
            frames -= len(run.outbox)
            if frames <= 0:
                return
        self.former = [run for run in self.former if run.outbox]

    def heard(self, frame: bytes) -> None:
        """A frame from the bridge."""
        down: Any = loads(frame)
        kind, boot, *rest = down
        for run in (*self.former, self.run):
            if run.board.boot != boot:
                continue
            if kind == 8:
                self.confirmed.update(one.name for one in run.outbox if one.seq < rest[0])
                run.outbox = [one for one in run.outbox if one.seq >= rest[0]]
            elif kind == 9 and run is self.run:
                self.hello(True)
            elif kind == 9:
                self._link.up(self, run.hello(ended=True), True)


class Line:
    """A UART: in order, lossy. A source of the engine."""

    name = "serial"

    def __init__(self) -> None:
        self.board: ModelBoard
        self._down: list[bytes] = []

    def connect(self, deliver: Deliver, wall: Callable[[], float]) -> None:
        """Another bridge opens the port."""
        self._deliver, self._wall = deliver, wall
        self._down.clear()

    def hello(self, _board: ModelBoard, frame: bytes, arrives: bool) -> None:
        self.up(_board, frame, arrives)

    def up(self, _board: ModelBoard, frame: bytes, arrives: bool, name: str = "") -> bool:
        """A frame to the bridge. Nobody confirms it."""
        if arrives:
            self._deliver(Received("serial", PORT, self._wall(), FRAME, frame))
        return False

    def hear(self, deaf: bool) -> None:
        """What the bridge has sent arrives."""
        down, self._down = self._down, []
        for frame in [] if deaf else down:
            self.board.heard(frame)

    def send(self, port: str, device_id: str, frame: bytes) -> bool:
        self._down.append(frame)
        return True

    def start(self, deliver: Deliver) -> None: ...
    def stop(self) -> None: ...
    def acknowledge(self, *tokens: object) -> None: ...
    def withhold(self, token: object) -> None: ...
    def stall(self, stalled: bool) -> None: ...


@dataclass
class Message:
    """In the broker, for the bridge."""

    device_id: str
    frame: bytes
    name: str
    token: object = None  # when it is with the bridge, unconfirmed
    again: bool = False


class Broker:
    """Keeps the bridge's session: what is not confirmed comes again, in order. A source of the engine."""

    name = "mqtt"

    def __init__(self) -> None:
        self.boards: dict[str, ModelBoard] = {}
        self.messages: list[Message] = []
        self.confirmed: set[str] = set()
        self._retained: dict[str, bytes] = {}
        self._down: list[tuple[str, bytes]] = []
        self._tokens = 0
        self._stalled = False
        self.late = False  # commits do not come back: another session shows what comes, ahead of what is kept

    def connect(self, deliver: Deliver, wall: Callable[[], float]) -> None:
        """Another bridge comes with the same session."""
        self._deliver, self._wall = deliver, wall
        self._down.clear()
        self._stalled = False
        self.reconnect()

    def reconnect(self) -> None:
        """Retained hellos first; what was sent and not confirmed counts as sent again."""
        for message in self.messages:
            if message.token is not None:
                message.token, message.again = None, True
        for device_id, frame in self._retained.items():
            self._hand_over(device_id, frame, channel="hello", retained=True)

    def hello(self, board: ModelBoard, frame: bytes, arrives: bool) -> None:
        """On both topics (SPEC.md section 14)."""
        if arrives:
            self._retained[board.device_id] = frame
            self._hand_over(board.device_id, frame, channel="hello")
        self.up(board, frame, arrives)

    def up(self, board: ModelBoard, frame: bytes, arrives: bool, name: str = "") -> bool:
        """A message to the broker; whether the board gets its PUBACK. Without, it may be there all the same."""
        if arrives or name:
            self.messages.append(Message(board.device_id, frame, name))
            if self._stalled or self.late:
                self._hand_over(board.device_id, frame, shown=True)
        return arrives

    def deliver(self, messages: int) -> bool:
        """What waits goes to the bridge, in order, as far as it confirms. False: it takes nothing now."""
        before = self._tokens
        for message in self.messages[:INFLIGHT]:
            if message.token is None and messages:
                messages -= 1
                self._tokens += 1
                if not self._hand_over(message.device_id, message.frame, token=self._tokens, again=message.again):
                    return False
                message.token = self._tokens
        return self._tokens != before

    def boots(self, board: ModelBoard) -> int:
        """How many boots a board has had since the oldest of which something waits."""
        waiting: list[Any] = [loads(one.frame) for one in self.messages if one.device_id == board.device_id]
        present = board.run.board.boot
        return present + 1 - min((frame[1] for frame in waiting), default=present)

    def acknowledge(self, *tokens: object) -> None:
        """PUBACK."""
        self.confirmed.update(one.name for one in self.messages if one.token in tokens and one.name)
        self.messages = [one for one in self.messages if one.token not in tokens]

    def stall(self, stalled: bool) -> None:
        """As the source does it: another session shows what comes; then all is asked for again."""
        self._stalled = stalled
        if not stalled:
            self.reconnect()

    def hear(self, deaf: bool) -> None:
        """What the bridge has published arrives."""
        down, self._down = self._down, []
        for device_id, frame in [] if deaf else down:
            self.boards[device_id].heard(frame)

    def send(self, port: str, device_id: str, frame: bytes) -> bool:
        self._down.append((device_id, frame))
        return True

    def start(self, deliver: Deliver) -> None: ...
    def stop(self) -> None: ...
    def withhold(self, token: object) -> None: ...

    def _hand_over(self, device_id: str, frame: bytes, channel: str = "up", **more: object) -> bool:
        received = Received("mqtt", BROKER, self._wall(), FRAME, frame, device_id, channel, **more)  # type: ignore[arg-type]
        return self._deliver(received)


def runs_of(held: set[int], first: int, following: int) -> list[int]:
    """Hello key 15 for the numbers first … following - 1 of which `held` wait."""
    runs, waits = [0], True
    for seq in range(first, following):
        if (seq in held) != waits:
            waits = not waits
            runs.append(0)
        runs[-1] += 1
    return runs if len(runs) > 1 else []
