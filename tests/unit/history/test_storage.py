"""What the bridge takes up of its store at a start, and how it waits for it."""

import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from host_bridge import storage
from host_bridge.core.actions import Action
from host_bridge.core.records import DeviceRecord, KeptDevice, Record, SamplesRecord
from host_bridge.options import HistoryOptions
from host_bridge.sinks.history import Store
from host_bridge.storage import DAY_S, Storage
from tests.support.waiting import until
from tests.unit.history.kit import frame, group

MAX_AGE_DAYS = 30.0
DESK = group()


def seen_after(path: Path) -> float:
    """From when on a starting bridge knows its boards still."""
    told: list[float] = []

    def restore(kept: list[KeptDevice], after: float) -> list[Action]:
        assert [device.device_id for device in kept] == ["desk"]
        told.append(after)
        return []

    options = HistoryOptions(path, max_age_days=MAX_AGE_DAYS)
    opened = Storage(options, None, release=lambda _: None, write=lambda _: None, version="", restore=restore)
    assert opened.writer is not None
    opened.writer._store.close()
    (after,) = told
    return after


@pytest.mark.parametrize("ahead_days", [0.0, 3650.0, -3650.0])
def test_boards_are_not_forgotten_for_a_clock_that_leapt(tmp_path: Path, ahead_days: float) -> None:
    """What has come of them would be taken, and counted, for new. Here the store was used before the clock leapt."""
    path = tmp_path / "history.db"
    now = time.time()
    before = now - ahead_days * DAY_S
    store = Store.open(path)
    store.believe(int(before * 1000), 0, MAX_AGE_DAYS * DAY_S)
    store.commit([DeviceRecord("desk", "esp32", b"{}", ())])
    store.close()
    assert seen_after(path) == pytest.approx(min(before, now) - MAX_AGE_DAYS * DAY_S, abs=30)


def test_boards_of_long_ago_are_forgotten(tmp_path: Path) -> None:
    """Once it is believed that it is long ago."""
    path = tmp_path / "history.db"
    now = time.time()
    store = Store.open(path)
    store.believe(int((now - 365 * DAY_S) * 1000), 0, MAX_AGE_DAYS * DAY_S)
    store.commit([DeviceRecord("desk", "esp32", b"{}", ())])
    store.believe(int(now * 1000), 7 * DAY_S * 1000, MAX_AGE_DAYS * DAY_S)
    store.close()
    assert seen_after(path) == pytest.approx(now - MAX_AGE_DAYS * DAY_S, abs=30)


class Rig:
    """A storage whose commits do what they are told to: wait."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.takes_s = 0.0
        self.hangs = threading.Event()
        commit = Store.commit

        def slow(store: Store, records: Sequence[Record], outgoing: Sequence[SamplesRecord] = ()) -> None:
            time.sleep(self.takes_s)
            while self.hangs.is_set():
                time.sleep(0.01)
            commit(store, records, outgoing)

        monkeypatch.setattr(Store, "commit", slow)
        monkeypatch.setattr(storage, "ENOUGH", 100)
        self.storage = Storage(
            HistoryOptions(folder / "history.db", sync="normal"),
            None,
            release=lambda _: None,
            write=lambda _: None,
            version="",
            restore=lambda kept, after: (),
        )
        self.storage.start(lambda task: None)

    def submit(self, first: int) -> bool:
        """Fifty frames from number `first` on."""
        return self.storage.submit([frame(DESK, number) for number in range(first, first + 50)], [])


@pytest.fixture
def rig(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Rig]:
    made = Rig(tmp_path, monkeypatch)
    yield made
    made.hangs.clear()
    assert made.storage.stop(5)


def test_more_than_a_store_that_works_can_take_is_waited_with(rig: Rig) -> None:
    """So the engine's queue fills, and brokers hold what comes. Nothing is shown without being kept, to come again."""
    rig.takes_s = 0.1
    began = time.monotonic()
    for first in range(0, 500, 50):
        assert rig.storage.ready
        assert rig.submit(first)
        assert rig.storage.state == "ok"
    assert time.monotonic() - began > 0.3
    assert rig.storage.writer is not None
    assert rig.storage.writer.queue_depth <= 100


def test_a_store_that_hangs_is_not_waited_for(rig: Rig) -> None:
    """For less than a second; then boards are shown, and what waits is bounded."""
    rig.hangs.set()
    first = 0
    began = time.monotonic()
    while rig.storage.ready:
        rig.submit(first)
        first += 50
        assert first < 500
    assert time.monotonic() - began < 1.5
    assert "too slow" in rig.storage.state
    until(lambda: rig.storage.ready or "has not answered" in rig.storage.state, 5)
    assert not rig.storage.ready
    rig.hangs.clear()
    until(lambda: rig.storage.ready)
    assert rig.storage.state == "ok"
