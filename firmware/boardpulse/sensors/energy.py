"""Energy, counted on the board from readings of power."""

from boardpulse.compat import const, ticks_diff, ticks_ms

TYPE_CHECKING = const(0)
if TYPE_CHECKING:
    from collections.abc import Callable


class Energy:
    """Millijoules by the trapezoid rule, what rounding leaves carried on. Nothing is guessed over a gap, and power that
    flows back counts as none: a counter never goes down.

    Up to 537 W, and up to 2**29 mW times seconds between two readings, no integer leaves 31 bits but the sum itself.
    """

    def __init__(
        self,
        ticks_ms: "Callable[[], int]" = ticks_ms,
        ticks_diff: "Callable[[int, int], int]" = ticks_diff,
    ) -> None:
        self._ticks = ticks_ms
        self._diff = ticks_diff
        self._before: int | None = None
        self._at = 0
        self._rest = 0  # half microjoules, up to a millijoule
        self.millijoules = 0

    def add(self, milliwatts: "int | None") -> int:
        """Millijoules so far, with a reading of now; None is a gap."""
        now = self._ticks()
        if milliwatts is not None and milliwatts < 0:
            milliwatts = 0
        if milliwatts is not None and self._before is not None:
            ms = self._diff(now, self._at)
            power = self._before + milliwatts  # twice the mean
            whole = power * (ms // 1000)  # half millijoules
            self._rest += power * (ms % 1000) + (whole & 1) * 1000
            self.millijoules += (whole >> 1) + self._rest // 2000
            self._rest %= 2000
        self._before = milliwatts
        self._at = now
        return self.millijoules
