"""What the history store has of the boards."""

from contextlib import closing
from fractions import Fraction
from pathlib import Path

from host_bridge.sinks.history.query import History

METRICS = ("device_chaos_number", "device_chaos_total")  # a gauge and a counter, both of program.py's running number
_ENDLESS = 1 << 62


def kept_numbers(path: Path, device: str, metric: str = METRICS[0]) -> list[tuple[int, float | None]]:
    """(Unix milliseconds, running number) of every sample that history has of a board, repeats included."""
    with closing(History.open(path)) as history:
        found = history.samples(device, metric, 0, _ENDLESS)
    return [
        (at, float(value * Fraction(10) ** data.series.scale) if isinstance(value, int) else None)
        for data in found
        for at, value in zip(data.times, data.values, strict=True)
    ]


def kept_devices(path: Path) -> list[str]:
    """Devices of which something is kept."""
    with closing(History.open(path)) as history:
        return [row.device_id for row in history.devices()]
