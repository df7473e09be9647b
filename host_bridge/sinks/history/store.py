"""The store: one file that one process writes, from one thread at a time (decision 0008)."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path

from host_bridge.core.records import EventRecord, KeptDevice, Record, SamplesRecord
from host_bridge.sinks.history import age, compaction, events, journal, opening, retention, state
from host_bridge.sinks.history.database import Database
from host_bridge.sinks.history.errors import UNREADABLE, translated, unreadable
from host_bridge.sinks.history.groups import Groups
from host_bridge.sinks.history.journal import Journal
from host_bridge.sinks.history.retention import Retained
from host_bridge.sinks.history.schema import STEPS, Step
from host_bridge.sinks.history.unused import Unused


class Store:
    """What the bridge keeps. Not for several threads at once; StoreWriter gives it a thread."""

    def __init__(self, database: Database, lock: int, missing: str = "") -> None:
        """missing: what could not be read of the file when it was opened, for its owner."""
        self.missing = missing
        self._database = database
        self._lock = lock
        self._groups = Groups()
        self._journal = Journal()
        self._journal.load(database.connection)
        self._unused = Unused()

    @classmethod
    def open(cls, path: Path, *, sync: str = "full", steps: Sequence[Step] = STEPS) -> Store:
        """The store in the file `path`, which is made where it is missing, and migrated where it is older.

        sync: "full", a commit is on the disk; "normal", it is with the operating system. StoreError says why it cannot
        be, and nothing is changed then; StoreUnavailableError: not now, as on a full disk.
        """
        if sync not in ("full", "normal"):
            raise ValueError(f"sync = {sync!r}")
        path = path.expanduser().resolve()
        lock = opening.lock(path)
        connection: sqlite3.Connection | None = None
        try:
            connection, missing = opening.connect(path, sync, steps)
            return cls(Database(connection, path, sync), lock, missing)
        except BaseException as error:
            if connection is not None:
                connection.close()
            os.close(lock)
            if isinstance(error, sqlite3.Error):
                raise translated(error, path) from error
            if isinstance(error, UNREADABLE):
                raise unreadable(error, path) from error
            raise

    @property
    def path(self) -> Path:
        """The file."""
        return self._database.path

    def close(self) -> None:
        """Give the file back. It is complete without: a kill does not hurt."""
        if self._lock >= 0:
            try:
                self._database.connection.close()
            finally:
                os.close(self._lock)
                self._lock = -1

    def load(self) -> list[KeptDevice]:
        """What Fleet.restore() needs: devices with their state and boots, oldest first."""
        with self._readable():
            return state.load(self._database.connection)

    def commit(self, records: Sequence[Record], outgoing: Sequence[SamplesRecord] = ()) -> None:
        """Keep the records, and those of `outgoing` for remote write too: all of it, or nothing.

        StoreUnavailableError: nothing was kept, and the same call may be made again.
        """
        samples = [record for record in records if isinstance(record, SamplesRecord)]
        happened = [record for record in records if isinstance(record, EventRecord)]
        states = [record for record in records if not isinstance(record, (SamplesRecord, EventRecord))]
        try:
            with self._database.transaction() as connection:
                rows = self._journal.rows(connection, self._groups, samples)
                due = self._journal.rows(connection, self._groups, outgoing)
                journal.put(connection, rows, due)
                if states:
                    state.put(connection, self._groups, states)
                if happened:
                    events.put(connection, self._groups, happened)
        except BaseException:
            self._groups.rolled_back()
            raise
        self._groups.committed()
        if rows:
            self._journal.committed(rows, int(samples[0].arrived * 1000))

    def compact(self, now_ms: int, budget_s: float = 0.02) -> bool:
        """Rewrite what the journal has enough of into columns, for about `budget_s`. True: there is more to do."""
        with self._readable():
            return compaction.compact(self._database, self._journal, now_ms, budget_s)

    def believed(self, wall_ms: int, ran_ms: int, max_age_s: float) -> age.Belief:
        """What the time is believed to be (age.py), `ran_ms` of running time after the last believe(). Only reads."""
        with self._readable():
            last = age.read(self._database.connection) or age.Belief(wall_ms)
            return age.believe(last, wall_ms, ran_ms, int(max_age_s * 1000))

    def believe(self, wall_ms: int, ran_ms: int, max_age_s: float) -> age.Belief:
        """The same, kept for the next call."""
        belief = self.believed(wall_ms, ran_ms, max_age_s)
        with self._database.transaction(durable=False) as connection:
            age.put(connection, belief)
        return belief

    def retain(self, now_ms: int, max_age_s: float, max_bytes: int, budget_s: float = 0.02) -> Retained:
        """Delete what is too old, then the oldest while the file is too large, for about `budget_s`; when that is done,
        groups and series of which nothing is left, of which there may be more than are looked at in one call."""
        with self._readable():
            gone = retention.retain(self._database, now_ms, max_age_s, max_bytes, budget_s)
            if gone.full:
                self._journal.hurry()  # it is the journal that is too large: what is in chunks can be deleted
            if not gone.more:
                self._unused.delete(self._database, self._groups, self._journal, budget_s)
        return gone

    @contextlib.contextmanager
    def _readable(self) -> Iterator[None]:
        """What makes no sense in the file is its damage."""
        try:
            yield
        except sqlite3.Error as error:
            raise translated(error, self.path) from error
        except UNREADABLE as error:
            raise unreadable(error, self.path) from error

    @property
    def journal_rows(self) -> int:
        """Frames that are not in chunks yet."""
        return sum(len(pending.ids) for pending in self._journal.pending.values())

    def size_bytes(self) -> int:
        """Of the files, as they are on the disk."""
        found = 0
        for ending in ("", "-wal"):
            try:
                found += os.stat(f"{self.path}{ending}").st_size
            except OSError:
                continue
        return found
