"""Wakes a thread that waits in select()."""

from __future__ import annotations

import contextlib
import os
import threading


class Waker:
    """A pipe whose reading end stands in the thread's select(). Calls from any thread; closing is the owner's."""

    def __init__(self) -> None:
        self._read, self._write = os.pipe()
        os.set_blocking(self._read, False)
        os.set_blocking(self._write, False)
        self._lock = threading.Lock()  # a closed descriptor's number may be another file's by the time of a late wake()
        self._closed = False

    def fileno(self) -> int:
        """For select()."""
        return self._read

    def wake(self) -> None:
        """Make the reading end readable. A full pipe is awake already; a closed one has nobody to wake."""
        with self._lock, contextlib.suppress(BlockingIOError):
            if not self._closed:
                os.write(self._write, b"\0")

    def clear(self) -> None:
        """Take the calls so far as heard."""
        with contextlib.suppress(BlockingIOError):
            os.read(self._read, 4096)

    def close(self) -> None:
        """Give both ends back."""
        with self._lock:
            self._closed = True
            os.close(self._read)
            os.close(self._write)
