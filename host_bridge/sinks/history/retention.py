"""What is too old goes, then the oldest until the rest fits; in slices, since commits wait for each."""

from __future__ import annotations

import sqlite3
import time
from dataclasses import dataclass

from host_bridge.sinks.history.database import Database
from host_bridge.sinks.history.schema import PART_BITS, SPOOL_BYTES

CHUNKS_AT_ONCE = 64
EVENTS_AT_ONCE = 500
PAGES_AT_ONCE = 256  # given back to the file system
SPARE_PAGES = 256  # and a tenth of the file may be free: what is written next takes them


@dataclass(slots=True)
class Retained:
    """What a call deleted. samples: values. more: there is more to do. full: too large, and nothing left to delete."""

    samples: int = 0
    events: int = 0
    more: bool = False
    full: bool = False


def retain(database: Database, now_ms: int, max_age_s: float, max_bytes: int, budget_s: float) -> Retained:
    """Delete for about `budget_s`: first by age, then by size, not counting the log beside the file, and not what waits
    for remote write, which has its own bound: a server that is away must not cost the history anything."""
    deadline = time.monotonic() + budget_s
    gone = Retained()
    limit = now_ms - int(max_age_s * 1000)
    while _slice(database, gone, limit):
        if time.monotonic() >= deadline:
            gone.more = True
            return gone
    while live_bytes(database) > max_bytes:
        if not _slice(database, gone, None):
            gone.full = True
            break
        if time.monotonic() >= deadline:
            gone.more = True
            return gone
    gone.more = _shrink(database)
    return gone


def live_bytes(database: Database) -> int:
    """Of the file's pages that are in use, without what waits for remote write."""
    used = (database.pragma("page_count") - database.pragma("freelist_count")) * database.pragma("page_size")
    return used - int(database.all(SPOOL_BYTES)[0][0])  # type: ignore[call-overload,no-any-return]


def _slice(database: Database, gone: Retained, before: int | None) -> bool:
    """Delete the oldest chunks and events, those before a time only, if it is given. False: there are none."""
    with database.transaction(durable=False) as connection:
        chunks = _oldest_chunks(connection, before)
        if before is None and chunks:
            before = chunks[-1][3]  # events of the same age go too
        events = _delete_events(connection, before)
        for chunk, _, _, _ in chunks:
            connection.execute("DELETE FROM chunk WHERE id = ?", (chunk,))
            parts = (chunk << PART_BITS, (chunk + 1) << PART_BITS)
            connection.execute("DELETE FROM part WHERE id >= ? AND id < ?", parts)
    gone.samples += sum(n * columns for _, n, columns, _ in chunks)
    gone.events += events
    return bool(chunks or events)


def _oldest_chunks(connection: sqlite3.Connection, before: int | None) -> list[tuple[int, int, int, int]]:
    """Number, times, columns and last time of each."""
    sql = """SELECT chunk.id, n, columns, t1 FROM chunk JOIN grp ON grp.id = grp
        WHERE t1 < ? ORDER BY t1 LIMIT ?"""
    return connection.execute(sql, (1 << 62 if before is None else before, CHUNKS_AT_ONCE)).fetchall()


def _delete_events(connection: sqlite3.Connection, before: int | None) -> int:
    sql = "DELETE FROM event WHERE id IN (SELECT id FROM event WHERE at < ? ORDER BY at LIMIT ?)"
    return connection.execute(sql, (1 << 62 if before is None else before, EVENTS_AT_ONCE)).rowcount


def _shrink(database: Database) -> bool:
    """Give pages back when too many are free. True: there are still too many, and they can be given back."""
    surplus = _surplus(database)
    if surplus <= 0:
        return False
    with database.transaction(durable=False) as connection:
        for _ in range(PAGES_AT_ONCE):  # sqlite3 takes but the first step of this pragma, which is one page
            connection.execute("PRAGMA incremental_vacuum(1)")
    return 0 < _surplus(database) < surplus


def _surplus(database: Database) -> int:
    """How many pages are free beyond those that may be."""
    return database.pragma("freelist_count") - SPARE_PAGES - database.pragma("page_count") // 10
