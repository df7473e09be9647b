"""A connection and its transactions."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path

from host_bridge.sinks.history.errors import StoreUnavailableError, of_system, translated


class Database:
    """The one connection that writes. Reads are fetched whole, so that no open statement holds up a checkpoint."""

    def __init__(self, connection: sqlite3.Connection, path: Path, sync: str) -> None:
        self.connection = connection
        self.path = path
        self._sync = sync.upper()
        self._inode = path.stat().st_ino

    @contextlib.contextmanager
    def transaction(self, *, durable: bool = True) -> Iterator[sqlite3.Connection]:
        """All or nothing. `durable` False: what may be lost with the power, since it can be done again."""
        connection = self.connection
        self._still_there()
        try:
            if connection.in_transaction:  # the last one could not even be rolled back
                connection.execute("ROLLBACK")
            if not durable:
                connection.execute("PRAGMA synchronous = NORMAL")
            connection.execute("BEGIN IMMEDIATE")
            yield connection
            connection.execute("COMMIT")
        except sqlite3.Error as error:
            raise translated(error, self.path) from error
        finally:
            if connection.in_transaction:
                with contextlib.suppress(sqlite3.Error):
                    connection.execute("ROLLBACK")
            if not durable:
                connection.execute(f"PRAGMA synchronous = {self._sync}")

    def all(self, sql: str, parameters: Sequence[object] = ()) -> list[tuple[object, ...]]:
        """The rows of a query outside of transactions."""
        try:
            return self.connection.execute(sql, parameters).fetchall()
        except sqlite3.Error as error:
            raise translated(error, self.path) from error

    def pragma(self, name: str) -> int:
        """The number that a pragma gives."""
        return int(self.all(f"PRAGMA {name}")[0][0])  # type: ignore[call-overload,no-any-return]

    def _still_there(self) -> None:
        # A deleted file goes on to take what is written, and nobody ever sees it again.
        try:
            there = os.stat(self.path).st_ino == self._inode
        except FileNotFoundError:
            there = False
        except OSError as error:
            raise of_system(error, self.path) from error
        if not there:
            raise StoreUnavailableError("moved", self.path, "the file is gone, or another one stands in its place")
