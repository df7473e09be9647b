"""How long the board has been running."""

from boardpulse.compat import const

TYPE_CHECKING = const(0)
if TYPE_CHECKING:
    from boardpulse.clock import Clock
    from boardpulse.protocols import Row

_UPTIME = const(11)  # catalog: device_uptime_seconds


class Uptime:
    """Seconds since the start, from the node's clock."""

    name = "uptime"
    series = (_UPTIME,)

    def __init__(self, clock: "Clock") -> None:
        self._clock = clock

    def read(self, into: "Row", at: int) -> None:
        """seconds"""
        into[at] = self._clock.uptime_s()
