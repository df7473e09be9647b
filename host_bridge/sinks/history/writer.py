"""The store's thread: takes batches in order, commits them, and only then lets their actions be carried out."""

from __future__ import annotations

import contextlib
import threading
import time
import traceback
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from host_bridge.core.actions import Action, LogLine
from host_bridge.core.records import Record, SamplesRecord
from host_bridge.sinks.history.availability import Availability
from host_bridge.sinks.history.damage import Damage
from host_bridge.sinks.history.errors import StoreError, StoreUnavailableError
from host_bridge.sinks.history.store import Store
from host_bridge.sinks.history.upkeep import Upkeep

MAX_TRANSACTION = 4_096  # records; more make a transaction longer, not faster
FIRST_PAUSE_S = 0.2
LONGEST_PAUSE_S = 5.0
UPKEEP_PAUSE_S = 5.0  # after upkeep that failed


@dataclass(frozen=True, slots=True)
class _Batch:
    records: Sequence[Record]
    actions: Sequence[Action]


class StoreWriter:
    """Commits what submit() takes, then calls release() with its actions: never before, in order, once.

    release, recovered and log are called from the thread; they must return at once. outgoing_of: whether a record is to
    go out by remote write too. recovered: the store takes batches again after a time in which it did not.
    """

    def __init__(
        self,
        store: Store,
        *,
        release: Callable[[Sequence[Action]], None],
        log: Callable[[LogLine], None],
        outgoing_of: Callable[[SamplesRecord], bool] | None = None,
        recovered: Callable[[], None] | None = None,
        max_records: int = 20_000,
        max_age_s: float = 30 * 86_400.0,
        max_bytes: int = 1 << 30,
        clock: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._store = store
        self._release = release
        self._outgoing_of = outgoing_of
        self._recovered = recovered
        self._max_records = max_records
        self._log = log
        self._clock = clock
        self._wall = wall
        self._changed = threading.Condition()
        self._queue: deque[_Batch] = deque()
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="history", daemon=True)
        self._availability = Availability(store.path, self._say, clock)
        self._damage = Damage(store.path, self._say)
        self._upkeep = Upkeep(store, max_age_s, max_bytes, clock, wall, self._say)
        self._upkeep_trouble = ""
        self._idle_s = 0.0
        self._waits_since = 0.0
        self.queue_depth = 0  # records that are not committed yet
        self.commits = 0
        self.records = 0
        self.samples = 0  # values, of SamplesRecords
        self.commit_seconds = 0.0  # spent in commits, failed ones too
        self.last_commit_at = 0.0  # Unix seconds
        self.bugs = 0

    @property
    def available(self) -> bool:
        """Whether commits succeed. While they do not, submit() takes nothing."""
        return not self._availability.reason

    @property
    def reason(self) -> str:
        """Why it is unavailable: a key of errors.ADVICE; empty when it is available."""
        return self._availability.reason

    @property
    def unavailable_seconds(self) -> float:
        """For how long it was unavailable in all, until now."""
        return self._availability.seconds()

    @property
    def waits_s(self) -> float:
        """For how long nothing was committed of what waits; 0 when nothing does."""
        return self._clock() - self._waits_since if self.queue_depth else 0.0

    @property
    def damage(self) -> Damage:
        """What is known to be damaged, whether commits succeed or not."""
        return self._damage

    @property
    def upkeep(self) -> Upkeep:
        """What it deleted, and the size."""
        return self._upkeep

    def start(self) -> None:
        """Start the thread; from now on the store is the thread's."""
        self._thread.start()

    def submit(self, records: Sequence[Record], actions: Sequence[Action]) -> bool:
        """Queue a batch; any thread. False: nothing of it was taken, as the store is unavailable or the queue full."""
        with self._changed:
            full = self.queue_depth > 0 and self.queue_depth + len(records) > self._max_records
            if full or self._stopping or not self.available:
                return False
            if not self.queue_depth:
                self._waits_since = self._clock()
            self.queue_depth += len(records)
            self._queue.append(_Batch(records, actions))
            self._changed.notify()
        return True

    def stop(self, timeout_s: float) -> bool:
        """Commit what is queued, close the store and end. True when all of it was done within `timeout_s`."""
        with self._changed:
            self._stopping = True
            self._changed.notify()
        if self._thread.is_alive():
            self._thread.join(timeout_s)
        return not self._thread.is_alive() and self.queue_depth == 0

    def _run(self) -> None:
        while self._turn():
            pass
        self._guard(self._store.close)

    def _turn(self) -> bool:
        """Take what has come and do it. False: it is over."""
        with self._changed:
            if not (self._queue or self._stopping):
                self._changed.wait(self._idle_s)
            batches = self._take()
            if self._stopping and not batches:
                return False
        kept = not batches or self._keep(batches)
        if not self._stopping:
            self._idle_s = self._tend()
        return kept

    def _take(self) -> list[_Batch]:
        batches: list[_Batch] = []
        records = 0
        while self._queue and (not batches or records + len(self._queue[0].records) <= MAX_TRANSACTION):
            batches.append(self._queue.popleft())
            records += len(batches[-1].records)
        return batches

    def _keep(self, batches: list[_Batch]) -> bool:
        """Commit until it succeeds, then release. False: the bridge ends, and it did not succeed."""
        records = [record for batch in batches for record in batch.records]
        pause = FIRST_PAUSE_S
        while records and not self._commit(records):
            if self._stopping:
                return False
            self._pause(pause)
            pause = min(2 * pause, LONGEST_PAUSE_S)
        self._less(len(records))
        back = self._availability.works()
        for batch in batches:
            if batch.actions:
                self._guard(lambda actions=batch.actions: self._release(actions))  # type: ignore[misc]  # its default
        if back and self._recovered is not None:
            self._guard(self._recovered)
        return True

    def _less(self, records: int) -> None:
        with self._changed:
            self._waits_since = self._clock()
            self.queue_depth -= records

    def _commit(self, records: list[Record]) -> bool:
        began = self._clock()
        try:
            samples = [record for record in records if isinstance(record, SamplesRecord)]
            due = [record for record in samples if self._outgoing_of(record)] if self._outgoing_of is not None else []
            self._store.commit(records, due)
        except StoreUnavailableError as error:
            self._availability.fails(error.reason, error.detail)
            return False
        except Exception as error:  # noqa: BLE001  # our own bug: what is not committed must not be released
            self._own_bug(error)
            self._availability.fails("bug", f"{type(error).__name__}: {error}")
            return False
        finally:
            self.commit_seconds += self._clock() - began
        self.commits += 1
        self.records += len(records)
        self.samples += sum(len(record.values) for record in samples)
        self.last_commit_at = self._wall()
        return True

    def _pause(self, seconds: float) -> None:
        """Wait until it is over or the bridge ends; submit() takes nothing meanwhile, so nothing else wakes it."""
        with self._changed:
            if not self._stopping:
                self._changed.wait(seconds)

    def _tend(self) -> float:
        """A slice of upkeep; seconds until the next. What it cannot do now hinders no commit, and is said once."""
        trouble, idle_s = "", UPKEEP_PAUSE_S
        try:
            idle_s = self._upkeep.step()
        except StoreError as error:
            trouble = str(error)
            if isinstance(error, StoreUnavailableError) and error.reason == "corrupt":
                self._damage.found(error.detail)
        except Exception as error:  # noqa: BLE001  # our own bug, in what only saves space
            trouble = f"{type(error).__name__}: {error}"
            if trouble != self._upkeep_trouble:
                self._own_bug(error)
        if trouble and trouble != self._upkeep_trouble:
            self._say(LogLine("warning", "history_upkeep_failed", {"detail": trouble}))
        self._upkeep_trouble = trouble
        return idle_s

    def _guard(self, do: Callable[[], None]) -> None:
        try:
            do()
        except Exception as error:  # noqa: BLE001  # what is committed stays so, whoever fails afterwards
            self._own_bug(error)

    def _own_bug(self, error: Exception) -> None:
        self.bugs += 1
        text = "".join(traceback.format_exception(error))
        self._say(LogLine("critical", "own_bug", {"error": f"{type(error).__name__}: {error}", "traceback": text}))

    def _say(self, line: LogLine) -> None:
        with contextlib.suppress(Exception):  # a log that fails must not end the thread
            self._log(line)
