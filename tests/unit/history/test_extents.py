"""What there is of each series."""

from contextlib import closing
from dataclasses import replace
from pathlib import Path

from host_bridge.core.records import EventRecord, KeptSeries, SamplesRecord
from host_bridge.sinks.history import Store
from host_bridge.sinks.history.extents import Extent
from host_bridge.sinks.history.query import History
from tests.unit.history.kit import EPOCH_MS, FOREVER, FRAMES, TEMPERATURE, event, frames, group


def put(path: Path, *records: SamplesRecord | EventRecord, compacted: bool = False) -> None:
    """Commit the records, and make chunks of all that there is."""
    with closing(Store.open(path, sync="normal")) as store:
        store.commit(records)
        while compacted and store.compact(FOREVER):
            pass


def extents(path: Path, device_id: str = "") -> list[Extent]:
    """As a reader gets them."""
    with closing(History.open(path)) as history:
        return history.extents(device_id)


def extent(series: KeptSeries, first: int, last: int, samples: int, device_id: str = "desk") -> Extent:
    """From sample number `first` to number `last`."""
    return Extent(device_id, series, EPOCH_MS + 1000 * first, EPOCH_MS + 1000 * last, samples)


def test_chunks_and_journal_count_together_and_nothing_twice(tmp_path: Path) -> None:
    """Late frames, too."""
    path = tmp_path / "history.db"
    put(path, *frames(group(), 300, 1000), compacted=True)
    put(path, *frames(group(), 1000, 1010), *frames(group(), 5, 10))
    with closing(History.open(path)) as history:
        (data,) = history.samples("desk", FRAMES.name, 0, FOREVER)
    assert extents(path) == [extent(FRAMES, 5, 1009, len(data.times)), extent(TEMPERATURE, 5, 1009, 715)]


def test_a_series_in_several_groups_is_one(tmp_path: Path) -> None:
    """A board that declares itself anew, here also with another scale, goes on with it."""
    path = tmp_path / "history.db"
    finer = replace(TEMPERATURE, scale=-3)
    put(path, *frames(group("desk", TEMPERATURE), 0, 10), *frames(group("desk", finer, FRAMES), 10, 15))
    assert extents(path) == [extent(FRAMES, 10, 14, 5), extent(finer, 0, 14, 15)]


def test_devices_are_apart_and_one_without_samples_has_none(tmp_path: Path) -> None:
    """In the order of their names."""
    path = tmp_path / "history.db"
    put(path, *frames(group("roof", FRAMES), 0, 2), *frames(group("desk", FRAMES), 1, 4), event("attic"))
    desk, roof = extent(FRAMES, 1, 3, 3), extent(FRAMES, 0, 1, 2, "roof")
    assert extents(path) == [desk, roof]
    assert extents(path, "roof") == [roof]
    assert extents(path, "attic") == extents(path, "nobody") == []
