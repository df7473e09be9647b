"""The recorded hour that sizes are measured on: ten metrics of one board, once a second.

`data/board_trace.csv` is made by `data/make_board_trace.py`: a synthetic board of the ESP32's kind.
"""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files

INTERVAL_MS = 1000

# Column of the trace: name of the catalogue's metric whose scale is the column's unit.
CATALOGUE_NAMES = {
    "heap_free_bytes": "device_memory_free_bytes",
    "heap_used_bytes": "device_memory_used_bytes",
    "temperature_centicelsius": "device_temperature_celsius",
    "power_milliwatts": "device_power_watts",
    "supply_millivolts": "device_voltage_volts",
    "filesystem_free_bytes": "device_filesystem_free_bytes",
    "loop_lag_microseconds": "device_loop_lag_seconds",
    "wifi_rssi_dbm": "device_wifi_signal_dbm",
    "cpu_utilization_permille": "device_cpu_utilization_ratio",
    "cpu_frequency_megahertz": "device_cpu_frequency_hertz",
}


@dataclass(frozen=True, slots=True)
class Samples:
    """Consecutive samples of all metrics. `first` counts the samples before them; a column has one integer a sample."""

    first: int
    uptime_ms: tuple[int, ...]
    columns: dict[str, tuple[int, ...]]

    @property
    def count(self) -> int:
        """Samples of each metric."""
        return len(self.uptime_ms)

    @property
    def values(self) -> int:
        """Metric samples: samples times metrics."""
        return self.count * len(self.columns)


def load() -> Samples:
    """The whole trace."""
    text = files(__package__).joinpath("data/board_trace.csv").read_text()
    names, *rows = csv.reader(text.splitlines())
    by_name = dict(zip(names, zip(*(map(int, row) for row in rows), strict=True), strict=True))
    return Samples(0, by_name["uptime_ms"], {name: by_name[name] for name in CATALOGUE_NAMES})


def batches(trace: Samples, n: int) -> Iterator[Samples]:
    """The trace in pieces of `n` samples; a shorter rest is left out."""
    for i in range(0, trace.count - n + 1, n):
        columns = {name: column[i : i + n] for name, column in trace.columns.items()}
        yield Samples(trace.first + i, trace.uptime_ms[i : i + n], columns)
