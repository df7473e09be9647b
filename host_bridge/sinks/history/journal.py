"""The journal: a row a frame, appended. And the rows that are due to go out by remote write, which look the same."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from host_bridge.core.records import SamplesRecord
from host_bridge.sinks.history.coding import encode_row
from host_bridge.sinks.history.groups import Groups

ENOUGH_ROWS = 256  # of a group, for compaction
ENOUGH_SAMPLES = 1_024
OLD_MS = 600_000  # then fewer are enough, so that the journal's beginning can be deleted
SCAN_MS = 10_000  # between two looks for old groups

Row = tuple[int, int, int, int, int, bytes]  # id, group, first time, last time, number of times, data


@dataclass(slots=True)
class Pending:
    """Rows of a group that are in the journal only. since_ms: when the oldest came; -1: before this start."""

    since_ms: int
    ids: list[int] = field(default_factory=list)
    samples: int = 0  # times, of all rows


def is_enough(rows: int, samples: int) -> bool:
    """Whether so much of a group is worth a chunk, however young it is."""
    return rows >= ENOUGH_ROWS or samples >= ENOUGH_SAMPLES


class Journal:
    """Gives rows their ids and knows which are not in chunks yet: an index would cost each commit a page."""

    def __init__(self) -> None:
        self.pending: dict[int, Pending] = {}
        self.due: dict[int, bool] = {}  # groups for compaction; whether they are old
        self.next_id = 1
        self._first = 1  # no row in the file is before it
        self._moved = True  # since the last look at what can be deleted, rows went into chunks
        self._scanned_ms = 0

    def load(self, connection: sqlite3.Connection) -> None:
        """Find out what is in the file."""
        compacted: dict[int, int] = dict(connection.execute("SELECT id, compacted FROM grp"))
        last = connection.execute("SELECT max(id) FROM journal").fetchone()[0] or 0
        # Also where the journal was emptied an id is never given again: rows up to `compacted` count as chunks.
        self.next_id = max(last, *compacted.values(), 0) + 1
        self.pending, self.due, self._moved = {}, {}, True
        self._first = connection.execute("SELECT min(id) FROM journal").fetchone()[0] or self.next_id
        for number, group, n in connection.execute("SELECT id, grp, n FROM journal ORDER BY id"):
            if number > compacted.get(group, 0):
                self._add(number, group, n, -1)

    def rows(self, connection: sqlite3.Connection, groups: Groups, records: Iterable[SamplesRecord]) -> list[Row]:
        """Rows for records, inside a transaction that is yet to be committed."""
        found: list[Row] = []
        number = self.next_id
        for record in records:
            times, values = record.times, record.values
            group, columns = groups.group(connection, record.group)
            if len(values) != len(times) * columns:
                raise ValueError(
                    f"{len(values)} values of {record.group.device_id} in {columns} columns of {len(times)}"
                )
            found.append((number, group, times[0], times[-1], len(times), encode_row(times, values)))
            number += 1
        return found

    def committed(self, rows: Sequence[Row], since_ms: int) -> None:
        """The rows are in the file."""
        for number, group, _, _, n, _ in rows:
            self._add(number, group, n, since_ms)
            self.next_id = number + 1

    def compacted(self, group: int, rows: int, samples: int, old: bool, now_ms: int) -> None:
        """The group's oldest rows are in chunks. `old`: and the others were to be."""
        pending = self.pending[group]
        self._moved = True
        del pending.ids[:rows]
        pending.samples -= samples
        pending.since_ms = now_ms
        if not pending.ids:
            del self.pending[group]
        elif old or is_enough(len(pending.ids), pending.samples):
            self.due[group] = old

    def find_due(self, now_ms: int) -> None:
        """Look for groups that have waited long. A clock that was set makes them due once, which does no harm."""
        if abs(now_ms - self._scanned_ms) < SCAN_MS:
            return
        self._scanned_ms = now_ms
        for group, pending in self.pending.items():
            if pending.since_ms < 0:
                pending.since_ms = now_ms
            if abs(now_ms - pending.since_ms) >= OLD_MS:
                self.due[group] = True

    def hurry(self) -> None:
        """Make all groups due."""
        self.due = dict.fromkeys(self.pending, True)

    def is_free(self, group: int, compacted: int) -> bool:
        """Whether no row of the group is in the file. compacted: the last of its rows that is in a chunk."""
        return group not in self.pending and compacted < self._first

    def surplus(self, limit: int) -> tuple[int, int]:
        """First row, and the one behind the last, of at most `limit` that are all in chunks."""
        if not self._moved:
            return self._first, self._first
        oldest = min((pending.ids[0] for pending in self.pending.values()), default=self.next_id)
        self._moved = oldest > self._first
        return self._first, max(self._first, min(oldest, self._first + limit))

    def deleted(self, end: int) -> None:
        """No row before `end` is in the file."""
        self._first = end

    def _add(self, number: int, group: int, n: int, since_ms: int) -> None:
        pending = self.pending.get(group)
        if pending is None:
            pending = self.pending[group] = Pending(since_ms)
        pending.ids.append(number)
        pending.samples += n
        if is_enough(len(pending.ids), pending.samples):
            self.due.setdefault(group, False)


def put(connection: sqlite3.Connection, rows: Sequence[Row], outgoing: Sequence[Row]) -> None:
    """Write rows, inside a transaction."""
    connection.executemany("INSERT INTO journal VALUES (?, ?, ?, ?, ?, ?)", rows)
    if outgoing:
        due = [(group, t0, n, data) for _, group, t0, _, n, data in outgoing]
        connection.executemany("INSERT INTO outgoing (grp, t0, n, data) VALUES (?, ?, ?, ?)", due)
