"""A line that damages what it carries: bit errors, bytes that are dropped, bytes that come twice."""

import math
import random
import threading
from dataclasses import dataclass


@dataclass(slots=True)
class Noise:
    """Chances for each bit and each byte. Call it with what was sent; it returns what arrives. `on`: as long as it is
    false, everything arrives as it was sent."""

    chance: random.Random
    bit_error: float = 1e-4
    drop: float = 1e-4
    double: float = 1e-4
    on: bool = True
    flipped: int = 0
    dropped: int = 0
    doubled: int = 0

    def __call__(self, data: bytes, to_bridge: bool) -> bytes:
        """What arrives, in either direction."""
        if not self.on:
            return data
        out = bytearray(data)
        for at in self._hits(len(out) * 8, self.bit_error):
            out[at >> 3] ^= 1 << (at & 7)
            self.flipped += 1
        for at in reversed(self._hits(len(out), self.double)):
            out.insert(at, out[at])
            self.doubled += 1
        for at in reversed(self._hits(len(out), self.drop)):
            del out[at]
            self.dropped += 1
        return bytes(out)

    def _hits(self, count: int, probability: float) -> list[int]:
        """Which of `count` are hit: the gaps between hits of independent chances are geometrically distributed."""
        hits: list[int] = []
        at = -1
        while True:
            at += 1 + int(math.log(1.0 - self.chance.random()) / math.log1p(-probability))
            if at >= count:
                return hits
            hits.append(at)


class Cut:
    """A line that can be cut: nothing arrives while `is_cut`."""

    def __init__(self) -> None:
        self._cut = threading.Event()

    def __call__(self, data: bytes, to_bridge: bool) -> bytes:
        """What arrives."""
        return b"" if self._cut.is_set() else data

    def cut(self) -> None:
        """Cut it."""
        self._cut.set()

    def mend(self) -> None:
        """Mend it."""
        self._cut.clear()
