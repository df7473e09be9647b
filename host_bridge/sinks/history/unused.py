"""Groups and series of which nothing is left go, else boards that invent label values would make them grow for ever.

Their newest stay: SQLite gives the id after the greatest that is there, so that no id is ever given twice, and nobody
who has one in memory can mistake it for another.
"""

from __future__ import annotations

import json
import sqlite3
import time
from typing import cast

from host_bridge.sinks.history.database import Database
from host_bridge.sinks.history.groups import Groups
from host_bridge.sinks.history.journal import Journal

GROUPS_AT_ONCE = 200  # that are looked at in one transaction: some milliseconds
MOST_OUTGOING = 5_000  # rows for remote write; of more it is not looked up whose they are

_IDLE = """SELECT id, series, compacted FROM grp WHERE id > ? AND id <= ?
    AND NOT EXISTS (SELECT 1 FROM chunk WHERE chunk.grp = grp.id)"""


class Unused:
    """Looks at some groups in each run, and goes on with the next ones in the next."""

    def __init__(self) -> None:
        self._at = 0  # the last group that was looked at

    def delete(self, database: Database, groups: Groups, journal: Journal, budget_s: float) -> None:
        """Delete what is unused, for about `budget_s`, and at most to the end of the table."""
        deadline = time.monotonic() + budget_s
        while self._slice(database, groups, journal) and time.monotonic() < deadline:
            pass

    def _slice(self, database: Database, groups: Groups, journal: Journal) -> bool:
        """False: that was the end, or nothing can be said now."""
        outgoing = database.all("SELECT grp FROM outgoing LIMIT ?", (MOST_OUTGOING + 1,))
        if len(outgoing) > MOST_OUTGOING:
            return False
        ahead = database.all("SELECT id FROM grp WHERE id > ? ORDER BY id LIMIT ?", (self._at, GROUPS_AT_ONCE))
        if not ahead:
            self._at = 0
            return False
        end = cast("int", ahead[-1][0])
        sent = {group for (group,) in outgoing}
        idle = cast("list[tuple[int, str, int]]", database.all(_IDLE, (self._at, end)))
        free = (row for row in idle if row[0] not in sent and journal.is_free(row[0], row[2]))
        gone = {group: json.loads(series) for group, series, _ in free}
        if gone:
            _delete(database, groups, gone)
        self._at = end
        return True


def _delete(database: Database, groups: Groups, gone: dict[int, list[int]]) -> None:
    groups.forget(gone)  # first: should the transaction fail, they are only looked up again
    with database.transaction(durable=False) as connection:
        newest_group, newest_series = connection.execute(
            "SELECT (SELECT max(id) FROM grp), (SELECT max(id) FROM series)"
        ).fetchone()
        for group, series in gone.items():
            if group != newest_group and newest_series not in series:
                _delete_group(connection, group, series)


def _delete_group(connection: sqlite3.Connection, group: int, series: list[int]) -> None:
    connection.execute("DELETE FROM grp WHERE id = ?", (group,))
    for one in series:
        connection.execute("DELETE FROM grp_series WHERE series = ? AND grp = ?", (one, group))
        used = "SELECT 1 FROM grp_series WHERE series = ?1"
        connection.execute(f"DELETE FROM series WHERE id = ?1 AND NOT EXISTS ({used})", (one,))  # noqa: S608  # constant
