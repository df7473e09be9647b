"""Milliseconds since the boot that neither wrap nor take heap, and the wall clock when there is one."""

from boardpulse.compat import const

TYPE_CHECKING = const(0)
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

_WRAP = const(0x1FFFFFFF)  # `now` counts modulo 2**29, so that differences stay small integers on 32 bits
_HALF = const(0x10000000)
_STEP_MS = const(500)
_MIN_UNIX_S = const(1704067200)  # 2024-01-01: a clock that says less was never set (SPEC.md section 10)

RTC = 1
NTP = 2
HOST = 5
_BRIDGE = const(3)


def diff(later: int, earlier: int) -> int:
    """Milliseconds from one `Clock.now` to another that is less than three days away."""
    return ((later - earlier + _HALF) & _WRAP) - _HALF


def add(moment: int, ms: int) -> int:
    """The moment, as `Clock.now` counts, `ms` after another one."""
    return (moment + ms) & _WRAP


class Clock:
    """Counts uptime from ticks that wrap at ticks_mask + 1. update() is called at least once a period.

    The uptime is high * 2**24 + low milliseconds, as shared_schema.encode wants it; `now` is the same modulo 2**29,
    for diff().
    `wall` is asked for (unix seconds, milliseconds, uncertainty in ms); `source` says what it reads (RTC, NTP, HOST).
    """

    def __init__(
        self,
        ticks_ms: "Callable[[], int]",
        ticks_mask: int,
        wall: "Callable[[], tuple[int, int, int]] | None" = None,
        source: int = HOST,
    ) -> None:
        self._ticks_ms = ticks_ms
        self._mask = ticks_mask
        self._last = ticks_ms()
        self.high = 0
        self.low = 0
        self.now = 0
        self.wall = wall
        self._source = source
        self._offset_ms = self._uncertainty_ms = 0
        self._told: tuple[int, int, int] | None = None

    def update(self) -> None:
        """Read the ticks."""
        ticks = self._ticks_ms()
        passed = (ticks - self._last) & self._mask
        self._last = ticks
        self.now = (self.now + passed) & _WRAP
        passed += self.low
        self.high += passed >> 24
        self.low = passed & 0xFFFFFF

    def skip(self, ms: int) -> None:
        """Count milliseconds that passed and that the ticks did not see, as in STM32's stop mode."""
        self._last = (self._last - ms) & self._mask

    def uptime_ms(self) -> int:
        """The uptime in one number, which takes heap on 32 bits after twelve days."""
        return self.high << 24 | self.low

    def uptime_s(self) -> int:
        """The uptime in whole seconds, without heap for the next thirty years."""
        return self.high * 16777 + (self.high * 216 + self.low) // 1000  # 2**24 ms are 16777 s and 216 ms

    def tell(self, unix_s: int, ms: int, uncertainty_ms: int) -> None:
        """Take the time from the bridge: it is `unix_s` seconds and `ms` now."""
        self._told = (unix_s * 1000 + ms - self.uptime_ms(), uncertainty_ms, _BRIDGE)

    def anchor(self) -> "list[int] | None":
        """[unix seconds, milliseconds, source, uncertainty in ms] at this uptime by the better clock; None if none
        was ever set."""
        best = self._told
        self._offset_ms = self._wall_offset_ms()
        if self._offset_ms and (best is None or self._uncertainty_ms < best[1]):
            best = (self._offset_ms, self._uncertainty_ms, self._source)
        if best is None:
            return None
        unix_ms = best[0] + self.uptime_ms()
        return [unix_ms // 1000, unix_ms % 1000, best[2], best[1]]

    def stepped(self) -> bool:
        """Whether the wall clock was set since anchor() was asked."""
        return abs(self._wall_offset_ms() - self._offset_ms) > _STEP_MS

    def _wall_offset_ms(self) -> int:
        """Unix time minus uptime; 0 while there is no wall clock, or one that was never set."""
        if self.wall is None:
            return 0
        unix_s, ms, self._uncertainty_ms = self.wall()
        return 0 if unix_s < _MIN_UNIX_S else unix_s * 1000 + ms - self.uptime_ms()


def unix_offset_s(gmtime: "Callable[[int], Any]") -> int:
    """Seconds to add to this port's time.time(): some MicroPython ports count from 2000, others from 1970."""
    return 946684800 if gmtime(0)[0] == 2000 else 0
