"""network of the stm32 port."""

from hardware import LAN  # noqa: F401
