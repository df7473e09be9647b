"""Sensors that are sampled together, and the columns in which their samples wait for a frame."""

from boardpulse.clock import diff
from boardpulse.compat import const, ticks_diff, ticks_us
from shared_schema import encode

TYPE_CHECKING = const(0)
if TYPE_CHECKING:
    from collections.abc import Callable

    from boardpulse.clock import Clock
    from boardpulse.node import Node
    from boardpulse.protocols import Row, Sensor, Series
    from shared_schema.cbor import Writer

_BUDGET_MS = const(100)
_MAX_FRAME_VALUES = const(65536)
_MAX = 1 << 53
_MIN = -_MAX


def width(series: "Series") -> int:
    """How many columns a series takes: a custom histogram its buckets and two more, a sensor's other series one."""
    if isinstance(series, dict) and 7 in series:
        return len(series[7]) + 2
    return 1


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
        self.wait_ms = 0
        self.retry_at = 0

    def read(self, row: "Row", now: int, node: "Node") -> None:
        """Fill this sensor's part of the row. node.sensor_report hears of the first failure and of recovery."""
        if self.failures and diff(now, self.retry_at) < 0:
            return self.blank(row)
        judged = False
        fault: Exception | None = None
        start = ticks_us()
        try:
            self.sensor.read(row, self.at)
            self.took_us = ticks_diff(ticks_us(), start)
            judged = self.failures > 0 or self.took_us > self.budget_us or not self.plausible(row)
        except Exception as error:  # noqa: BLE001  # whatever a driver raises must not stop the other sensors
            fault = error
        if judged or fault is not None:
            try:
                from boardpulse.failing import judge

                judge(self, row, now, node, fault)
            except Exception:  # noqa: BLE001  # no heap to say it in: the value is missing, and the count tells
                self.errors += 1
                self.blank(row)
        return None

    def plausible(self, row: "Row") -> bool:
        """Whether every value is an integer of up to 2**53 (a bool is none), None, NaN or an infinity."""
        at = self.at
        while at < self.end:
            value = row[at]
            at += 1
            if value is None or (type(value) is int and _MIN <= value <= _MAX):
                continue
            if not isinstance(value, float) or value - value == 0:
                return False
        return True

    def blank(self, row: "Row") -> None:
        """None for each column."""
        at = self.at
        while at < self.end:
            row[at] = None
            at += 1


def columns_of(sensor: "Sensor") -> int:
    """How many columns a sensor fills."""
    count: int = getattr(sensor, "columns", 0)
    return count or sum([width(series) for series in sensor.series])


class Group:
    """Columns of up to `batch` samples, taken every `interval_ms`. `number` is its position in hello."""

    def __init__(self, interval_ms: int, batch: int, label: str = "") -> None:
        self.interval_ms = interval_ms
        self.batch = batch
        self.label = label
        self.number = 0
        self.since = 0  # the first frame with this interval
        self.cost = 0  # hundredths of a byte that a sample takes in the outbox
        self.slots: list[Slot] = []
        self.limits: dict[int, tuple[int | None, int | None]] = {}
        self.urgent: Callable[[Group], bool] | None = None  # set with the limits
        self._batches: Callable[..., None] | None = None
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

    def admit(self, sensor: "Sensor") -> None:
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
        self.cost = self.cost or self.room * 100 // self.batch
        self.most = max(1, _MAX_FRAME_VALUES // max(1, at))
        if self.batch > 1:
            from shared_schema.batches import write

            self._batches = write

    def declared(self) -> "list[Series | list[object]]":
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
        return self.n >= self.batch or (self.urgent is not None and self.urgent(self))

    def clear(self) -> None:
        """Forget what was taken."""
        self.n = self.part = 0

    def encode(self, w: "Writer", boot: bytes, seq: int, declaration: int) -> None:
        """Write the samples frame of the first `part` samples. BufferFullError when it is larger than the room that `w`
        has."""
        n = self.part
        encode.begin_samples(w, len(self.columns), boot, seq)
        w.split_uint(self.high, self.low)
        w.uint(declaration)
        w.uint(self.number)
        if n > 1 and self._batches is not None:
            self._batches(w, self.columns, self.gaps, n, self.interval_ms)
            return
        w.uint(1)
        for column in self.columns:
            value = column[0]
            if isinstance(value, int):  # the commonest case by far, in half the time
                w.integer(value)
            else:
                w.number(value)
