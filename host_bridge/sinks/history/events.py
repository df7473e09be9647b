"""Events as rows."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable

from host_bridge.core.records import EventRecord
from host_bridge.sinks.history.groups import Groups

COLUMNS = "boot, seq, at, type, severity, message, source, fields, traceback, repeats"


def put(connection: sqlite3.Connection, groups: Groups, records: Iterable[EventRecord]) -> None:
    """Write events, inside a transaction."""
    rows = [
        (
            groups.device(connection, record.device_id),
            record.boot,
            record.seq,
            record.at,
            record.type,
            record.severity,
            _text(record.message),
            _text(record.source),
            _text(json.dumps(record.fields, default=repr, separators=(",", ":"))),
            _text(record.traceback),
            record.repeats,
        )
        for record in records
    ]
    connection.executemany(f"INSERT INTO event (device, {COLUMNS}) VALUES ({'?, ' * 10}?)", rows)  # noqa: S608  # constants


def event_of(device_id: str, row: tuple[int, int, int, str, str, str, str, str, str, int]) -> EventRecord:
    """The event of a row of COLUMNS."""
    boot, seq, at, kind, severity, message, source, fields, traceback, repeats = row
    return EventRecord(
        device_id, boot, seq, at, kind, severity, message, source, json.loads(fields), traceback, repeats
    )


def _text(text: str) -> str:
    """Text that SQLite takes: a board's half surrogate must not keep everything else from being committed."""
    return text.encode("utf-8", "replace").decode()
