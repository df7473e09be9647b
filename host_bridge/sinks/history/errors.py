"""What can be wrong with a store, and what to do about it."""

from __future__ import annotations

import errno
import sqlite3
import zlib
from pathlib import Path

from shared_schema.errors import BoardpulseError

# Why a store cannot take anything now, and what its owner can do.
ADVICE = {
    "full": "free space on the disk, or lower [history] max_bytes; the bridge goes on by itself",
    "read_only": "make the file and its folder writable for the bridge; it goes on by itself",
    "path": "no file can be there: name another with [history] path",
    "io": "look into the system's log for errors of the disk; the bridge tries again by itself",
    "locked": "end the other program that holds the file; the bridge goes on by itself",
    "moved": "put the file back, or restart the bridge, which then begins a new one",
    "corrupt": "stop the bridge, move the file away and keep it; a new one is begun at the next start",
    "bug": "this is a fault of boardpulse: please report it with the line own_bug of the log",
}

_REASONS = {
    sqlite3.SQLITE_FULL: "full",
    sqlite3.SQLITE_READONLY: "read_only",
    sqlite3.SQLITE_PERM: "read_only",
    sqlite3.SQLITE_AUTH: "read_only",
    sqlite3.SQLITE_CANTOPEN: "io",
    sqlite3.SQLITE_IOERR: "io",
    sqlite3.SQLITE_PROTOCOL: "locked",
    sqlite3.SQLITE_BUSY: "locked",
    sqlite3.SQLITE_LOCKED: "locked",
    sqlite3.SQLITE_CORRUPT: "corrupt",
    sqlite3.SQLITE_NOTADB: "corrupt",
}
_SYSTEM = {
    errno.ENOSPC: "full",
    errno.EDQUOT: "full",
    errno.EROFS: "read_only",
    errno.EACCES: "read_only",
    errno.EPERM: "read_only",
    errno.EEXIST: "path",  # a file stands where its folder is to be
    errno.ENOENT: "path",
    errno.ENOTDIR: "path",
    errno.EISDIR: "path",
    errno.ENAMETOOLONG: "path",
    errno.ELOOP: "path",
}

# What reading rows raises whose content is not what was once written: JSON, bytes and numbers that make no sense.
UNREADABLE = (ValueError, TypeError, LookupError, ArithmeticError, zlib.error)


class StoreError(BoardpulseError):
    """A store cannot be used. The message says which file, what is wrong with it, and what to do."""


class StoreInUseError(StoreError):
    """Another process writes it."""


class StoreUnavailableError(StoreError):
    """The store cannot do it now; the same call may succeed later. `reason` is a key of ADVICE."""

    def __init__(self, reason: str, path: Path, detail: str) -> None:
        self.reason = reason
        self.detail = detail
        super().__init__(f"{path}: {detail} ({reason}). What to do: {ADVICE[reason]}")


def translated(error: sqlite3.Error, path: Path) -> Exception:
    """The error of ours that says the same; the error itself where it is our own bug."""
    code = getattr(error, "sqlite_errorcode", 0)
    if not code and isinstance(error, sqlite3.OperationalError):  # Python's own: a text that is no UTF-8
        return unreadable(error, path)
    reason = _REASONS.get(code & 0xFF)
    if reason is None:
        return error
    return StoreUnavailableError(reason, path, f"{error} [{error.sqlite_errorname}]")


def unreadable(error: Exception, path: Path) -> StoreUnavailableError:
    """The same for rows whose content makes no sense (UNREADABLE)."""
    return StoreUnavailableError("corrupt", path, f"its content makes no sense: {type(error).__name__}, {error}")


def of_system(error: OSError, path: Path) -> StoreUnavailableError:
    """The same for what the operating system refuses."""
    reason = _SYSTEM.get(error.errno or 0, "io")
    return StoreUnavailableError(reason, path, error.strerror or str(error))
