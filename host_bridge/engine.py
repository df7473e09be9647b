"""The engine: one thread that takes what sources deliver through the core, and carries out what the core asks for."""

from __future__ import annotations

import queue
import threading
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Protocol

from host_bridge.core.actions import Acknowledge, Action, Alert, LogLine, Refused, Send, StateChange, Withhold
from host_bridge.core.fleet import Fleet
from host_bridge.core.ratelimit import RateLimit
from host_bridge.core.received import Received, Source
from host_bridge.core.records import Record
from host_bridge.host_clock import since_start
from host_bridge.settings import Threshold

TICK_S = 0.1  # half of the 200 ms after which an ack is due
CLOCK_SET_S = 1.0  # by so much nobody slews a clock between two frames
BATCH = 256  # frames between two looks at the clock
PILE = 50_000  # blocks that may wait to be drawn while nobody scrapes, before the engine has them drawn
_LEVELS = {"ok": "info", "warning": "warning", "critical": "error"}


class Keeper(Protocol):
    """A store that commits. What it is handed in submit() is committed as a whole, then its actions are released."""

    @property
    def ready(self) -> bool: ...

    def submit(self, records: Sequence[Record], actions: Sequence[Action]) -> bool: ...


Log = Callable[[LogLine], None]
Sink = Callable[[Sequence[Action]], None]


class Engine:
    """Drains a bounded queue in batches. Peers' faults are counted and logged at a bounded rate; our own bugs are
    logged with their traceback, counted, and the engine goes on.

    `clock` measures silence, so it must be one that nobody sets; samples are dated by the arrival that sources note.
    `wall` is the clock of those arrivals; `elapsed`, which goes on while the machine sleeps, tells when that is set.
    `sinks` get the alerts and state changes of a batch; they must return at once.
    With a `keeper`, acknowledgements wait until it has committed what they acknowledge, and calls release(). While it
    is not ready, frames are only shown; what was taken before that is kept for it.
    """

    def __init__(
        self,
        fleet: Fleet,
        sources: Sequence[Source] = (),
        *,
        log: Log,
        sinks: Sequence[Sink] = (),
        queue_frames: int = 10_000,
        log_lines_per_minute: int = 60,
        catch_up: Callable[[], None] | None = None,
        keeper: Keeper | None = None,
        clock: Callable[[], float] | None = None,
        wall: Callable[[], float] | None = None,
        elapsed: Callable[[], float] | None = None,
    ) -> None:
        self._fleet = fleet
        self._sources: Mapping[str, Source] = {source.name: source for source in sources}
        self._log = log
        self._sinks = sinks
        self._catch_up = catch_up
        self._keeper = keeper
        self._records: list[Record] = []  # that the keeper did not take, with the actions that wait for them
        self._after_commit: list[Action] = []
        self._clock = clock or time.monotonic
        self._wall = wall or time.time
        self._elapsed = elapsed or clock or since_start
        self._wall_ahead = self._wall() - self._elapsed()
        self._set_by = 0.0  # seconds; the wall clock was set so far while `_queued_before` items were in the queue
        self._queued_before = 0
        # A SimpleQueue costs a fraction of a Queue; its bound is kept in submit(), to within one frame for each source.
        self._queue: queue.SimpleQueue[Received | Callable[[], Sequence[Action]]] = queue.SimpleQueue()
        self._queue_frames = queue_frames
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._said = RateLimit(log_lines_per_minute)
        self._tick_at = 0.0
        self.frames = 0
        self.refused_full = 0  # by submit(), because the queue was full
        self.bugs = 0
        self.problem = ""  # the last of our own bugs, in a line

    @property
    def healthy(self) -> bool:
        """Whether the engine's thread is running."""
        return self._thread is not None and self._thread.is_alive() and not self._stopping.is_set()

    @property
    def queue_depth(self) -> int:
        """What waits to be taken."""
        return self._queue.qsize()

    def submit(self, received: Received) -> bool:
        """Queue what a source received; any thread. False: the queue is full, or the engine is stopping."""
        if self._stopping.is_set():
            return False
        if self._queue.qsize() >= self._queue_frames:
            self.refused_full += 1
            return False
        self._queue.put(received)
        return True

    def reload(self, thresholds: tuple[Threshold, ...]) -> None:
        """Other thresholds, from the next batch on; any thread."""
        self.call(lambda: self._fleet.reload(thresholds))

    def call(self, task: Callable[[], Sequence[Action]]) -> None:
        """Run a task that changes the fleet's state, from the next batch on; any thread."""
        self._queue.put(task)

    def start(self) -> None:
        """Start the thread."""
        self._thread = threading.Thread(target=self._run, name="engine", daemon=True)
        self._thread.start()

    def stop(self, timeout_s: float = 2.0) -> bool:
        """Take what is queued, send the last acks, end. True when all of it was done within `timeout_s`."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join(timeout_s)
        return self._queue.empty() and not (self._thread is not None and self._thread.is_alive())

    def _run(self) -> None:
        while not (self._stopping.is_set() and self._queue.empty()):
            try:
                self.step(0.0 if self._stopping.is_set() else TICK_S)
            except Exception as error:  # noqa: BLE001  # even the log may fail; frames must be taken all the same
                self.bugs += 1
                self.problem = f"{type(error).__name__}: {error}"
        self._last_acks()

    def _last_acks(self) -> None:
        self._tick_at = 0.0
        report: list[Action] = []
        self._tick(self._clock(), report)
        self._keep()
        self._hand_out(report)

    def step(self, wait_s: float) -> None:
        """Wait for something to come, at most `wait_s`; take what has come, at most BATCH; tick when it is time."""
        report: list[Action] = []
        self._look_at_keeper()
        try:
            self._take(self._queue.get(timeout=wait_s) if wait_s else self._queue.get_nowait(), report)
            for _ in range(BATCH - 1):
                self._take(self._queue.get_nowait(), report)
        except queue.Empty:
            pass
        self._tick(self._clock(), report)
        self._keep()
        self._hand_out(report)

    def release(self, actions: Sequence[Action]) -> None:
        """Carry out what waited for a commit; the keeper's thread."""
        self._carry_out(actions, [], committed=True)

    def _look_at_keeper(self) -> None:
        """Decide whether frames can be taken, or only be shown; sources are told when that changes."""
        if self._keeper is None:
            return
        live_only = bool(self._records) or not self._keeper.ready
        if live_only != self._fleet.live_only:
            self._fleet.live_only = live_only
            for source in self._sources.values():
                source.stall(live_only)

    def _keep(self) -> None:
        keeper = self._keeper
        if keeper is None or not keeper.ready:
            return
        # Also what was taken before the keeper stopped: the actions that wait are for that, too.
        self._records += self._fleet.to_keep(self._clock(), self._wall())
        if (self._records or self._after_commit) and keeper.submit(self._records, self._after_commit):
            self._records, self._after_commit = [], []

    def _hand_out(self, report: list[Action]) -> None:
        for sink in self._sinks if report else ():
            self._try(partial(sink, report))

    def _take(self, item: Received | Callable[[], Sequence[Action]], report: list[Action]) -> None:
        self.frames += 1
        try:
            actions = self._handle(item) if isinstance(item, Received) else item()
        except Exception as error:  # noqa: BLE001  # our own bug with one frame must not end the service for all others
            self._own_bug(error)
            return
        if actions:
            self._carry_out(actions, report)

    def _handle(self, received: Received) -> Sequence[Action]:
        """Hand a frame to the fleet. Should somebody have set the wall clock, all arrivals are of the new one first."""
        now, wall = self._clock(), self._wall()
        before, self._wall_ahead = self._wall_ahead, wall - self._elapsed()
        set_by = self._wall_ahead - before
        if abs(set_by) < CLOCK_SET_S and not self._queued_before:
            return self._fleet.handle(received, now)
        actions: Sequence[Action] = ()
        if abs(set_by) >= CLOCK_SET_S:
            self._set_by, self._queued_before = set_by, self._queue.qsize() + 1
            actions = self._fleet.clock_set(set_by, now)
        self._queued_before -= 1
        if abs(received.at + self._set_by - wall) < abs(received.at - wall):
            received = received._replace(at=received.at + self._set_by)
        return [*actions, *self._fleet.handle(received, now)]

    def _tick(self, now: float, report: list[Action]) -> None:
        if 0 <= now - self._tick_at < TICK_S:
            return
        self._tick_at = now
        try:
            actions = self._fleet.tick(now, self._wall())
        except Exception as error:  # noqa: BLE001  # as in _take
            self._own_bug(error)
            return
        self._carry_out(actions, report)
        if self._catch_up is not None and len(self._fleet.dirty) > PILE:
            self._catch_up()

    def _carry_out(self, actions: Sequence[Action], report: list[Action], committed: bool = False) -> None:
        waits = self._keeper is not None and not committed
        done: dict[str, list[object]] = {}  # by source, what to acknowledge, with one call for all
        for action in actions:
            if waits and (isinstance(action, Acknowledge) or (isinstance(action, Send) and action.after_commit)):
                self._after_commit.append(action)
            elif isinstance(action, Acknowledge):
                done.setdefault(action.source, []).append(action.token)
            else:
                self._try(partial(self._do, action, report))
        for name, tokens in done.items():
            source = self._sources.get(name)
            if source is not None:
                self._try(partial(source.acknowledge, *tokens))

    def _try(self, do: Callable[[], None]) -> None:
        try:
            do()
        except Exception as error:  # noqa: BLE001  # a source, a sink or the log failed; the others are still due
            self._own_bug(error)

    def _do(self, action: Withhold | Send | LogLine | Refused | StateChange | Alert, report: list[Action]) -> None:
        if isinstance(action, Withhold):
            source = self._sources.get(action.source)
            if source is not None:
                source.withhold(action.token)
        elif isinstance(action, Send):
            source = self._sources.get(action.source)
            if source is not None:
                source.send(action.port, action.device_id, action.frame)
        elif isinstance(action, LogLine):
            self._log(action)
        elif isinstance(action, Refused):
            self._refused(action)
        else:
            report.append(action)
            self._log(_line(action))

    def _refused(self, refused: Refused) -> None:
        key = (refused.source, refused.port, refused.device_id, refused.reason)
        if self._said.allow(key, self._clock(), crowd=(refused.source, refused.reason)):
            fields = {
                "source": refused.source,
                "port": refused.port,
                "device_id": refused.device_id,
                "reason": refused.reason,
                "detail": refused.detail,
            }
            self._log(LogLine("warning", "frame_refused", fields))

    def _own_bug(self, error: Exception) -> None:
        self.bugs += 1
        self.problem = f"{type(error).__name__}: {error}"
        place = traceback.extract_tb(error.__traceback__)[-1]
        if self._said.allow(("bug", place.filename, place.lineno), self._clock()):
            text = "".join(traceback.format_exception(error))
            self._log(LogLine("critical", "own_bug", {"error": self.problem, "traceback": text}))


def _line(action: StateChange | Alert) -> LogLine:
    """An alert or a change of state, for the log."""
    if isinstance(action, StateChange):
        fields = {
            "device_id": action.device_id,
            "platform": action.platform,
            "port": action.port,
            "before": action.before,
            "after": action.after,
        }
        return LogLine("info", "device_state", fields)
    fields = {
        "device_id": action.device_id,
        "platform": action.platform,
        "alert": action.alert,
        "metric": action.metric,
        "before": action.before,
        "after": action.after,
    }
    return LogLine(_LEVELS[action.after], "alert", {**fields, "labels": list(action.labels), "value": action.value})
