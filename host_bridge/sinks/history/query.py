"""History for whoever wants to read it: in any process, also while a bridge writes."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from host_bridge.core.records import EventRecord, KeptDevice, KeptSeries
from host_bridge.sinks.history import events, opening, state, wal
from host_bridge.sinks.history.errors import UNREADABLE, StoreError, of_system, translated, unreadable
from host_bridge.sinks.history.extents import Extent, read_extents
from host_bridge.sinks.history.groups import series_of
from host_bridge.sinks.history.pieces import Piece, read_pieces
from host_bridge.sinks.history.series_data import SeriesData, joined

_PREFIX = "device_"
_ENDLESS = 1 << 62


@dataclass(frozen=True, slots=True)
class DeviceRow:
    """A device of which something was kept."""

    device_id: str
    platform: str


class History:
    """A connection that only reads. Each call sees one moment of the file. For one thread."""

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        self._connection = connection
        self.path = path

    @classmethod
    def open(cls, path: Path) -> History:
        """The history in the file. StoreError when there is none, or it cannot be read, with what to do."""
        path = path.expanduser().resolve()
        try:
            opening.check(path, pages=False)
            return cls(opening.reader(path), path)
        except FileNotFoundError:
            raise StoreError(f"{path} does not exist: no bridge has kept anything there yet") from None
        except PermissionError:
            raise StoreError(f"{path} may not be read by this user. What to do: read it as the bridge's user") from None
        except OSError as error:
            raise of_system(error, path) from error
        except sqlite3.Error as error:
            raise _unreadable(error, path) from error

    def close(self) -> None:
        """Give the file back."""
        self._connection.close()

    def damage(self) -> str:
        """What a look at all pages finds, in a file that is not large; empty: nothing. What is read may not be all."""
        try:
            with self._moment() as connection:
                return opening.damage(connection, self.path)
        except StoreError as error:
            return str(error)

    def commits_lost(self) -> int:
        """How many commits in the log beside the file cannot be read: SQLite passes over them in silence. 0 while a
        bridge writes, which has looked itself when it began."""
        with self._moment() as connection:
            connection.execute("SELECT count(*) FROM sqlite_schema").fetchall()
        try:
            found = wal.commits_passed_over(self.path)
        except OSError:
            return 0
        # The lock is tried only where there is something: a bridge that starts in this moment would be refused.
        return 0 if found and opening.is_in_use(self.path) else found

    def devices(self) -> list[DeviceRow]:
        """All devices, in the order of their names."""
        with self._moment() as connection:
            rows = connection.execute("SELECT device_id, platform FROM device ORDER BY device_id")
            return [DeviceRow(str(device_id), str(platform)) for device_id, platform in rows]

    def boots(self) -> list[KeptDevice]:
        """Devices and their boots with the states that the core gave."""
        with self._moment() as connection:
            return state.load(connection)

    def series(self, device_id: str) -> list[KeptSeries]:
        """What was ever kept of a device, in the order of names; once more for each scale or type that it had."""
        with self._moment() as connection:
            return [series for _, series in _series(connection, device_id, "")]

    def extents(self, device_id: str = "") -> list[Extent]:
        """First and last sample of each series of a device, or of all devices; series without samples are left out."""
        with self._moment() as connection:
            return read_extents(connection, device_id)

    def samples(
        self,
        device_id: str,
        metric: str,
        since_ms: int,
        until_ms: int,
        labels: Mapping[str, str] | None = None,
    ) -> list[SeriesData]:
        """The metric's series with these labels, each with its samples from `since_ms` to `until_ms`, both included.

        `metric` with or without device_. Series without a sample in that time are left out.
        """
        wanted = set((labels or {}).items())
        with self._moment() as connection:
            found: list[tuple[KeptSeries, list[Piece]]] = []
            for number, series in _series(connection, device_id, metric):
                if wanted <= set(series.labels):
                    found.append((series, read_pieces(connection, number, series.width, since_ms, until_ms)))
            return joined(found, since_ms, until_ms)

    def events(self, device_id: str, since_ms: int = 0, until_ms: int = _ENDLESS) -> list[EventRecord]:
        """The device's events from `since_ms` to `until_ms`, both included, in the order in which they happened."""
        sql = f"""SELECT {events.COLUMNS} FROM event JOIN device ON device.id = device
            WHERE device_id = ? AND at BETWEEN ? AND ? ORDER BY at, event.id"""  # noqa: S608  # constants
        with self._moment() as connection:
            return [events.event_of(device_id, row) for row in connection.execute(sql, (device_id, since_ms, until_ms))]

    @contextlib.contextmanager
    def _moment(self) -> Iterator[sqlite3.Connection]:
        """One read transaction: what compaction moves meanwhile is seen once."""
        try:
            self._connection.execute("BEGIN")
            yield self._connection
        except sqlite3.Error as error:
            raise _unreadable(error, self.path) from error
        except UNREADABLE as error:
            raise unreadable(error, self.path) from error
        finally:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")


def _series(connection: sqlite3.Connection, device_id: str, metric: str) -> list[tuple[int, KeptSeries]]:
    sql = """SELECT series.id, name, labels, type, scale, bounds FROM series JOIN device ON device.id = device
        WHERE device_id = ?1 AND (?2 = '' OR name IN (?2, ?3)) ORDER BY name, labels, series.id"""
    rows = connection.execute(sql, (device_id, metric, _PREFIX + metric))
    return [(row[0], series_of(row[1:])) for row in rows]


def _unreadable(error: sqlite3.Error, path: Path) -> Exception:
    if getattr(error, "sqlite_errorcode", 0) & 0xFF in (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY):
        return StoreError(
            f"{path} cannot be read: SQLite has to make {path.name}-wal and {path.name}-shm beside it, and may not "
            f"({error}). What to do: read it as the bridge's user, or copy the file and {path.name}-wal to a folder of "
            "your own"
        )
    return translated(error, path)
