"""What the bridge takes up of its store at a start."""

import time
from pathlib import Path

import pytest

from host_bridge.core.actions import Action
from host_bridge.core.records import DeviceRecord, KeptDevice
from host_bridge.options import HistoryOptions
from host_bridge.sinks.history import Store
from host_bridge.storage import DAY_S, Storage

MAX_AGE_DAYS = 30.0


def seen_after(path: Path) -> float:
    """From when on a starting bridge knows its boards still."""
    told: list[float] = []

    def restore(kept: list[KeptDevice], after: float) -> list[Action]:
        assert [device.device_id for device in kept] == ["desk"]
        told.append(after)
        return []

    options = HistoryOptions(path, max_age_days=MAX_AGE_DAYS)
    storage = Storage(options, None, release=lambda _: None, write=lambda _: None, version="", restore=restore)
    assert storage.writer is not None
    storage.writer._store.close()
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
