"""What a restarted bridge finds."""

import tempfile
from contextlib import closing
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from host_bridge.core.records import BootRecord, DeviceRecord, HelloRecord, KeptBoot, KeptDevice, Record
from host_bridge.sinks.history import Store
from tests.support.kept import Memory
from tests.unit.history.kit import frames, group


def after(path: Path, *batches: list[Record]) -> list[KeptDevice]:
    """What is loaded after these commits and a restart."""
    with closing(Store.open(path)) as store:
        for batch in batches:
            store.commit(batch)
    with closing(Store.open(path)) as store:
        return store.load()


def test_devices_come_back_with_their_boots_and_hellos(tmp_path: Path) -> None:
    """The last state of each; hellos in the order in which they came."""
    first: list[Record] = [
        BootRecord("desk", 1, b"old"),
        HelloRecord("desk", 1, 1, b"hello 1"),
        HelloRecord("desk", 1, 2, b"hello 2"),
        DeviceRecord("desk", "esp32", b"device", (1,)),
    ]
    second: list[Record] = [
        BootRecord("desk", 1, b"new"),
        HelloRecord("desk", 1, 1, b"hello 1 again"),
        BootRecord("desk", 2, b"second"),
        DeviceRecord("desk", "esp32", b"device 2", (1, 2)),
    ]
    boots = (KeptBoot(1, b"new", (b"hello 2", b"hello 1 again")), KeptBoot(2, b"second", ()))
    assert after(tmp_path / "history.db", first, second) == [KeptDevice("desk", b"device 2", boots)]


def test_boots_that_a_device_no_longer_has_are_forgotten(tmp_path: Path) -> None:
    """With their hellos; other devices' stay."""
    batches: list[list[Record]] = [
        [
            record
            for device in ("desk", "roof")
            for record in (
                BootRecord(device, 1, b"one"),
                HelloRecord(device, 1, 1, b"hello"),
                DeviceRecord(device, "esp32", b"state", (1,)),
            )
        ],
        [DeviceRecord("desk", "esp32", b"state", (2,)), BootRecord("desk", 2, b"two")],
    ]
    desk, roof = after(tmp_path / "history.db", *batches)
    assert desk.boots == (KeptBoot(2, b"two", ()),)
    assert roof.boots == (KeptBoot(1, b"one", (b"hello",)),)


def test_a_device_that_has_samples_only_has_no_state_to_restore(tmp_path: Path) -> None:
    """The core never gave one."""
    assert after(tmp_path / "history.db", [*frames(group(), 0, 3)]) == []


RECORDS = st.one_of(
    st.builds(BootRecord, st.just("desk"), st.integers(1, 3), st.binary(max_size=2)),
    st.builds(
        DeviceRecord, st.just("desk"), st.just("rp2"), st.binary(max_size=2), st.sampled_from([(1,), (1, 2), ()])
    ),
    st.builds(BootRecord, st.just("roof"), st.integers(1, 3), st.binary(max_size=2)),
)


@settings(max_examples=50, deadline=None)
@given(st.lists(RECORDS, max_size=12), st.integers(1, 12))
def test_a_batch_has_the_effect_of_its_records_one_after_the_other(records: list[Record], size: int) -> None:
    """However they are divided into transactions."""
    memory = Memory()
    memory.commit(records)
    with tempfile.TemporaryDirectory() as folder:
        batches = [records[i : i + size] for i in range(0, len(records), size)]
        found = after(Path(folder) / "history.db", *batches)
    assert {device.device_id: device for device in found} == {device.device_id: device for device in memory.load()}
