"""MicroPython's heap."""

import gc

from boardpulse.compat import const

TYPE_CHECKING = const(0)
if TYPE_CHECKING:
    from typing import Any

    from boardpulse.protocols import Row

_FREE = const(1)  # catalog: device_memory_free_bytes
_USED = const(2)  # catalog: device_memory_used_bytes


class Heap:
    """Free and used bytes of the garbage-collected heap. Counting walks the allocation table: a millisecond on a
    small board. On an ESP32 the heap grows, and free counts what it could still grow by (MicroPython,
    ports/esp32): the sum changes."""

    name = "heap"
    series = ((_FREE, "gc"), (_USED, "gc"))

    def __init__(self, reader: "Any" = gc) -> None:
        self._gc = reader

    def read(self, into: "Row", at: int) -> None:
        """free, used"""
        into[at] = self._gc.mem_free()
        into[at + 1] = self._gc.mem_alloc()
