"""MicroPython's heap."""

import gc

from boardpulse.compat import const

_FREE = const(1)  # catalog: device_memory_free_bytes
_USED = const(2)  # catalog: device_memory_used_bytes


class Heap:
    """Free and used bytes of the garbage-collected heap. Counting walks the allocation table: a millisecond on a small board."""

    name = "heap"
    series = ((_FREE, "gc"), (_USED, "gc"))

    def __init__(self, reader=gc) -> None:  # type: ignore[no-untyped-def]
        self._gc = reader

    def read(self, into: list, at: int) -> None:  # type: ignore[type-arg]
        """free, used"""
        into[at] = self._gc.mem_free()
        into[at + 1] = self._gc.mem_alloc()
