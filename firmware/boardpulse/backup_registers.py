"""Registers that live through a reset, as memory for boardpulse.retained: STM32's RTC backup registers, RP2's
watchdog scratch registers."""

import struct

from boardpulse.compat import const

TYPE_CHECKING = const(0)
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any


class BackupRegisters:
    """memory() and memory(data) over machine.mem32 at some addresses, four bytes each. What is longer is cut."""

    def __init__(self, mem32: "Any", addresses: "Iterable[int]") -> None:
        self._mem32 = mem32
        self._addresses = addresses

    def __call__(self, data: "bytes | None" = None) -> bytes:
        """The bytes, after putting others in their place."""
        if data is not None:
            at = 0
            for address in self._addresses:
                self._mem32[address] = struct.unpack_from("<I", data, at)[0]
                at += 4
        return b"".join([struct.pack("<I", self._mem32[address] & 0xFFFFFFFF) for address in self._addresses])
