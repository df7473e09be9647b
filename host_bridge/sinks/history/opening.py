"""A file becomes a connection: it is locked, looked at, made where it is missing, and migrated where it is old.

What is not ours, damaged or newer is refused before anything could write to it.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import sqlite3
from collections.abc import Sequence
from pathlib import Path

from host_bridge.sinks.history import wal
from host_bridge.sinks.history.errors import StoreError, StoreInUseError, StoreUnavailableError, of_system, translated
from host_bridge.sinks.history.schema import APPLICATION_ID, STEPS, Step, migrate, version_of

MAGIC = b"SQLite format 3\x00"
BUSY_S = 1.0  # another program that looks into the file holds it no longer
CACHE_KIB = 16_384  # pages of a compaction's rows, and the ends of all tables
WAL_LIMIT_BYTES = 64 << 20  # to which the log is cut once a reader that held it up is gone
CHECKED_BYTES = 64 << 20  # up to this size all pages are checked, which takes 0.1 s; beyond, only what is read

_MOVE_AWAY = "move it away and keep it (a new one is begun then), or name another with [history] path"


def lock(path: Path) -> int:
    """Take the lock beside `path` that says which process may write; closing the descriptor gives it back."""
    descriptor = -1
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(f"{path}.lock", os.O_RDWR | os.O_CREAT, 0o600)
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        raise StoreInUseError(
            f"{path} is used by another bridge: stop it, or give this one another file with [history] path"
        ) from None
    except OSError as error:
        if descriptor >= 0:
            os.close(descriptor)
        raise of_system(error, path) from error
    return descriptor


def is_in_use(path: Path) -> bool:
    """Whether a bridge writes the file now, or this user may not know."""
    try:
        descriptor = os.open(f"{path}.lock", os.O_RDONLY)
    except FileNotFoundError:
        return False
    except OSError:
        return True
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(descriptor)
    return False


def connect(path: Path, sync: str, steps: Sequence[Step] = STEPS) -> tuple[sqlite3.Connection, str]:
    """A connection that may write, and what is missing although it can be used; mostly nothing. The caller holds the
    lock. StoreError when the file is not one of ours."""
    missing = ""
    try:
        if not path.exists() or path.stat().st_size == 0:
            _create(path, steps)
        elif lost := check(path, len(steps)):
            missing = (
                f"{path.name}-wal is damaged: {lost} commits in it cannot be read. A copy is in {wal.keep_copy(path)}"
            )
        connection = _connection(path)
        try:
            if not os.access(path, os.W_OK):
                raise StoreUnavailableError("read_only", path, "the file may not be written")
            _configure(connection, sync)
            migrate(connection, steps)
            if missing:  # else what is passed over stands behind the next commits, and is found again
                connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        except BaseException:
            connection.close()
            raise
    except OSError as error:
        raise of_system(error, path) from error
    except sqlite3.Error as error:
        raise translated(error, path) from error
    return connection, missing


def reader(path: Path) -> sqlite3.Connection:
    """A connection that only reads."""
    return sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, isolation_level=None, timeout=BUSY_S)


def check(path: Path, newest: int = len(STEPS), *, pages: bool = True) -> int:
    """StoreError unless the file is ours, whole (`pages`), and not newer than version `newest`. Only reads. How many
    commits in its log cannot be read (`pages`; nobody may write then)."""
    with path.open("rb") as file:
        header = file.read(100)
    if header[:16] != MAGIC or len(header) < 100:
        raise StoreError(f"{path} is no history: it is not an SQLite database. What to do: {_MOVE_AWAY}")
    if int.from_bytes(header[68:72], "big") != APPLICATION_ID:
        raise StoreError(f"{path} is a database of another program. What to do: {_MOVE_AWAY}")
    with contextlib.closing(reader(path)) as connection:
        try:
            version = version_of(connection)
            if version > newest:
                raise StoreError(
                    f"{path} was written by a newer boardpulse (version {version} of its tables; this one knows "
                    f"{newest}). What to do: update boardpulse, or {_MOVE_AWAY}"
                )
            if not pages:
                return 0
            _check_pages(connection, path)
            return wal.commits_passed_over(path)
        except sqlite3.DatabaseError as error:
            if isinstance(error, sqlite3.OperationalError):
                raise
            raise _damaged(path, str(error)) from error


def damage(connection: sqlite3.Connection, path: Path) -> str:
    """What a look at all pages finds, in a file that is not large; empty: nothing."""
    sql = "PRAGMA quick_check(1)" if path.stat().st_size <= CHECKED_BYTES else "SELECT count(*) FROM sqlite_schema"
    found = connection.execute(sql).fetchone()[0]
    return " ".join(found.split()) if isinstance(found, str) and found != "ok" else ""


def _check_pages(connection: sqlite3.Connection, path: Path) -> None:
    found = damage(connection, path)
    if found:
        raise _damaged(path, found)


def _damaged(path: Path, detail: str) -> StoreError:
    return StoreError(f"{path} is damaged: {detail}. Nothing was changed. What to do: {_MOVE_AWAY}")


def _create(path: Path, steps: Sequence[Step]) -> None:
    """Make the file under another name first: under its own name it is either missing or complete, after any kill."""
    new = path.with_name(path.name + ".new")
    for rest in (new, *(Path(f"{new}{ending}") for ending in ("-wal", "-shm", "-journal"))):
        rest.unlink(missing_ok=True)
    os.close(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    with contextlib.closing(_connection(new)) as connection:
        connection.execute("PRAGMA auto_vacuum = INCREMENTAL")  # only an empty file can be given it: before all else
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID:d}")
        connection.execute("PRAGMA journal_mode = WAL")
        migrate(connection, steps)
    new.rename(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _connection(path: Path) -> sqlite3.Connection:
    # Transactions are begun and ended by us alone. The thread that opens the store is not the one that writes.
    uri = f"{path.absolute().as_uri()}?mode=rw"
    return sqlite3.connect(uri, uri=True, isolation_level=None, timeout=BUSY_S, check_same_thread=False)


def _configure(connection: sqlite3.Connection, sync: str) -> None:
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute(f"PRAGMA synchronous = {sync.upper()}")
    connection.execute(f"PRAGMA journal_size_limit = {WAL_LIMIT_BYTES:d}")
    connection.execute(f"PRAGMA cache_size = -{CACHE_KIB:d}")
