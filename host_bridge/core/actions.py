"""What the core asks the shell to do. It does nothing itself: it returns these, in the order in which to do them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple


@dataclass(frozen=True, slots=True)
class Send:
    """Give `frame` (bare, without framing) to the board: on its port, or on its `down` topic if device_id is set.

    after_commit: it acknowledges, so that what was taken up to here must be kept first.
    """

    source: str
    port: str
    device_id: str
    frame: bytes
    after_commit: bool = False


class Acknowledge(NamedTuple):
    """The frame that came with `token` is committed: let the transport forget it. A tuple: each frame makes one."""

    source: str
    token: object


@dataclass(frozen=True, slots=True)
class Withhold:
    """The frame that came with `token` waits for its declaration: it is in memory, and not committed."""

    source: str
    token: object


@dataclass(frozen=True, slots=True)
class LogLine:
    """A line for the log. level: debug, info, warning, error or critical."""

    level: str
    event: str
    fields: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Refused:
    """A frame was refused; it is counted already. reason: one of shared_schema.errors.REASONS."""

    source: str
    port: str
    device_id: str  # as the transport named it, at most 80 characters of it
    reason: str
    detail: str


@dataclass(frozen=True, slots=True)
class StateChange:
    """A device went from one state of SPEC.md section 12 to another. at: in the time of the engine's clock."""

    device_id: str
    platform: str
    port: str
    before: str
    after: str
    at: float


@dataclass(frozen=True, slots=True)
class Alert:
    """A threshold's state changed. before, after: ok, warning, critical. value: in the metric's unit; None: no data."""

    alert: str
    device_id: str
    platform: str
    metric: str
    labels: tuple[str, ...]
    before: str
    after: str
    value: float | None
    at: float


Action = Send | Acknowledge | Withhold | LogLine | Refused | StateChange | Alert
