"""How late the event loop runs, and how busy it is: what keeps it busy shows here first."""

from boardpulse.compat import const, ticks_diff, ticks_ms

TYPE_CHECKING = const(0)
if TYPE_CHECKING:
    from collections.abc import Callable

    from boardpulse.protocols import Row, Series

_LAG = const(7)  # catalog: device_loop_lag_seconds
_UTILIZATION = const(9)  # catalog: device_cpu_utilization_ratio


class LoopLag:
    """The worst lag since the sample before. The node tells it each lag by note().

    With a `core` also that core's utilization: the share of the time between two samples for which the loop was late
    or the node itself ran. What other tasks did while the node slept as long as it had asked to is not seen, so that
    it is a lower bound. Not for machines whose own sensor tells the utilization.
    """

    name = "loop_lag"

    def __init__(self, core: "str | None" = None, ticks: "Callable[[], int]" = ticks_ms) -> None:
        self.series: tuple[Series, ...] = (_LAG,) if core is None else (_LAG, (_UTILIZATION, core))
        self._ticks = ticks
        self._worst_us = self._busy_us = 0
        self._since = -1

    def note(self, lag_us: int, step_us: int = 0) -> None:
        """The loop came back `lag_us` microseconds later than it had asked to, after a step of `step_us`."""
        if lag_us > 0:
            self._busy_us += lag_us
            if lag_us > self._worst_us:
                self._worst_us = lag_us
        self._busy_us += step_us

    def read(self, into: "Row", at: int) -> None:
        """microseconds; per mille, which is missing in the first sample"""
        into[at] = self._worst_us
        if len(self.series) > 1:
            now = self._ticks()
            passed_ms = ticks_diff(now, self._since) if self._since >= 0 else 0
            into[at + 1] = min(1000, self._busy_us // passed_ms) if passed_ms > 0 else None
            self._since = now
        self._worst_us = self._busy_us = 0
