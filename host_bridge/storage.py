"""What a bridge keeps and passes on from there: the history store, and remote write behind it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from structlog import get_logger

from host_bridge.core.actions import Action, LogLine
from host_bridge.core.records import KeptDevice, Record
from host_bridge.options import HistoryOptions, RemoteWriteOptions
from host_bridge.sinks.history import Store, StoreError, StoreInUseError, StoreWriter
from host_bridge.sinks.history.damage import Examiner
from host_bridge.sinks.history.errors import ADVICE
from host_bridge.sinks.remote_write.due import outgoing_of

MAX_RECORDS = 20_000  # between the engine and the store: twenty seconds of a thousand boards
DAY_S = 86_400
EXAMINE = "look into the system's log for errors of the disk; nothing needs to be done for the bridge"
RETRY_S = 5.0  # how often a store that could not be opened is tried
BEAR_S = 0.6  # for which the engine waits for room, so that sources and brokers wait for it
ROOM_S = 0.005  # between two looks for it
SLOW_S = 2.0  # for which a disk has not answered: this is said
ENOUGH = MAX_RECORDS // 2  # so many waiting, and no more frames are taken until they are committed

if TYPE_CHECKING:
    from host_bridge.sinks.remote_write.writer import RemoteWriter

log = get_logger("boardpulse")
Release = Callable[[Sequence[Action]], None]
Later = Callable[[Callable[[], Sequence[Action]]], None]


class Storage:
    """The engine's Keeper. While a store cannot be opened it is not ready: boards and brokers then keep what they have,
    the page goes on, `problem` says what to do, and it is tried again."""

    def __init__(
        self,
        history: HistoryOptions,
        remote_write: RemoteWriteOptions | None,
        *,
        release: Release,
        write: Callable[[LogLine], None],
        version: str,
        restore: Callable[[list[KeptDevice], float], Sequence[Action]],
    ) -> None:
        """restore: told what was kept, once, before anything is taken; then, or later, by way of start()'s `later`; and
        the Unix time from which on it is not too old.

        StoreInUseError when another bridge has the file; OSError or ValueError for remote write's certificates.
        """
        self._history, self._remote_write = history, remote_write
        self._release, self._write, self._restore = release, write, restore
        self._stopping = threading.Event()
        self._running = False
        self.problem = ""
        self.path = history.path
        self.max_age_s = history.max_age_days * DAY_S
        self._writer: StoreWriter | None = None
        self._examiner: Examiner | None = None
        self._busy = self._slow = False
        self.remote = None if remote_write is None else _remote(history, remote_write, version)
        try:
            self._begin(*self._open())
        except StoreInUseError:
            raise
        except StoreError as error:
            self._cannot(error)

    @property
    def writer(self) -> StoreWriter | None:
        """The store's thread; None when there is no store."""
        return self._writer

    @property
    def ready(self) -> bool:
        """Whether frames can be taken. Once too many wait, only when all of them are committed."""
        writer = self._writer
        if writer is None or not writer.available:
            return False
        self._say_slow(writer.waits_s)
        depth = writer.queue_depth
        self._busy = depth > ENOUGH or (self._busy and depth > 0)
        return not self._busy

    @property
    def state(self) -> str:
        """ok, or why nothing is kept and what to do."""
        if self._writer is None:
            return self.problem
        reason = self._writer.reason
        if reason:
            return f"{self.path}: {reason}; {ADVICE[reason]}"
        waits_s = self._writer.waits_s
        if waits_s > SLOW_S:
            return f"{self.path}: the disk has not answered for {waits_s:.0f} s; {EXAMINE}"
        return "the disk is too slow for what comes" if self._busy else "ok"

    @property
    def damage(self) -> str:
        """What of the file is known to be damaged, and what to do, also while it takes frames; empty: nothing."""
        return "" if self._writer is None else self._writer.damage.text

    def submit(self, records: Sequence[Record], actions: Sequence[Action]) -> bool:
        """Have a batch committed, and its actions released then. Waits while more comes than a store that works can
        take: then the engine's queue fills, and what comes is held back where it comes from."""
        writer = self._writer
        if writer is None:
            return False
        until = time.monotonic() + BEAR_S
        while writer.available and 0 < writer.queue_depth > ENOUGH - len(records) and time.monotonic() < until:
            time.sleep(ROOM_S)
        return writer.submit(records, actions)

    def start(self, later: Later) -> None:
        """Start the threads. later: has a task run where the fleet's state may be changed."""
        self._running = True
        if self._writer is not None:
            self._go(self._writer)
        else:
            threading.Thread(target=self._try_again, args=(later,), name="history opener", daemon=True).start()

    def stop(self, timeout_s: float) -> bool:
        """Commit what was taken, and end. Whether all of it is kept."""
        self._stopping.set()
        until = time.monotonic() + timeout_s
        if self._examiner is not None:
            self._examiner.stop()
        done = self._writer is None or self._writer.stop(timeout_s)
        if self.remote is not None:
            self.remote.stop(max(0.1, until - time.monotonic()))
        return done

    def _open(self) -> tuple[Store, list[KeptDevice], float]:
        store = Store.open(self._history.path, sync=self._history.sync)
        if store.missing:
            consequence = (
                "acknowledged frames may be missing; the ledger counts those that a board still tells of as lost"
            )
            log.error("history_damaged", problem=store.missing, consequence=consequence, advice=EXAMINE)
        try:
            wall_ms = int(time.time() * 1000)
            believed_ms = store.believed(wall_ms, 0, self.max_age_s).at_ms
            return store, store.load(), min(wall_ms, believed_ms) / 1000 - self.max_age_s
        except BaseException:
            store.close()
            raise

    def _begin(self, store: Store, kept: list[KeptDevice], seen_after: float) -> Sequence[Action]:
        actions = self._restore(kept, seen_after)
        self._writer = StoreWriter(
            store,
            release=self._release,
            log=self._write,
            outgoing_of=None if self._remote_write is None else outgoing_of(self._remote_write),
            max_records=MAX_RECORDS,
            max_age_s=self.max_age_s,
            max_bytes=self._history.max_bytes,
        )
        self.problem = ""
        if self._running:
            self._go(self._writer)
            log.info("history_available", path=str(self.path))
        return actions

    def _go(self, writer: StoreWriter) -> None:
        writer.start()
        self._examiner = Examiner(self.path, writer.damage.found)
        self._examiner.start()
        if self.remote is not None:
            self.remote.start()

    def _try_again(self, later: Later) -> None:
        while not self._stopping.wait(RETRY_S):
            try:
                opened = self._open()
            except StoreError as error:
                self._cannot(error)
            else:
                later(partial(self._begin, *opened))
                return

    def _say_slow(self, waits_s: float) -> None:
        """Once when a disk does not answer any more, once when it does. The engine asks; the store's thread hangs."""
        slow = waits_s > SLOW_S
        if slow and not self._slow:
            consequence = "boards are shown, not acknowledged"
            log.warning("history_slow", path=str(self.path), waits_s=round(waits_s, 1), consequence=consequence)
        elif self._slow and not slow:
            log.info("history_goes_on", path=str(self.path))
        self._slow = slow

    def _cannot(self, error: StoreError) -> None:
        if str(error) != self.problem:
            self.problem = str(error)
            log.error("history_unavailable", problem=self.problem, consequence="boards are shown, not acknowledged")


def _remote(history: HistoryOptions, options: RemoteWriteOptions, version: str) -> RemoteWriter:
    # Only whoever configures it loads the library that compresses.
    from host_bridge.sinks.remote_write.spool import Spool
    from host_bridge.sinks.remote_write.writer import RemoteWriter

    spool = Spool(history.path, options.max_spool_rows, options.max_spool_bytes)
    return RemoteWriter(options, spool, time.time, get_logger("remote_write"), version=version)
