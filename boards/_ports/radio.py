"""What boards with Wi-Fi have in common, whatever their port. At the start only; what stays is in wifi.py."""

from boards._ports import common, wifi

SENSORS = (("wifi", 10000, {}),)
_wlan = None


def join(login):
    """Be a station of the network {"ssid": …, "password": …}."""
    global _wlan
    _wlan = wifi.join(login)


def sensor():
    """Signal and reconnects of the network that was joined; None without one."""
    if _wlan is None:
        return None
    from boardpulse.sensors.wifi_signal import WifiSignal

    return WifiSignal(_wlan, wifi.reconnects)


def check_link(link):
    """What is wrong with a link's options for a board with Wi-Fi and UARTs, as ConfigError lists it."""
    if link["type"] == "uart":
        return common.check_uart(link, has_wifi=True)
    return [] if link["wifi"] else [("wifi", None, "given: this board reaches its broker over Wi-Fi")]
