"""Sensors that are sampled together, and the columns in which their samples wait for a frame."""

from boardpulse.clock import add, diff
from boardpulse.compat import const, error_text, ticks_diff, ticks_us
from shared_schema import encode

TYPE_CHECKING = const(0)
if TYPE_CHECKING:
    from typing import Any

    from boardpulse.clock import Clock
    from boardpulse.node import Node
    from boardpulse.protocols import Row, Sensor, Series
    from shared_schema.cbor import Writer

_FIRST_RETRY_MS = const(1000)
_LAST_RETRY_MS = const(300000)
_BUDGET_MS = const(100)
_MAX_FRAME_VALUES = const(65536)
_MAX = 1 << 53
_MIN = -_MAX


def width(series: "Series") -> int:
    """How many columns a series takes: a custom histogram its buckets and two more, a sensor's other series one."""
    if isinstance(series, dict) and 7 in series:
        return len(series[7]) + 2
    return 1


def special(value: object) -> bool:
    """Whether it is NaN or an infinity, the only floats that may be sent."""
    return isinstance(value, float) and value - value != 0


class Slot:
    """A sensor in a group. Guards the others from it: what raises or takes too long is missing, and rests before the
    next try.

    A sensor has `name`, `series` (as in hello) and read(into, at), which puts an integer in the catalogue's scale,
    None or a special
    for each column. It may have `columns` (their number, where series tell it not) and `budget_ms`.
    """

    def __init__(self, sensor: "Sensor", at: int) -> None:
        self.sensor = sensor
        self.at = at
        self.end = at + columns_of(sensor)
        self.budget_us = getattr(sensor, "budget_ms", _BUDGET_MS) * 1000
        self.errors = 0
        self.failures = 0
        self.took_us = 0
        self._wait_ms = 0
        self._retry_at = 0

    def read(self, row: "Row", now: int, node: "Node") -> None:
        """Fill this sensor's part of the row. node.sensor_report hears of the first failure and of recovery."""
        if self.failures and diff(now, self._retry_at) < 0:
            self._blank(row)
            return
        start = ticks_us()
        try:
            self.sensor.read(row, self.at)
        except Exception as error:  # noqa: BLE001  # whatever a driver raises must not stop the other sensors
            self._fail(row, now, node, error_text(error))
            return
        self.took_us = ticks_diff(ticks_us(), start)
        if self.took_us > self.budget_us:
            self._fail(row, now, node, "took %d ms, its budget is %d" % (self.took_us // 1000, self.budget_us // 1000))
        elif not self._plausible(row):
            self._fail(row, now, node, "returned what is no integer of up to 2**53, None, NaN or infinity")
        elif self.failures:
            node.sensor_report(self, None)
            self.failures = 0

    def _plausible(self, row: "Row") -> bool:
        at = self.at
        while at < self.end:
            value = row[at]
            if type(value) is int:  # a bool is none
                if not _MIN <= value <= _MAX:
                    return False
            elif value is not None and not special(value):
                return False
            at += 1
        return True

    def _fail(self, row: "Row", now: int, node: "Node", error: str) -> None:
        self._blank(row)
        self.errors += 1
        self.failures += 1
        self._wait_ms = _FIRST_RETRY_MS if self.failures == 1 else min(self._wait_ms * 2, _LAST_RETRY_MS)
        self._retry_at = add(now, self._wait_ms)
        if self.failures == 1:
            node.sensor_report(self, error)

    def _blank(self, row: "Row") -> None:
        at = self.at
        while at < self.end:
            row[at] = None
            at += 1


def columns_of(sensor: "Sensor") -> int:
    """How many columns a sensor fills."""
    count: int = getattr(sensor, "columns", 0)
    return count or sum([width(series) for series in sensor.series])


def move_up(values: "list[Any]", start: int, n: int) -> None:
    """Move `n` values from `start` on to the beginning."""
    i = 0
    while i < n:
        values[i] = values[start + i]
        i += 1


class Group:
    """Columns of up to `batch` samples, taken every `interval_ms`. `number` is its position in hello."""

    def __init__(self, interval_ms: int, batch: int, label: str = "") -> None:
        self.interval_ms = interval_ms
        self.batch = batch
        self.label = label
        self.number = 0
        self.slots: list[Slot] = []
        self.limits: dict[int, tuple[int | None, int | None]] = {}
        self.due = 0
        self.high = self.low = 0
        self._last = 0
        self.n = 0
        self.row: Row = []
        self.columns: list[Row] = []
        self.gaps: list[int] = []
        self.room = 0
        self.part = 0
        self.most = 1

    def add(self, sensor: "Sensor") -> None:
        """Put a sensor behind the others. lay_out() follows."""
        self.slots.append(Slot(sensor, self.slots[-1].end if self.slots else 0))

    def lay_out(self) -> None:
        """Make the columns anew for the present sensors and batch. Samples that wait must have been encoded before."""
        at = 0
        for slot in self.slots:
            slot.at = at
            at += columns_of(slot.sensor)
            slot.end = at
        self.row = [None] * at
        self.columns = [[None] * self.batch for _ in range(at)]
        self.gaps = [0] * self.batch
        self.n = 0
        self.room = 32 + at * (3 + 2 * self.batch)
        self.most = max(1, _MAX_FRAME_VALUES // max(1, at))

    def series(self) -> "list[Series | list[object]]":
        """All series in order, as hello declares them."""
        return [list(one) if isinstance(one, tuple) else one for slot in self.slots for one in slot.sensor.series]

    def take(self, clock: "Clock", node: "Node") -> bool:
        """Take a sample at clock's time. Whether the group is to be sent now: it is full, or a value is beyond its
        limits."""
        now = clock.now
        row = self.row
        for slot in self.slots:
            slot.read(row, now, node)
        n = self.n
        at = len(self.columns)
        while at:
            at -= 1
            self.columns[at][n] = row[at]
        if n == 0:
            self.high = clock.high
            self.low = clock.low
        else:
            self.gaps[n] = diff(now, self._last)
        self._last = now
        self.n = n + 1
        return self.n >= self.batch or (bool(self.limits) and self._urgent())

    def clear(self) -> None:
        """Forget what was taken."""
        self.n = self.part = 0

    def shift(self) -> None:
        """Forget the first `part` samples; those behind them, if any, move up."""
        part = self.part
        self.part = self.n = self.n - part
        if not self.n:
            return
        i = 1
        while i <= part:
            self.low += self.gaps[i]
            i += 1
        self.high += self.low >> 24
        self.low &= 0xFFFFFF
        for column in self.columns:
            move_up(column, part, self.n)
        move_up(self.gaps, part, self.n)

    def _urgent(self) -> bool:
        for column in self.limits:
            value = self.row[column]
            low, high = self.limits[column]
            if isinstance(value, int) and ((low is not None and value < low) or (high is not None and value > high)):
                return True
        return False

    def encode(self, w: "Writer", boot: bytes, seq: int, declaration: int) -> None:
        """Write the samples frame of the first `part` samples. BufferFullError when it is larger than the room that `w`
        has."""
        n = self.part
        encode.begin_samples(w, len(self.columns), boot, seq)
        w.split_uint(self.high, self.low)
        w.uint(declaration)
        w.uint(self.number)
        encode.times(w, self.gaps, n, self.interval_ms)
        for column in self.columns:
            if n == 1 and isinstance(column[0], int):  # the commonest case by far, in half the time
                w.integer(column[0])
            else:
                encode.column(w, column, n)
