"""The Wi-Fi connection: how strong the signal is, and how often the connection was lost."""

from boardpulse.compat import const

TYPE_CHECKING = const(0)
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from boardpulse.protocols import Row

_SIGNAL = const(8)  # catalog: device_wifi_signal_dbm
_RECONNECTS = const(40)  # catalog: device_wifi_reconnects
_WEAKEST = const(-120)  # a channel's thermal noise alone is -101 dBm


class WifiSignal:
    """Signal of a network.WLAN, and what `reconnects()` has counted. The signal is missing while there is no
    connection, where a CYW43 returns any number and an ESP32 raises."""

    name = "wifi"

    def __init__(self, wlan: "Any", reconnects: "Callable[[], int]", interface: str = "wlan0") -> None:
        self._wlan = wlan
        self._reconnects = reconnects
        self.series = ((_SIGNAL, interface), (_RECONNECTS, interface))

    def read(self, into: "Row", at: int) -> None:
        """dBm, reconnects"""
        into[at] = self._rssi()
        into[at + 1] = self._reconnects()

    def _rssi(self) -> "int | None":
        if not self._wlan.isconnected():
            return None
        try:
            dbm: int = self._wlan.status("rssi")
        except OSError:  # lost between the two calls
            return None
        return dbm if _WEAKEST <= dbm < 0 else None
