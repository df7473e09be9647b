"""What the parts of the firmware expect of each other, for mypy and for people. Never imported on a board."""

from collections.abc import Sequence
from typing import Any, Protocol

Value = int | float | None
Row = list[Value]
# As in hello: a catalogue key, (key, label, …), or a custom metric's map.
Series = int | tuple[Any, ...] | dict[int, Any]


class Sensor(Protocol):
    """Reads one thing. May also have `columns`, where `series` do not tell their number, and `budget_ms`."""

    name: str

    @property
    def series(self) -> Sequence[Series]:
        """What it fills, in order."""

    def read(self, into: Row, at: int) -> None:
        """Put an integer in the metric's scale, None (missing) or NaN/infinity into into[at], into[at + 1] …"""


class Stream(Protocol):
    """Bytes both ways. Nothing blocks; OSError means that it is gone."""

    def write(self, __buf: bytearray | bytes, __offset: int, __length: int) -> int | None:
        """Bytes taken; None or 0 for none."""

    def readinto(self, __buf: bytearray) -> int | None:
        """Bytes read; None for none. 0 is none on a serial line, and the end on a socket."""

    def close(self) -> None:
        """Let go of it."""


class Link(Protocol):
    """How frames leave a board. The node sets `node`."""

    name: str
    node: Any
    errors: int
    reconnects: int
    ack_mode: int  # as in hello: 0 the link's own acknowledgement is enough, 1 the bridge's ack is waited for

    def step(self, now: int) -> int:
        """Do what is due; milliseconds until the next call."""

    def acknowledged(self) -> None:
        """The bridge's ack took frames out of the outbox."""

    def fail(self) -> None:
        """Begin afresh after an error of the link's own code."""

    def close(self) -> None:
        """End well."""
