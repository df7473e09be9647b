"""What the core is told, by config.py or by a test. Plain values, already checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Limits:
    """What a fleet may take of this machine. Beyond it, series and devices are refused and counted, never half kept."""

    max_devices: int = 10_000
    max_series_per_device: int = 512  # a histogram with b bounds counts as b + 3, as Prometheus counts it
    max_series: int = 500_000
    queue_frames: int = 10_000  # between the sources and the engine: ten seconds of a thousand boards
    max_held_in_all: int = 4_096  # frames of all devices that wait for a declaration
    console_lines_per_minute: int = 1_200  # of one port, in the log: a board that prints in a loop must not fill a disk
    log_lines_per_minute: int = 60  # about bad input, of one kind for one device; ten times as many in all


@dataclass(frozen=True, slots=True)
class Threshold:
    """A rule on one metric, under a name of its own. Limits are in the metric's base unit; None: no such limit.

    It applies to series of the family `metric` whose labels match `labels` and whose device_id matches `devices`
    (shell patterns: *, ?, [abc]). A value beyond a limit for `for_s` seconds raises the alert; it clears when the value
    is back within `clear_above` / `clear_below`, which default to the mildest limit of that side.
    """

    name: str
    metric: str
    warning_above: float | None = None
    critical_above: float | None = None
    warning_below: float | None = None
    critical_below: float | None = None
    clear_below: float | None = None  # of an upper limit: in order again at or below this
    clear_above: float | None = None  # of a lower limit: in order again at or above this
    for_s: float = 0.0
    labels: tuple[tuple[str, str], ...] = ()
    devices: str = "*"


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that the core needs to know. `keys`: device id → its 32-byte key (SPEC.md section 15)."""

    limits: Limits = field(default_factory=Limits)
    thresholds: tuple[Threshold, ...] = ()
    keys: Mapping[str, bytes] = field(default_factory=dict)
    send_time: bool = True  # to boards that have no wall clock
    keep: bool = False  # whether a store commits what is taken before it is acknowledged
