"""The tables, and how an older file becomes a newer one."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence

APPLICATION_ID = 0x42506C73  # "BPls": tells our files from other SQLite databases

Step = Sequence[str] | Callable[[sqlite3.Connection], None]

# How a samples frame is kept: at first as a row of `journal`; later, together with others of its group (`grp`), as a
# `chunk`. A chunk's parts begin with number chunk << PART_BITS: the times, and then a part for each column. Rows of the
# journal up to grp.compacted are in chunks already. Ids of the journal are given by the store and never twice.
PART_BITS = 16

_FIRST = (
    "CREATE TABLE device (id INTEGER PRIMARY KEY, device_id TEXT NOT NULL UNIQUE, platform TEXT NOT NULL, state BLOB)",
    """CREATE TABLE boot (id INTEGER PRIMARY KEY, device INTEGER NOT NULL, boot INTEGER NOT NULL, state BLOB NOT NULL,
        UNIQUE (device, boot))""",
    """CREATE TABLE hello (id INTEGER PRIMARY KEY, device INTEGER NOT NULL, boot INTEGER NOT NULL,
        declaration INTEGER NOT NULL, frame BLOB NOT NULL, UNIQUE (device, boot, declaration))""",
    """CREATE TABLE series (id INTEGER PRIMARY KEY, device INTEGER NOT NULL, name TEXT NOT NULL, labels TEXT NOT NULL,
        type INTEGER NOT NULL, scale INTEGER NOT NULL, bounds TEXT NOT NULL,
        UNIQUE (device, name, labels, type, scale, bounds))""",
    """CREATE TABLE grp (id INTEGER PRIMARY KEY, device INTEGER NOT NULL, platform TEXT NOT NULL, series TEXT NOT NULL,
        columns INTEGER NOT NULL, compacted INTEGER NOT NULL DEFAULT 0, UNIQUE (device, platform, series))""",
    """CREATE TABLE grp_series (series INTEGER NOT NULL, grp INTEGER NOT NULL, first_column INTEGER NOT NULL,
        PRIMARY KEY (series, grp, first_column)) WITHOUT ROWID""",
    """CREATE TABLE journal (id INTEGER PRIMARY KEY, grp INTEGER NOT NULL, t0 INTEGER NOT NULL, t1 INTEGER NOT NULL,
        n INTEGER NOT NULL, data BLOB NOT NULL)""",
    """CREATE TABLE chunk (id INTEGER PRIMARY KEY, grp INTEGER NOT NULL, t0 INTEGER NOT NULL, t1 INTEGER NOT NULL,
        n INTEGER NOT NULL)""",
    "CREATE INDEX chunk_of_group ON chunk (grp, t1)",
    "CREATE INDEX chunk_by_age ON chunk (t1)",
    "CREATE TABLE part (id INTEGER PRIMARY KEY, data BLOB NOT NULL)",
    """CREATE TABLE event (id INTEGER PRIMARY KEY, device INTEGER NOT NULL, boot INTEGER NOT NULL, seq INTEGER NOT NULL,
        at INTEGER NOT NULL, type TEXT NOT NULL, severity TEXT NOT NULL, message TEXT NOT NULL, source TEXT NOT NULL,
        fields TEXT NOT NULL, traceback TEXT NOT NULL, repeats INTEGER NOT NULL)""",
    "CREATE INDEX event_of_device ON event (device, at)",
    "CREATE INDEX event_by_age ON event (at)",
    """CREATE TABLE outgoing (id INTEGER PRIMARY KEY AUTOINCREMENT, grp INTEGER NOT NULL, t0 INTEGER NOT NULL,
        n INTEGER NOT NULL, data BLOB NOT NULL)""",
)

# What retention believes the time to be (age.py); of an older file, the time of the newest that it has.
_AGE = (
    "CREATE TABLE age (id INTEGER PRIMARY KEY, at INTEGER NOT NULL, apart INTEGER NOT NULL)",
    """INSERT INTO age SELECT 1, max(at), 0 FROM (SELECT max(t1) AS at FROM chunk UNION ALL SELECT max(at) FROM event
        UNION ALL SELECT max(t1) FROM journal) HAVING max(at) IS NOT NULL""",
)

# What a row of `outgoing` takes of the file, in bytes: its share of a page; a longer one goes on in pages of its own.
# The sum is kept by triggers, as two connections write the table, and to add it up would take a look at every row.
SPOOLED = "CASE WHEN length({0}data) <= 4000 THEN 4096 / (4080 / (length({0}data) + 40)) ELSE length({0}data) + 640 END"
_SPOOL = (
    "CREATE TABLE outgoing_size (id INTEGER PRIMARY KEY, bytes INTEGER NOT NULL)",
    f"INSERT INTO outgoing_size SELECT 1, coalesce(sum({SPOOLED.format('')}), 0) FROM outgoing",  # noqa: S608  # constant
    f"""CREATE TRIGGER outgoing_comes AFTER INSERT ON outgoing BEGIN
        UPDATE outgoing_size SET bytes = bytes + {SPOOLED.format("new.")}; END""",  # noqa: S608
    f"""CREATE TRIGGER outgoing_goes AFTER DELETE ON outgoing BEGIN
        UPDATE outgoing_size SET bytes = bytes - {SPOOLED.format("old.")}; END""",  # noqa: S608
)
SPOOL_BYTES = "SELECT coalesce(max(bytes), 0) FROM outgoing_size"

# Step i takes a file of version i to version i + 1. Released steps are never changed: a change is one more step.
STEPS: tuple[Step, ...] = (_FIRST, _AGE, _SPOOL)


def migrate(connection: sqlite3.Connection, steps: Sequence[Step] = STEPS) -> None:
    """Bring the file to version len(steps). Each step is one transaction: a kill in between loses no finished step."""
    for version in range(version_of(connection), len(steps)):
        connection.execute("BEGIN IMMEDIATE")
        try:
            _apply(connection, steps[version])
            connection.execute(f"PRAGMA user_version = {version + 1:d}")
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise


def version_of(connection: sqlite3.Connection) -> int:
    """The file's version."""
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def _apply(connection: sqlite3.Connection, step: Step) -> None:
    if callable(step):
        step(connection)
        return
    for statement in step:
        connection.execute(statement)
