"""Rows of the journal become chunks: columns over up to 1,024 samples, which take a tenth of the space."""

from __future__ import annotations

import sqlite3
import time
from array import array
from dataclasses import dataclass, field

from host_bridge.sinks.history.coding import decode_row
from host_bridge.sinks.history.columns import MAX_NUMBERS, is_sorted, pack
from host_bridge.sinks.history.database import Database
from host_bridge.sinks.history.journal import Journal, Pending, is_enough
from host_bridge.sinks.history.schema import PART_BITS

CHUNK_SAMPLES = MAX_NUMBERS
DELETED_AT_ONCE = 5_000  # rows of the journal: a few milliseconds

JournalRow = tuple[int, int, bytes]  # first time, number of times, data


@dataclass(slots=True)
class _Columns:
    """Times, and the columns beside them, of several rows."""

    times: list[int] = field(default_factory=list)
    columns: list[array[int]] = field(default_factory=list)


def compact(database: Database, journal: Journal, now_ms: int, budget_s: float) -> bool:
    """Rewrite groups that are due, for about `budget_s`. True: there is more to do."""
    deadline = time.monotonic() + budget_s
    journal.find_due(now_ms)
    first, end = journal.surplus(DELETED_AT_ONCE)
    if not journal.due and first == end:
        return False
    done: dict[int, tuple[int, int, bool]] = {}  # of a group: rows and times that are in chunks now, and its age
    with database.transaction(durable=False) as connection:
        connection.execute("DELETE FROM journal WHERE id < ?", (end,))
        while journal.due and (not done or time.monotonic() < deadline):
            group = next(iter(journal.due))
            old = journal.due.pop(group)  # should it fail, others go on; it is found again by its age
            rows, times = _compact_group(connection, group, journal.pending[group], old, deadline)
            done[group] = rows, times, old
    journal.deleted(end)
    for group, (rows, times, old) in done.items():
        journal.compacted(group, rows, times, old, now_ms)
    first, end = journal.surplus(1)
    return bool(journal.due) or first != end


def _compact_group(
    connection: sqlite3.Connection, group: int, pending: Pending, old: bool, deadline: float
) -> tuple[int, int]:
    """Rows and times that went into chunks: all of them if the group is old, else as long as there are enough."""
    (width,) = connection.execute("SELECT columns FROM grp WHERE id = ?", (group,)).fetchone()
    rows = times = 0
    while rows < len(pending.ids) and (old or is_enough(len(pending.ids) - rows, pending.samples - times)):
        found = _rows(connection, pending.ids, rows)
        rows += len(found)
        times += sum(n for _, n, _ in found)
        _write(connection, group, _columns(found, width))
        if time.monotonic() >= deadline:
            break
    connection.execute("UPDATE grp SET compacted = ? WHERE id = ?", (pending.ids[rows - 1], group))
    return rows, times


def _rows(connection: sqlite3.Connection, ids: list[int], first: int) -> list[JournalRow]:
    """Rows from ids[first] on that together make a chunk; one row at least."""
    found: list[JournalRow] = []
    n = 0
    for number in ids[first : first + CHUNK_SAMPLES]:
        row = connection.execute("SELECT t0, n, data FROM journal WHERE id = ?", (number,)).fetchone()
        n += row[1]
        if found and n > CHUNK_SAMPLES:
            break
        found.append(row)
    return found


def _columns(rows: list[JournalRow], width: int) -> _Columns:
    for _, n, data in rows:
        if n < 1 or width < 1 or len(data) != 8 * (n - 1 + n * width):
            raise ValueError(f"{len(data)} bytes for {n} samples of {width} columns")
    if all(n == 1 for _, n, _ in rows):
        whole: array[int] = decode_row(0, 1, b"".join(data for _, _, data in rows))[1]
        return _Columns([t0 for t0, _, _ in rows], [whole[column::width] for column in range(width)])
    found = _Columns([], [array("q") for _ in range(width)])
    for t0, n, data in rows:
        times, values = decode_row(t0, n, data)
        found.times += times
        for i, column in enumerate(found.columns):
            column.extend(values[i * n : (i + 1) * n])
    return found


def _write(connection: sqlite3.Connection, group: int, found: _Columns) -> None:
    """Rows that came late are put into the order of their times; at equal times all of them stay."""
    times, columns = found.times, found.columns
    if not is_sorted(times):
        order = sorted(range(len(times)), key=times.__getitem__)
        times = [times[i] for i in order]
        columns = [array("q", [column[i] for i in order]) for column in columns]
    for start in range(0, len(times), CHUNK_SAMPLES):
        stop = start + CHUNK_SAMPLES
        piece = array("q", times[start:stop])
        row = (group, piece[0], piece[-1], len(piece))
        chunk = connection.execute("INSERT INTO chunk (grp, t0, t1, n) VALUES (?, ?, ?, ?)", row).lastrowid
        assert chunk is not None  # noqa: S101  # of an INSERT it is a number
        parts = [piece, *(column[start:stop] for column in columns)]
        numbered = [((chunk << PART_BITS) + i, pack(part)) for i, part in enumerate(parts)]
        connection.executemany("INSERT INTO part VALUES (?, ?)", numbered)
