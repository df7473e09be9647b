"""The samples of a series, as they are found: pieces from chunks and from the journal."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass

from host_bridge.sinks.history.coding import from_bytes
from host_bridge.sinks.history.columns import unpack
from host_bridge.sinks.history.schema import PART_BITS

_CHUNKS = """SELECT id, n FROM chunk WHERE grp = ? AND t1 >= ? AND t0 <= ? ORDER BY t1, id"""
_PARTS = "SELECT data FROM part WHERE id = ? OR id BETWEEN ? AND ? ORDER BY id"
_JOURNAL = "SELECT t0, n, data FROM journal WHERE id > ? AND grp = ? AND t1 >= ? AND t0 <= ? ORDER BY id"


@dataclass(frozen=True, slots=True)
class Piece:
    """Times, and as many numbers in each of the series' columns, specials as coding has them."""

    times: list[int]
    columns: list[list[int]]


def read_pieces(connection: sqlite3.Connection, series: int, width: int, since_ms: int, until_ms: int) -> list[Piece]:
    """All pieces that have samples in that time, perhaps others around it too."""
    found: list[Piece] = []
    sql = "SELECT grp, first_column, compacted FROM grp_series JOIN grp ON grp.id = grp WHERE grp_series.series = ?"
    for group, first, compacted in connection.execute(sql, (series,)).fetchall():
        found += _from_chunks(connection, group, first, width, (since_ms, until_ms))
        found += _from_journal(connection, (compacted, group, since_ms, until_ms), first, width)
    return found


def _from_chunks(
    connection: sqlite3.Connection, group: int, first: int, width: int, span: tuple[int, int]
) -> Iterator[Piece]:
    for chunk, n in connection.execute(_CHUNKS, (group, *span)).fetchall():
        base = chunk << PART_BITS
        parts = connection.execute(_PARTS, (base, base + 1 + first, base + first + width))
        times, *columns = [unpack(data, n) for (data,) in parts]
        yield Piece(times, columns)


def _from_journal(
    connection: sqlite3.Connection, key: tuple[int, int, int, int], first: int, width: int
) -> Iterator[Piece]:
    times: list[int] = []
    columns: list[list[int]] = [[] for _ in range(width)]
    for t0, n, data in connection.execute(_JOURNAL, key):
        times.append(t0)
        times += from_bytes("q", data[: 8 * (n - 1)])
        for i, column in enumerate(columns, first):
            start = 8 * (n - 1 + i * n)
            column += from_bytes("q", data[start : start + 8 * n])
    if any(len(column) != len(times) for column in columns):
        raise ValueError("a frame that is not whole")
    if times:
        yield Piece(times, columns)
