"""How long a garbage collection stops everything."""

from boardpulse.compat import const

TYPE_CHECKING = const(0)
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from boardpulse.protocols import Row

_PAUSE = const(18)  # catalog: device_gc_pause_seconds


class GcPause:
    """Times a collection of its own at each sample: MicroPython tells nobody of those that it makes itself, and they
    take as long with the same heap. Read it seldom: each sample is a pause more.

    `collect` is gc.collect, `ticks_us` and `ticks_diff` are those of time.
    """

    name = "gc_pause"
    budget_ms = 60000  # the catalogue's greatest: a long pause is what this is to tell, no fault of it

    def __init__(
        self, collect: "Callable[[], Any]", ticks_us: "Callable[[], int]", ticks_diff: "Callable[[int, int], int]"
    ) -> None:
        self._collect = collect
        self._ticks_us = ticks_us
        self._ticks_diff = ticks_diff
        self.series = (_PAUSE,)

    def read(self, into: "Row", at: int) -> None:
        """microseconds"""
        start = self._ticks_us()
        self._collect()
        into[at] = self._ticks_diff(self._ticks_us(), start)
