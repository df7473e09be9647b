"""The table `outgoing` of the history store, through a connection of the writer's own thread (decision 0008).

The store's thread fills the table, this one empties it. A row that was sent may be sent again after a power cut, which
does no harm: so deletions do not wait for the disk.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from pathlib import Path

from host_bridge.sinks.history.coding import decode_row, to_values
from host_bridge.sinks.history.groups import GroupRow, read_group
from host_bridge.sinks.history.schema import SPOOL_BYTES, SPOOLED
from host_bridge.sinks.remote_write.outgoing import Outgoing

BUSY_S = 5.0  # the store's own transactions are shorter
MAX_GROUPS = 10_000  # that are kept decoded
TRIM_ROWS = 1_000  # that are dropped at once: each is read before
_ROWS = "SELECT id, grp, t0, n, data FROM outgoing WHERE id > ? ORDER BY id LIMIT ?"
_SIZES = f"SELECT {SPOOLED.format('')} FROM outgoing WHERE id > ? ORDER BY id LIMIT ?"  # noqa: S608  # constant


class Spool:
    """An OutgoingSource. `max_rows`, `max_bytes`: how much may wait, in bytes of the file. What it raises, an
    sqlite3.Error, may be gone next time."""

    def __init__(self, path: Path, max_rows: int, max_bytes: int) -> None:
        """Opens nothing yet: the connection belongs to the thread that first asks."""
        self._path = path
        self._max_rows = max_rows
        self._max_bytes = max_bytes
        self._connection: sqlite3.Connection | None = None
        self._groups: dict[int, tuple[object, GroupRow]] = {}
        self._in_hand = 0  # the last id that was given out

    def outgoing_batch(self, max_rows: int) -> Sequence[Outgoing]:
        """The rows that have waited longest."""
        rows = self._read(0, max_rows)
        self._in_hand = rows[-1].id if rows else 0
        return rows

    def outgoing_done(self, up_to_id: int) -> None:
        """Forget the rows up to this one."""
        self._open().execute("DELETE FROM outgoing WHERE id <= ?", (up_to_id,))

    def outgoing_rows(self) -> int:
        """How many rows wait."""
        (held,) = self._open().execute("SELECT count(*) FROM outgoing WHERE id <= ?", (self._in_hand,)).fetchone()
        first, last = self._behind()
        return int(held) + last - first + 1

    def outgoing_bytes(self) -> int:
        """What waits takes so much of the file."""
        return int(self._open().execute(SPOOL_BYTES).fetchone()[0])

    def outgoing_trim(self) -> Sequence[Outgoing]:
        """Drop the oldest of what is beyond the bounds and not in hand; the rows that were dropped."""
        surplus = min(max(self.outgoing_rows() - self._max_rows, self._too_large()), TRIM_ROWS)
        rows = self._read(self._in_hand, surplus) if surplus > 0 else ()
        if not rows:
            return ()
        sql = "DELETE FROM outgoing WHERE id > ? AND id <= ?"
        self._open().execute(sql, (self._in_hand, rows[-1].id))
        return rows

    def close(self) -> None:
        """Close the connection, on the thread that opened it."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None
            self._groups.clear()

    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            uri = f"{self._path.absolute().as_uri()}?mode=rw"
            self._connection = sqlite3.connect(uri, uri=True, isolation_level=None, timeout=BUSY_S)
            self._connection.execute("PRAGMA synchronous = NORMAL")
        return self._connection

    def _too_large(self) -> int:
        """How many rows behind those in hand have to go for their bytes, as far as one call drops them."""
        surplus, rows = self.outgoing_bytes() - self._max_bytes, 0
        if surplus > 0:
            for (size,) in self._open().execute(_SIZES, (self._in_hand, TRIM_ROWS)).fetchall():
                if surplus <= 0:
                    break
                surplus -= size
                rows += 1
        return rows

    def _behind(self) -> tuple[int, int]:
        """First and last id of what is not in hand, between which no id is missing; (0, -1) where there is nothing."""
        sql = "SELECT min(id), max(id) FROM outgoing WHERE id > ?"
        first, last = self._open().execute(sql, (self._in_hand,)).fetchone()
        return (0, -1) if first is None else (first, last)

    def _read(self, after: int, limit: int) -> list[Outgoing]:
        connection = self._open()
        rows = connection.execute(_ROWS, (after, limit)).fetchall()
        groups = {group: self._group(connection, group) for group in {row[1] for row in rows}}
        return [_outgoing(groups[group], row_id, t0, n, data) for row_id, group, t0, n, data in rows]

    def _group(self, connection: sqlite3.Connection, number: int) -> GroupRow | None:
        """The group; read once, unless its row is another one by now."""
        key = connection.execute("SELECT device, platform, series FROM grp WHERE id = ?", (number,)).fetchone()
        if key is None:
            return None
        known = self._groups.get(number)
        if known is None or known[0] != key:
            if len(self._groups) >= MAX_GROUPS:
                self._groups.clear()
            known = self._groups[number] = key, read_group(connection, number)
        return known[1]


def _outgoing(group: GroupRow | None, row_id: int, t0: int, n: int, data: bytes) -> Outgoing:
    """The row. One that cannot be read has a value too many, so that it is counted (Outgoing.is_whole)."""
    try:
        times, numbers = decode_row(t0, n, data)
    except ValueError:  # not a whole number of integers
        group = None
    if group is None:
        return Outgoing(row_id, "", "", (), [t0] * n, [None])
    return Outgoing(row_id, group.device_id, group.platform, group.series, times, to_values(numbers))
