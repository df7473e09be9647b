"""How late the event loop runs: what keeps it busy shows here first."""

from boardpulse.compat import const

TYPE_CHECKING = const(0)
if TYPE_CHECKING:
    from boardpulse.protocols import Row

_LAG = const(7)  # catalog: device_loop_lag_seconds


class LoopLag:
    """The worst lag since the sample before. The node tells it each lag by note()."""

    name = "loop_lag"
    series = (_LAG,)

    def __init__(self) -> None:
        self._worst_us = 0

    def note(self, lag_us: int) -> None:
        """The loop came back `lag_us` microseconds later than it had asked to."""
        if lag_us > self._worst_us:
            self._worst_us = lag_us

    def read(self, into: "Row", at: int) -> None:
        """microseconds"""
        into[at] = self._worst_us
        self._worst_us = 0
