"""Which frames are to be sent."""

from __future__ import annotations

from collections.abc import Callable

from host_bridge.core.records import SamplesRecord
from host_bridge.options import RemoteWriteOptions


def outgoing_of(options: RemoteWriteOptions) -> Callable[[SamplesRecord], bool]:
    """Whether a frame is due, for the store: all with mode "all"; else those whose oldest sample came late."""
    if options.mode == "all":
        return lambda record: True
    late_ms = options.late_after_s * 1000
    return lambda record: record.arrived * 1000 - record.times[0] > late_ms
