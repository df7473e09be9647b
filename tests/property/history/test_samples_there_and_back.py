"""Whatever is put in, in whatever order things are done to the store, comes back."""

import math
import tempfile
from collections import Counter
from contextlib import closing
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from host_bridge.core.records import KeptGroup, KeptSeries, SamplesRecord, Value
from host_bridge.sinks.history import Store
from host_bridge.sinks.history.coding import decode_row, encode_row, to_values
from host_bridge.sinks.history.columns import pack, unpack
from host_bridge.sinks.history.query import History

EPOCH_MS = 1_700_000_000_000
HOUR_MS = 3_600_000
GREATEST = 1 << 60  # totals over boots are beyond 2**53

TEMPERATURE = KeptSeries("device_temperature_celsius", (("sensor", "chip"),), 0, -2)
COARSE = KeptSeries("device_temperature_celsius", (("sensor", "chip"),), 0, 0)
FRAMES = KeptSeries("device_frames_total", (), 1, 0)
LAG = KeptSeries("device_lag_seconds", (), 2, -3, (10, 20))
GROUPS = [
    KeptGroup("one", "esp32", (TEMPERATURE, FRAMES)),
    KeptGroup("one", "esp32", (FRAMES, LAG)),
    KeptGroup("one", "esp32", (COARSE,)),
    KeptGroup("two", "rp2", (TEMPERATURE,)),
]

SPECIALS: list[Value] = [None, math.nan, math.inf, -math.inf]
INTEGERS = st.integers(-GREATEST, GREATEST) | st.integers(-300, 300)
VALUES = INTEGERS | st.sampled_from(SPECIALS)
COLUMNS = st.lists(VALUES, min_size=1, max_size=300) | st.integers(1, 300).flatmap(
    lambda n: st.sampled_from(SPECIALS).map(lambda value: [value] * n)
)


@st.composite
def records(draw: st.DrawFn) -> SamplesRecord:
    """A frame of one of the groups, now or hours ago, of any boot."""
    group = draw(st.sampled_from(GROUPS))
    n = draw(st.sampled_from([1, 1, 1, 2, 5, 700]))
    first = EPOCH_MS + draw(st.integers(-50, 50)) * HOUR_MS // 10
    step = draw(st.sampled_from([0, 1, 1000]))
    width = sum(series.width for series in group.series)
    cells = draw(st.lists(INTEGERS if LAG in group.series else VALUES, min_size=1, max_size=12))
    values = [cells[i % len(cells)] for i in range(n * width)]
    return SamplesRecord(
        group, draw(st.integers(1, 3)), 0, [first + i * step for i in range(n)], values, EPOCH_MS / 1000
    )


STEPS = st.lists(
    st.tuples(st.just("commit"), st.lists(records(), min_size=1, max_size=4))
    | st.tuples(st.just("often"), st.integers(200, 300))
    | st.tuples(st.just("compact"), st.sampled_from([0.0, 1.0]))
    | st.tuples(st.just("age"), st.sampled_from([0.0, 1.0]))
    | st.tuples(st.just("retain"), st.integers(-55, 55))
    | st.tuples(st.just("reopen"), st.none()),
    min_size=1,
    max_size=8,
)


class Model:
    """The store, and beside it a plain list of what it was given."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "history.db"
        self.store = Store.open(self.path, sync="normal")
        self.given: dict[tuple[str, str], list[tuple[int, object]]] = {}
        self.cutoff = 0
        self.now = EPOCH_MS

    def commit(self, batch: list[SamplesRecord]) -> None:
        self.store.commit(batch)
        for record in batch:
            n, first = len(record.times), 0
            for series in record.group.series:
                columns = [record.values[(first + i) * n : (first + i + 1) * n] for i in range(series.width)]
                values = columns[0] if series.width == 1 else list(zip(*columns, strict=True))
                first += series.width
                finest = [value * 100 if series is COARSE and type(value) is int else value for value in values]
                kept = self.given.setdefault((record.group.device_id, series.name), [])
                kept += zip(record.times, finest, strict=True)

    def often(self, n: int) -> None:
        for i in range(0, n, 50):
            self.commit(
                [SamplesRecord(GROUPS[0], 1, j, [EPOCH_MS + j], [j, None], EPOCH_MS / 1000) for j in range(i, i + 50)]
            )

    def compact(self, budget_s: float) -> None:
        self.store.compact(self.now, budget_s)

    def age(self, budget_s: float) -> None:
        self.now += HOUR_MS
        self.store.compact(self.now, budget_s)

    def retain(self, tenths: int) -> None:
        self.cutoff = max(self.cutoff, EPOCH_MS + tenths * HOUR_MS // 10 + 1)
        age_s = (self.now - self.cutoff) / 1000
        while self.store.retain(self.now, age_s, 1 << 40).more:
            pass

    def close(self) -> None:
        self.store.close()

    def reopen(self, _: None) -> None:
        self.store.close()
        self.store = Store.open(self.path, sync="normal")

    def check(self) -> None:
        """Everything since the cutoff is there once; of what is before, nothing that was never put in."""
        with closing(History.open(self.path)) as history:
            for (device, name), given in self.given.items():
                found: list[tuple[int, object]] = []
                for data in history.samples(device, name, 0, 1 << 60):
                    assert data.times == sorted(data.times)
                    # Where only the coarse series is left, nothing says that there was a finer one.
                    factor = 100 if data.series == COARSE else 1
                    values = [value * factor if type(value) is int else value for value in data.values]
                    found += zip(data.times, values, strict=True)
                expected, actual = (Counter(map(_comparable, pairs)) for pairs in (given, found))
                assert actual <= expected
                assert all(time < self.cutoff for time, _ in expected - actual)


def _comparable(pair: tuple[int, object]) -> tuple[int, str]:
    return pair[0], repr(pair[1])


@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(STEPS)
def test_what_is_put_in_comes_back_whatever_is_done_meanwhile(steps: list[tuple[str, object]]) -> None:
    """Commits, compactions of any length, retention and restarts in any order lose and double nothing."""
    with tempfile.TemporaryDirectory() as folder:
        model = Model(Path(folder))
        with closing(model):
            for name, argument in steps:
                getattr(model, name)(argument)
                model.check()


@given(COLUMNS, st.integers(0, GREATEST))
def test_a_row_of_the_journal_is_read_as_it_was_written(values: list[Value], t0: int) -> None:
    """Times, integers, missing values, NaN and infinities."""
    times = [t0 + i for i in range(len(values))]
    found, numbers = decode_row(t0, len(times), encode_row(times, values))
    assert found == times
    assert list(map(repr, to_values(numbers))) == list(map(repr, values))


@given(COLUMNS)
def test_a_column_is_unpacked_as_it_was_packed(values: list[Value]) -> None:
    """Also one in which the differences do not fit, or nothing but specials is."""
    numbers = decode_row(0, 1, encode_row([0], values))[1]
    assert unpack(pack(numbers), len(numbers)) == list(numbers)


@given(st.lists(st.integers(-(2**63) + 4, 2**63 - 1), min_size=1, max_size=50))
def test_differences_beyond_int64_are_no_trouble(values: list[Value]) -> None:
    """Then the numbers themselves are kept."""
    numbers = decode_row(0, 1, encode_row([0], values))[1]
    assert unpack(pack(numbers), len(numbers)) == values
