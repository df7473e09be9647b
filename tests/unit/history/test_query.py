"""Reading history."""

import math
import threading
from contextlib import closing
from pathlib import Path

import pytest

from host_bridge.core.records import KeptSeries, SamplesRecord
from host_bridge.sinks.history import Store, StoreError
from host_bridge.sinks.history.query import DeviceRow, History
from tests.unit.history.kit import EPOCH_MS, FOREVER, FRAMES, MINUTE_MS, TEMPERATURE, event, frame, frames, group, kept

LAG = KeptSeries("device_lag_seconds", (), 2, -3, (10, 20))
FREE = [KeptSeries("device_filesystem_free_bytes", (("path", path),), 0, 0) for path in ("/", "/sd")]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "history.db"


def put(path: Path, *records: SamplesRecord, compacted: bool = False) -> None:
    """Commit the records, and make chunks of them."""
    with closing(Store.open(path, sync="normal")) as store:
        store.commit(records)
        while compacted and store.compact(0):
            pass


@pytest.mark.parametrize("compacted", [False, True])
def test_samples_come_sorted_from_whatever_they_are_kept_in(path: Path, compacted: bool) -> None:
    """Frames that arrived late are in their places."""
    put(path, *frames(group(), 300, 1000), compacted=compacted)
    put(path, *frames(group(), 0, 300), compacted=compacted)
    put(path, *frames(group(), 1000, 1100))
    assert kept(path) == list(range(1100))


def test_a_span_includes_both_its_ends(path: Path) -> None:
    """In the journal and in chunks alike; series without a sample in it are left out."""
    for compacted in (False, True):
        put(path, *frames(group("journal" if not compacted else "chunks"), 0, 100), compacted=compacted)
    with closing(History.open(path)) as history:
        for device in ("journal", "chunks"):
            (data,) = history.samples(device, "device_frames_total", EPOCH_MS + 10_000, EPOCH_MS + 20_000)
            assert data.values == list(range(10, 21))
            assert history.samples(device, "device_frames_total", EPOCH_MS + MINUTE_MS * 60, FOREVER) == []


def test_a_metric_has_its_name_with_or_without_the_prefix(path: Path) -> None:
    """Unknown names and devices have no series."""
    put(path, *frames(group(), 0, 3))
    assert kept(path, metric="device_frames_total") == kept(path, metric="frames_total") == [0, 1, 2]
    assert kept(path, metric="total") == kept(path, "roof") == []


def test_labels_choose_among_series(path: Path) -> None:
    """Without any, all series of the metric."""
    put(path, SamplesRecord(group("desk", *FREE), 1, 0, [EPOCH_MS], [1, 2], 0.0))
    with closing(History.open(path)) as history:
        chosen = history.samples("desk", "filesystem_free_bytes", 0, FOREVER, {"path": "/sd"})
        every = history.samples("desk", "filesystem_free_bytes", 0, FOREVER)
        assert [(data.series, data.values) for data in chosen] == [(FREE[1], [2])]
        assert [data.values for data in every] == [[1], [2]]
        assert history.series("desk") == FREE


def test_missing_values_and_specials_stay_what_they_are(path: Path) -> None:
    """None, NaN and infinities, compacted too."""
    values = [5, None, math.nan, math.inf, -math.inf, -5]
    record = SamplesRecord(group("desk", TEMPERATURE), 1, 0, [EPOCH_MS + i for i in range(6)], list(values), 0.0)
    put(path, record)
    put(path, record, compacted=True)
    assert list(map(repr, kept(path, metric="temperature_celsius"))) == [repr(v) for v in values for _ in range(2)]


def test_a_histogram_has_tuples(path: Path) -> None:
    """Observations of each bucket and the sum; a row in which one is missing is missing."""
    values = [1, 2, None, 4, 5, 6, 70, 80]  # column by column: two samples each
    put(path, SamplesRecord(group("desk", FRAMES, LAG), 1, 0, [EPOCH_MS, EPOCH_MS + 1], [8, 9, *values], 0.0))
    with closing(History.open(path)) as history:
        (data,) = history.samples("desk", "lag_seconds", 0, FOREVER)
    assert data.values == [None, (2, 4, 6, 80)]
    assert data.series == LAG


def test_a_series_whose_scale_changed_is_one_in_the_finer_scale(path: Path) -> None:
    """Exactly; of a histogram the sums are converted and the observations are not."""
    coarse = group("desk", KeptSeries(TEMPERATURE.name, (), 0, 0), KeptSeries(LAG.name, (), 2, -2, (1, 2)))
    fine = group("desk", TEMPERATURE, LAG)
    put(
        path,
        SamplesRecord(coarse, 1, 0, [EPOCH_MS], [21, 1, 2, 3, 4], 0.0),
        SamplesRecord(fine, 2, 0, [EPOCH_MS + 1], [2150, 1, 2, 3, 44], 0.0),
    )
    with closing(History.open(path)) as history:
        (temperature,) = history.samples("desk", "temperature_celsius", 0, FOREVER)
        (lag,) = history.samples("desk", "lag_seconds", 0, FOREVER)
    assert (temperature.series.scale, temperature.values) == (-2, [2100, 2150])
    assert (lag.series, lag.values) == (LAG, [(1, 2, 3, 40), (1, 2, 3, 44)])


def test_a_series_whose_type_changed_is_two(path: Path) -> None:
    """A counter's totals and a gauge's values have nothing in common."""
    gauge = KeptSeries(FRAMES.name, (), 0, 0)
    put(path, frame(group("desk", FRAMES), 0), frame(group("desk", gauge), 1))
    with closing(History.open(path)) as history:
        found = history.samples("desk", FRAMES.name, 0, FOREVER)
    assert {data.series: data.values for data in found} == {FRAMES: [0], gauge: [1]}


def test_equal_times_of_two_boots_are_two_samples(path: Path) -> None:
    """As two boots with wrong clocks may have them."""
    put(path, frame(group(), 0, boot=1, value=10), frame(group(), 0, boot=2, value=20), compacted=True)
    assert kept(path) == [10, 20]


def test_devices_and_events_are_found(path: Path) -> None:
    """Events in the order in which they happened, with all that they had."""
    broken = event(message="half a pair: \ud83d", at=EPOCH_MS + 1)
    with closing(Store.open(path)) as store:
        store.commit([event(at=EPOCH_MS + 2), event(), broken, *frames(group("roof"), 0, 1)])
    with closing(History.open(path)) as history:
        assert [row.device_id for row in history.devices()] == ["desk", "roof"]
        assert history.devices()[1] == DeviceRow("roof", "esp32")
        found = history.events("desk")
        assert found[0] == event()
        assert [one.message for one in found] == ["hello", "half a pair: ?", "hello"]
        assert history.events("desk", EPOCH_MS + 2, EPOCH_MS + 2) == [event(at=EPOCH_MS + 2)]


def test_a_reader_sees_whole_commits_while_a_bridge_writes(path: Path) -> None:
    """And each sample once, while the journal becomes chunks under its eyes."""
    stop = threading.Event()
    trouble: list[str] = []

    def read() -> None:
        with closing(History.open(path)) as history:
            before = 0
            while not stop.is_set():
                found = history.samples("desk", FRAMES.name, 0, FOREVER)
                values = [value for data in found for value in data.values]
                if values != list(range(len(values))) or len(values) % 10 or len(values) < before:
                    trouble.append(f"{len(values)} after {before}: {values[:20]}")
                before = len(values)

    with closing(Store.open(path, sync="normal")) as store:
        store.commit(frames(group(), 0, 10))
        reader = threading.Thread(target=read)
        reader.start()
        desk = group()
        for first in range(10, 6_000, 10):
            store.commit(frames(desk, first, first + 10))
            store.compact(first * 10_000, 0.0)
        stop.set()
        reader.join(10)
    assert trouble == []
    assert not reader.is_alive()


def test_what_is_no_history_is_said_to_be_none(tmp_path: Path) -> None:
    """A missing file, and a file of somebody else; neither is made nor changed."""
    with pytest.raises(StoreError, match="does not exist"):
        History.open(tmp_path / "missing.db")
    other = tmp_path / "other.db"
    other.write_text("notes")
    with pytest.raises(StoreError, match="is no history"):
        History.open(other)
    assert list(tmp_path.iterdir()) == [other]
