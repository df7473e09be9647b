"""What a board remembers over a deep sleep or a reset, in the few bytes of memory that live through one."""

import struct
from binascii import crc32

from boardpulse.compat import const

TYPE_CHECKING = const(0)
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from boardpulse.node import Node

    # memory() gives the bytes that are there, memory(data) puts others in their place: machine.RTC().memory, say.
    Memory = Callable[..., Any]

_VERSION = const(1)
# version, slept (0 or 1), frames given up by kind, boot number, wall clock at the wake-up in s and ms, its error in ms
_FORM = "<BBHHHIIHH"
_BODY = const(20)
LENGTH = 24  # with the CRC-32: as much as an RP2 has at hand
_MAX = const(0xFFFF)
_CLOCK_ERROR_MS = const(2000)  # a bridge refuses clocks that are further ahead (SPEC.md section 16)
_DRIFT = const(20)  # a sleep timer on an RC oscillator is wrong by up to a twentieth: esp-idf issue 6687 saw such
_BRIDGE = const(3)
_WATCHDOG = const(3)
_DEEP_SLEEP = const(4)


def pack(values: "list[int]") -> bytes:
    """[slept, samples, events, crashes, boot number, s, ms, error in ms] with version and CRC-32: LENGTH bytes."""
    body = struct.pack(_FORM, _VERSION, *values)
    return body + struct.pack("<I", crc32(body))


def unpack(data: bytes) -> "list[int]":
    """What was packed; zeros for anything else, such as the noise that memory holds when power comes."""
    body = bytes(data[:_BODY])
    if len(data) >= LENGTH and body[0] == _VERSION and bytes(data[_BODY:LENGTH]) == struct.pack("<I", crc32(body)):
        return list(struct.unpack(_FORM, body)[1:])
    return [0] * 8


class Retained:
    """This start, and what the last one left. What an application keeps in the same memory behind LENGTH bytes stays
    there."""

    def __init__(self, memory: "Memory") -> None:
        self._memory = memory
        self._left = left = unpack(memory())
        self.boot_number = (left[4] + 1) & 0xFFFFFFFF
        self._write([0, 0, 0, 0, self.boot_number, 0, 0, 0])

    def _write(self, values: "list[int]") -> None:
        self._memory(pack(values) + bytes(self._memory()[LENGTH:]))

    def restore(self, node: "Node") -> None:
        """Have the node tell what was given up before it: the frames use up this boot's first numbers, as frames do
        that a board drops. The clock is taken over where it is good enough."""
        slept, *dropped, _, unix_s, ms, error_ms = self._left
        outbox = node.outbox
        for kind in range(3):
            outbox.next_seq += dropped[kind]
            outbox.drops += dropped[kind]
            outbox.dropped[kind] += dropped[kind]
        if 0 < error_ms <= _CLOCK_ERROR_MS:
            node.clock.tell(unix_s, ms, error_ms)
        # Where the end of a deep sleep is a reset like any other, only this memory knows.
        if slept and node.platform in ("rp2", "unix") and node.reset_cause != _WATCHDOG:
            node.reset_cause = _DEEP_SLEEP

    def keep(self, node: "Node", sleep_ms: int) -> None:
        """Write what the boot after a deep sleep of `sleep_ms` is to know. Frames that still wait are given up."""
        outbox = node.outbox
        dropped = [0, 0, 0]  # all told: a bridge acknowledges nothing beyond a gap that it was not told of
        if outbox.count:
            while outbox.count:
                outbox.drop(0)
            dropped = [min(count, _MAX) for count in outbox.dropped]
        wall = [0, 0, 0]
        anchor = node.clock.anchor()
        if anchor is not None and anchor[2] == _BRIDGE:  # the board's own clock goes on, and is read again
            unix_ms = anchor[1] + sleep_ms
            wall = [anchor[0] + unix_ms // 1000, unix_ms % 1000, min(anchor[3] + 1 + sleep_ms // _DRIFT, _MAX)]
        self._write([1] + dropped + [self.boot_number] + wall)
