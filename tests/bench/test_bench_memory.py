"""The memory part of `bench scale` with few devices: as many hours for them as in the long form."""

from __future__ import annotations

import pytest

from boardpulse_tools.bench.scale import measure
from boardpulse_tools.bench.scale.memory import FULL, LOOKS
from host_bridge.core.drift import WINDOW_MS

DEVICES, MESSAGES = 500, 100_000
# Of what the devices take, 13 MB here. An allocator takes memory by the megabyte; a leak of 32 bytes a message, which
# is the least that Python's objects take, would be a sixth.
LIMIT = 1.05


@pytest.mark.timeout(120)
def test_memory_is_flat_once_every_window_is_full() -> None:
    """Two hundred messages of each device, over more than a day of theirs."""
    found = measure.memory(DEVICES, MESSAGES)
    assert found["messages"] == MESSAGES
    assert found["passed_s"] * (FULL + 1) / LOOKS * 1000 > WINDOW_MS
    assert len(found["rss_bytes"]) == LOOKS
    assert found["fleet_bytes_per_device"] > 500
    assert 0.9 < found["memory_growth"] < LIMIT
