"""Wi-Fi as a station that connects and comes back by itself, without waiting."""

from boardpulse.clock import add, diff
from boardpulse.compat import const

TYPE_CHECKING = const(0)
if TYPE_CHECKING:
    from typing import Any

_FIRST_TRY_MS = const(15000)  # to find a network, join it and get an address
_LAST_TRY_MS = const(60000)
_PAUSE_MS = const(1000)


class Wifi:
    """Keeps a network.WLAN of a station connected. Nothing raises for trouble with the radio.

    `reconnects` counts the connections after the first; `status` is the WLAN's own number for the last try that failed,
    -1 where it raised.
    """

    def __init__(self, wlan: "Any", ssid: str, password: str = "") -> None:
        self._wlan = wlan
        self._login = (ssid, password) if password else (ssid,)
        self._try_ms = 0
        self._begun = -1
        self._up = self._known = False
        self.reconnects = 0
        self.status = 0

    def ready(self, now: int) -> bool:
        """Whether there is a connection with an address; where not, what is due is done to get one. Call it again and
        again, with `now` from ticks_ms or Clock.now.

        No name is looked up before it is ready: on a CYW43 that is up and has no address, that hangs.
        """
        try:
            up = bool(self._wlan.isconnected())
            if not up:
                self._step(now)
            elif not self._up:
                self.reconnects += self._known
                self._known = True
                self._try_ms = _PAUSE_MS  # after a loss it may come back by itself
                self._begun = -1
        except (OSError, RuntimeError):  # such as "Wifi Internal Error"
            self.status = -1
            up = False
        self._up = up
        return up

    def _step(self, now: int) -> None:
        """Try anew when the last try has had its time: 15 s, then twice as long each time, up to a minute. Any status
        may be on its way to a connection until then, idle too."""
        if self._begun < 0:
            self._begun = add(now, 0)
        if diff(now, self._begun) < self._try_ms:
            return
        wlan = self._wlan
        self._begun = add(now, 0)
        if self._try_ms >= _FIRST_TRY_MS:
            self.status = wlan.status()
        self._try_ms = max(_FIRST_TRY_MS, min(self._try_ms * 2, _LAST_TRY_MS))
        wlan.active(True)
        try:
            wlan.disconnect()  # an ESP32 that is still trying, or was before a soft reset, raises at connect()
        except (OSError, RuntimeError):
            pass
        wlan.connect(*self._login)
