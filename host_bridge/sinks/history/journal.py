"""The journal: a row a frame, appended. And the rows that are due to go out by remote write, which look the same."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from host_bridge.core.records import SamplesRecord
from host_bridge.sinks.history.coding import encode_row
from host_bridge.sinks.history.groups import Groups

Row = tuple[int, int, int, int, int, bytes]  # id, group, first time, last time, number of times, data


@dataclass(slots=True)
class Pending:
    """Rows of a group that are in the journal only. since_ms: when the oldest came; -1: before this start."""

    since_ms: int
    ids: list[int] = field(default_factory=list)
    samples: int = 0  # times, of all rows


class Journal:
    """Gives rows their ids, and knows which are not in chunks yet. Scans never, so that it needs no index."""

    def __init__(self) -> None:
        self.pending: dict[int, Pending] = {}
        self.next_id = 1

    def load(self, connection: sqlite3.Connection) -> None:
        """Find out what is in the file."""
        compacted = dict(connection.execute("SELECT id, compacted FROM grp"))
        last = connection.execute("SELECT max(id) FROM journal").fetchone()[0] or 0
        # Also where the journal was emptied an id is never given again: rows up to `compacted` count as chunks.
        self.next_id = max(last, *compacted.values(), 0) + 1
        self.pending = {}
        for number, group, n in connection.execute("SELECT id, grp, n FROM journal ORDER BY id"):
            if number > compacted.get(group, 0):
                self._add(number, group, n, -1)

    def rows(self, connection: sqlite3.Connection, groups: Groups, records: Iterable[SamplesRecord]) -> list[Row]:
        """Rows for records, inside a transaction that is yet to be committed."""
        found: list[Row] = []
        number = self.next_id
        for record in records:
            times, values = record.times, record.values
            group = groups.group(connection, record.group)
            found.append((number, group, times[0], times[-1], len(times), encode_row(times, values)))
            number += 1
        return found

    def committed(self, rows: Sequence[Row], since_ms: int) -> None:
        """The rows are in the file."""
        for number, group, _, _, n, _ in rows:
            self._add(number, group, n, since_ms)
            self.next_id = number + 1

    def oldest(self) -> int:
        """Rows before this one are all in chunks."""
        return min((pending.ids[0] for pending in self.pending.values()), default=self.next_id)

    def _add(self, number: int, group: int, n: int, since_ms: int) -> None:
        pending = self.pending.get(group)
        if pending is None:
            pending = self.pending[group] = Pending(since_ms)
        pending.ids.append(number)
        pending.samples += n


def put(connection: sqlite3.Connection, rows: Sequence[Row], outgoing: Sequence[Row]) -> None:
    """Write rows, inside a transaction."""
    connection.executemany("INSERT INTO journal VALUES (?, ?, ?, ?, ?, ?)", rows)
    if outgoing:
        due = [(group, t0, n, data) for _, group, t0, _, n, data in outgoing]
        connection.executemany("INSERT INTO outgoing (grp, t0, n, data) VALUES (?, ?, ?, ?)", due)
