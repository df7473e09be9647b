"""What waits to be sent, and whoever keeps it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from host_bridge.core.records import KeptSeries, Value


@dataclass(frozen=True, slots=True, eq=False)
class Outgoing:
    """One row: samples of a frame. `values` are len(times) values of the first column, then those of the second, …"""

    id: int
    device_id: str
    platform: str
    series: tuple[KeptSeries, ...]
    times: list[int]  # Unix milliseconds
    values: list[Value]

    @property
    def is_whole(self) -> bool:
        """Whether it has a value for each time in each column."""
        return len(self.values) == len(self.times) * sum(series.width for series in self.series)


class OutgoingSource(Protocol):
    """Keeps the rows. The writer's thread alone calls it; what it raises is tried again later."""

    def outgoing_batch(self, max_rows: int) -> Sequence[Outgoing]:
        """The rows that have waited longest, in the order of their ids, at most so many. They stay."""
        ...

    def outgoing_done(self, up_to_id: int) -> None:
        """Forget the rows up to this one, included."""
        ...

    def outgoing_rows(self) -> int:
        """How many rows wait."""
        ...

    def outgoing_bytes(self) -> int:
        """How much of the file they take."""
        ...

    def outgoing_trim(self) -> Sequence[Outgoing]:
        """Drop the oldest of what is beyond the bounds and not in the last batch; the rows that were dropped."""
        ...

    def close(self) -> None:
        """The writer ends: give back what its thread opened."""
        ...
