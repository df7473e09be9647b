"""network of the rp2 port, with a CYW43."""

from hardware import WLAN  # noqa: F401
