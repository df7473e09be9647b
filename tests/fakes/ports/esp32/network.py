"""network of the esp32 port."""

from hardware import WLAN  # noqa: F401
