"""Damage in a file that is in use: beyond CHECKED_BYTES not all pages are looked at before it is opened, and a disk
spoils them later, too. Commits may well go on beside it: so it is no unavailability, and has a signal of its own."""

from __future__ import annotations

import contextlib
import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path

from host_bridge.core.actions import LogLine
from host_bridge.sinks.history import opening
from host_bridge.sinks.history.errors import ADVICE

EXAMINE_EVERY_S = 86_400.0
CONSEQUENCE = "new frames are kept; what is damaged is not shown, not compacted and not deleted, and the file may grow"


class Damage:
    """Said once, and known until the end. Told and read by any thread."""

    def __init__(self, path: Path, log: Callable[[LogLine], None]) -> None:
        self._path = path
        self._log = log
        self._lock = threading.Lock()
        self.text = ""  # what is damaged, and what to do; empty: nothing is known to be

    def found(self, detail: str) -> None:
        """Something is damaged."""
        with self._lock:
            if self.text:
                return
            self.text = f"{self._path}: {detail}; {CONSEQUENCE}. What to do: {ADVICE['corrupt']}"
        fields = {"path": str(self._path), "problem": detail, "consequence": CONSEQUENCE, "advice": ADVICE["corrupt"]}
        self._log(LogLine("error", "history_damaged", fields))


class Examiner:
    """Looks at all pages once a day; of a file that was too large for that when it was opened, at the start as well. On
    a thread and a connection of its own, table by table, so that no look holds up commits, or the log for long."""

    def __init__(self, path: Path, found: Callable[[str], None], every_s: float = EXAMINE_EVERY_S) -> None:
        self._path = path
        self._found = found
        self._every_s = every_s
        self._stopping = threading.Event()

    def start(self) -> None:
        """Begin. The thread does not keep a process from ending."""
        threading.Thread(target=self._run, name="history examiner", daemon=True).start()

    def stop(self) -> None:
        """Look at no more tables."""
        self._stopping.set()

    def _run(self) -> None:
        with contextlib.suppress(OSError):
            if self._path.stat().st_size > opening.CHECKED_BYTES:
                self._examine()
        while not self._stopping.wait(self._every_s):
            self._examine()

    def _examine(self) -> None:
        try:
            with contextlib.closing(opening.reader(self._path)) as connection:
                tables = connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'").fetchall()
                for (table,) in tables:
                    if self._stopping.is_set():
                        return
                    (answer,) = connection.execute(f'PRAGMA quick_check("{table}")').fetchone()
                    if answer != "ok":
                        self._found(" ".join(answer.split()))
                        return
        except sqlite3.Error as error:
            # A file that was moved away, or is locked, is the store's to say.
            if getattr(error, "sqlite_errorcode", 0) & 0xFF in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
                self._found(str(error))
