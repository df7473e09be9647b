"""The chip's watchdog, fed for as long as the node goes on stepping."""

from boardpulse.compat import const, ticks_diff, ticks_ms

TYPE_CHECKING = const(0)
if TYPE_CHECKING:
    from collections.abc import Callable


class Watchdog:
    """Resets the board when the node did not step for `deadline_ms`. `feed` is machine.WDT(timeout=hardware_ms).feed.

    Where the chip cannot wait for so long, hardware_ms is less, and a hard machine.Timer calls feed() meanwhile.
    """

    def __init__(
        self,
        feed: "Callable[[], object]",
        deadline_ms: int,
        hardware_ms: int,
        ticks_ms: "Callable[[], int]" = ticks_ms,
        ticks_diff: "Callable[[int, int], int]" = ticks_diff,
    ) -> None:
        self._feed = feed
        self.timer: object = None  # kept for whoever made it
        self._ticks_ms = ticks_ms
        self._ticks_diff = ticks_diff
        self._deadline_ms = deadline_ms
        self._stepped_at = ticks_ms()
        self.nap_ms = hardware_ms // 2  # the longest light sleep between two feedings
        feed()

    def step(self) -> None:
        """The node is at work: before it samples, and before it serves its link, whose TLS handshake takes a while."""
        self._stepped_at = self._ticks_ms()
        self._feed()

    def feed(self, _: object = None) -> None:
        """Feed if the node was at work within the deadline: from a timer, its interrupt too, or a driver that blocks.
        It cannot hide that the node hangs."""
        if self._ticks_diff(self._ticks_ms(), self._stepped_at) < self._deadline_ms:
            self._feed()
