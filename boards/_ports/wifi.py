"""The Wi-Fi of boards that have one, kept as long as they run."""

import time

_wifi = None


def join(login):
    """Be a station of the network that the configuration names: {"ssid": …, "password": …}. What was joined is the
    network.WLAN."""
    global _wifi
    from network import WLAN

    from boardpulse.links.wifi import Wifi

    wlan = WLAN(WLAN.IF_STA)
    _wifi = Wifi(wlan, login["ssid"], login.get("password") or "")
    return wlan


def reconnects():
    """How often the connection came back."""
    return _wifi.reconnects


def open_socket(link):
    """A connection to the broker; None while there is no Wi-Fi yet, which is asked for again and again."""
    if not _wifi.ready(time.ticks_ms()):
        return None
    from boardpulse.links.sockets import open_socket as connect

    return connect(link)
