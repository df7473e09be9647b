"""Records for the store's tests."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from host_bridge.core.records import EventRecord, KeptGroup, KeptSeries, SamplesRecord, Value
from host_bridge.sinks.history.query import History

EPOCH_MS = 1_700_000_000_000
MINUTE_MS = 60_000
FOREVER = 1 << 60

TEMPERATURE = KeptSeries("device_temperature_celsius", (), 0, -2)
FRAMES = KeptSeries("device_frames_total", (), 1, 0)


def group(device_id: str = "desk", *series: KeptSeries) -> KeptGroup:
    """A group; of temperature and frames unless something else is said."""
    return KeptGroup(device_id, "esp32", series or (TEMPERATURE, FRAMES))


def frame(of: KeptGroup, n: int, boot: int = 1, value: Value = None) -> SamplesRecord:
    """Frame n, of one sample n seconds after the epoch; its values are n, or `value`."""
    width = sum(series.width for series in of.series)
    values: list[Value] = [n if value is None else value] * width
    return SamplesRecord(of, boot, n, [EPOCH_MS + 1000 * n], values, EPOCH_MS / 1000 + n)


def frames(of: KeptGroup, first: int, stop: int) -> list[SamplesRecord]:
    """Frames from number `first` to before `stop`."""
    return [frame(of, n) for n in range(first, stop)]


def event(device_id: str = "desk", at: int = EPOCH_MS, message: str = "hello") -> EventRecord:
    """An event."""
    return EventRecord(device_id, 1, 7, at, "log", "info", message, "main", {"n": 1}, "", 0)


def kept(path: Path, device_id: str = "desk", metric: str = "frames_total") -> list[int]:
    """The values of a metric in the file."""
    with closing(History.open(path)) as history:
        found = history.samples(device_id, metric, 0, FOREVER)
    return [value for data in found for value in data.values]  # type: ignore[misc]  # these have integers only
