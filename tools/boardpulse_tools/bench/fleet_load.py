"""A made fleet: devices of twelve series, their hellos and samples, whose values all change from round to round."""

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import cbor2

from host_bridge.core.catalogue import BY_KEY, Metric
from host_bridge.core.numerals import decimal
from shared_schema.messages import HELLO, SAMPLES, WIRE_VERSION, topic

PLATFORM = "esp32"
INTERVAL_MS = 600_000  # so that nobody is late while a bench takes its time
FIRST_BOOT = 0x2A00_0000  # boot ids of five bytes, as nearly all are


class Column(NamedTuple):
    """One of the twelve. Its value in round r of device i: least + (i * spread + r * step) % span, never the same twice
    in a row; a counter grows by `step` instead. still: the same for all samples of a frame, as of a board at work."""

    key: int
    labels: tuple[str, ...]
    least: int
    span: int
    step: int
    spread: int = 37
    still: bool = False

    @property
    def metric(self) -> Metric:
        """The catalogue's entry."""
        return BY_KEY[self.key]

    def value(self, device: int, round_: int) -> int:
        """An integer in the metric's scale."""
        if self.span == 0:
            return self.least + device * self.spread + round_ * self.step
        return self.least + (device * self.spread + round_ * self.step) % self.span


# The ten metrics of the recorded trace, the uptime, and a counter.
COLUMNS = (
    Column(1, ("gc",), 80_000, 60_000, 1_008),
    Column(2, ("gc",), 20_000, 60_000, 1_008),
    Column(3, ("mcu",), 2_000, 4_000, 7),
    Column(4, ("board",), 200, 700, 13),
    Column(5, ("supply",), 3_200, 200, 3),
    Column(6, ("/",), 500_000, 900_000, 4_096, still=True),
    Column(7, (), 100, 9_000, 117),
    Column(8, ("sta",), -90, 60, 1),
    Column(9, ("0",), 50, 900, 11),
    Column(10, ("0",), 80, 160, 1, still=True),
    Column(11, (), 10, 0, 10),
    Column(14, ("board",), 1_000, 0, 997),
)
SERIES = len(COLUMNS)


def device_id(device: int) -> str:
    """The name of a device."""
    return f"board-{device:05d}"


def hello(device: int, unix_s: float, interval_ms: int = INTERVAL_MS, cadence_ms: int = INTERVAL_MS) -> bytes:
    """The declaration of the twelve. Its clock is set, so that nobody has to tell it the time."""
    series = [[column.key, *column.labels] if column.labels else column.key for column in COLUMNS]
    body = {
        0: WIRE_VERSION,
        1: device_id(device),
        2: PLATFORM,
        3: 0,
        4: [[interval_ms, 1, series]],
        5: {1: "1.0.0", 2: "MicroPython 1.29", 3: "esp32-generic", 4: "esp32"},
        6: [int(unix_s), int(unix_s % 1 * 1000), 2, 20],
        9: 1,
        10: cadence_ms,
    }
    return cbor2.dumps([HELLO, FIRST_BOOT + device, 0, 1_000, body])


def samples(device: int, round_: int, uptime_ms: int, seq: int | None = None) -> bytes:
    """The frame of round `round_`, which is its number, too, unless `seq` is: one sample of each series."""
    head = [SAMPLES, FIRST_BOOT + device, round_ if seq is None else seq, uptime_ms, 0, 0, 1]
    return cbor2.dumps([*head, *[column.value(device, round_) for column in COLUMNS]])


def batch(device: int, seq: int, uptime_ms: int, n: int) -> bytes:
    """A frame of `n` samples, one interval apart, of the rounds from seq * n on."""
    columns = [_column(column, device, range(seq * n, seq * n + n)) for column in COLUMNS]
    return cbor2.dumps([SAMPLES, FIRST_BOOT + device, seq, uptime_ms, 0, 0, n, *columns])


def _column(column: Column, device: int, rounds: range) -> int | list[int]:
    if column.still:
        return column.value(device, rounds.start)
    values = [column.value(device, round_) for round_ in rounds]
    return [values[0], *(after - before for before, after in pairwise(values))]


def up_topic(device: int) -> str:
    """Where its frames are published."""
    return topic(device_id(device), "up")


def hello_topic(device: int) -> str:
    """Where its hello is published."""
    return topic(device_id(device), "hello")


def exposed(column: Column, device: int, round_: int) -> float:
    """The value as it stands on a page, in the metric's unit."""
    return float(decimal(column.value(device, round_), column.metric.scale))


def series(column: Column, device: int) -> str:
    """The series as it stands on a page."""
    pairs = zip(column.metric.labels, column.labels, strict=False)
    rest = "".join(f',{name}="{value}"' for name, value in pairs)
    return f'{column.metric.name}{{device_id="{device_id(device)}",platform="{PLATFORM}"{rest}}}'


def changed_devices(devices: int, share: float, round_: int) -> Sequence[int]:
    """Which devices send in a round in which only a `share` of them does; others in the next one."""
    if share >= 1:
        return range(devices)
    each = round(1 / share) if share else 0
    return range(round_ % each, devices, each) if each else ()
