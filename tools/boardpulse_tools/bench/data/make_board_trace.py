"""Writes board_trace.csv: one hour of a synthetic ESP32-like board at 1 s, ten metrics, deterministic.

Heap falls by small allocations and is collected in a sawtooth; power has bursts when the radio sends; the temperature
follows power slowly; timestamps jitter by a few ms. Units stand in the column names.
"""

import csv
import random
import sys
from pathlib import Path

COLUMNS = (
    "uptime_ms",
    "heap_free_bytes",
    "heap_used_bytes",
    "temperature_centicelsius",
    "power_milliwatts",
    "supply_millivolts",
    "filesystem_free_bytes",
    "loop_lag_microseconds",
    "wifi_rssi_dbm",
    "cpu_utilization_permille",
    "cpu_frequency_megahertz",
)
SECONDS = 3600
SEED = 20261121
HEAP_BYTES = 155_648


def rows() -> list[list[int]]:
    """The trace, a row a second. The order in which random numbers are drawn is part of it."""
    chance = random.Random(SEED)  # noqa: S311 - a trace that is the same everywhere, not a secret
    garbage, live, temperature, uptime_ms = 0, 41_200, 4215.0, 86_400_123
    made = []
    for second in range(SECONDS):
        uptime_ms += 1000 + chance.choice((0, 0, 0, 1, -1, 2))
        garbage += chance.choice((96, 160, 208, 352, 640))
        live += chance.choice((0, 0, 0, 16, -16))
        if garbage > 96_000:
            garbage = chance.randrange(0, 800)
        sending = second % 10 == 0
        power_mw = (412 if sending else 238) + chance.randint(-6, 6)
        temperature += (power_mw - 250) * 0.004 - (temperature - 4215) * 0.01 + chance.gauss(0, 3)
        used = live + garbage
        supply_mv = 3300 - power_mw // 40 + chance.randint(-2, 2)
        lag_us = chance.choice((180, 190, 210, 240, 900 if sending else 220))
        rssi_dbm = -61 + chance.randint(-3, 3)
        cpu_permille = (330 if sending else 120) + chance.randint(-15, 15)
        free_bytes = 1_187_840 - 4096 * (second // 900)
        analog = (round(temperature), power_mw, supply_mv)
        made.append([uptime_ms, HEAP_BYTES - used, used, *analog, free_bytes, lag_us, rssi_dbm, cpu_permille, 240])
    return made


if __name__ == "__main__":
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent
    with (folder / "board_trace.csv").open("w", newline="") as file:
        out = csv.writer(file)
        out.writerow(COLUMNS)
        out.writerows(rows())
