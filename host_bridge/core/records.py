"""What the core asks the store to keep. Plain values; what is committed together is one batch (decision 0008).

The two that each frame makes are tuples: a frozen dataclass takes three times as long.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

Value = int | float | None  # an integer in 10**scale; NaN or an infinity in a gauge; None: missing


@dataclass(frozen=True, slots=True)
class KeptSeries:
    """A series of a device, as history names it. `labels` without device_id and platform, empty values left out."""

    name: str  # as exposed: device_temperature_celsius
    labels: tuple[tuple[str, str], ...]
    type: int  # shared_schema.messages.GAUGE, COUNTER or HISTOGRAM
    scale: int  # the value is integer * 10**scale
    bounds: tuple[int, ...] = ()  # of a histogram, in the scale; it takes len(bounds) + 2 columns

    @property
    def width(self) -> int:
        """Columns that it takes."""
        return len(self.bounds) + 2 if self.bounds else 1


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class KeptGroup:
    """Series that share their times. One object for as long as a declaration is in use: the store may key by it."""

    device_id: str
    platform: str
    series: tuple[KeptSeries, ...]


class SamplesRecord(NamedTuple):
    """One samples frame. `values` are len(times) values of the first column, then those of the second, and so on."""

    group: KeptGroup
    boot: int
    seq: int
    times: list[int]  # Unix milliseconds, not decreasing
    values: list[Value]
    arrived: float  # Unix seconds


@dataclass(frozen=True, slots=True)
class EventRecord:
    """One event of a board. `at`: Unix milliseconds. `type` and `severity`: names of SPEC.md section 5."""

    device_id: str
    boot: int
    seq: int
    at: int
    type: str
    severity: str
    message: str
    source: str
    fields: dict[str, object]
    traceback: str
    repeats: int


@dataclass(frozen=True, slots=True)
class HelloRecord:
    """The last hello of a boot that declared `declaration`, bare as it came: it explains the boot's samples later."""

    device_id: str
    boot: int
    declaration: int
    frame: bytes


class BootRecord(NamedTuple):
    """All that core/snapshot.py needs to go on with a boot. Replaces what was kept of it before."""

    device_id: str
    boot: int
    state: bytes


@dataclass(frozen=True, slots=True)
class DeviceRecord:
    """The same of a device. `boots`: those that it still has; what is kept of others is to be forgotten."""

    device_id: str
    platform: str
    state: bytes
    boots: tuple[int, ...]


Record = SamplesRecord | EventRecord | HelloRecord | BootRecord | DeviceRecord


@dataclass(frozen=True, slots=True)
class KeptBoot:
    """What the store knows of a boot. hellos: the frames of HelloRecords, oldest first."""

    boot: int
    state: bytes
    hellos: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class KeptDevice:
    """What the store knows of a device, for Fleet.restore()."""

    device_id: str
    state: bytes
    boots: tuple[KeptBoot, ...]
