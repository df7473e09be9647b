"""What goes, and what stays."""

import random
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from host_bridge.sinks.history import Store, retention
from host_bridge.sinks.history.query import History
from host_bridge.sinks.history.retention import SPARE_PAGES, Retained
from host_bridge.sinks.history.schema import SPOOL_BYTES
from tests.unit.history.kit import EPOCH_MS, event, frame, frames, group, kept

DESK = group()
ENDLESS = 1 << 50


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = Store.open(tmp_path / "history.db", sync="normal")
    yield made
    made.close()


def value_of(n: int) -> int:
    """The value of frame n, which follows from no other's."""
    return random.Random(n).getrandbits(40)


def fill(store: Store, count: int) -> None:
    """Frames in chunks of 256; values that do not compress."""
    for first in range(0, count, 256):
        store.commit([frame(DESK, n, value=value_of(n)) for n in range(first, first + 256)])
        while store.compact(EPOCH_MS):
            pass


def retained(store: Store, age_s: float, max_bytes: int = ENDLESS, now_ms: int = EPOCH_MS) -> Retained:
    """All slices together."""
    whole = Retained(more=True)
    for _ in range(10_000):
        if not whole.more:
            break
        gone = store.retain(now_ms, age_s, max_bytes, 0.0)
        whole = Retained(whole.samples + gone.samples, whole.events + gone.events, gone.more, gone.full)
    return whole


def test_what_is_too_old_goes(store: Store) -> None:
    """A chunk goes when its last sample is too old; so does an event."""
    fill(store, 1024)
    store.commit([event(), event(at=EPOCH_MS + 600_000)])
    now_ms = EPOCH_MS + 3_600_000
    gone = retained(store, 3600 - 520, now_ms=now_ms)  # to before 520 s: two chunks of 256 s
    assert (gone.samples, gone.events) == (2 * 512, 1)
    assert len(kept(store.path)) == 512
    with closing(History.open(store.path)) as history:
        assert history.events("desk") == [event(at=EPOCH_MS + 600_000)]


def test_what_is_young_enough_stays(store: Store) -> None:
    """All of it, however often one asks."""
    fill(store, 512)
    assert retained(store, 3600) == Retained()
    assert len(kept(store.path)) == 512


def test_what_does_not_fit_goes_oldest_first(store: Store) -> None:
    """The file becomes smaller, too, to within the spare pages."""
    fill(store, 256 * 400)
    assert pages(store)[0] * 4096 > 1 << 20
    limit = 1 << 19
    gone = retained(store, 10**9, limit)
    values = kept(store.path)
    missing = 256 * 400 - len(values)
    assert gone.samples == 2 * missing
    assert values == [value_of(n) for n in range(missing, 256 * 400)]
    assert 256 * 60 < len(values) < 256 * 300
    path = store.path
    store.close()  # the log goes into the file
    assert path.stat().st_size < limit * 1.1 + 300 * 4096


def test_what_waits_for_remote_write_costs_the_history_nothing(store: Store) -> None:
    """A server that is away for days; and the file is within both bounds together, and the spare pages."""
    fill(store, 256 * 100)
    limit = retention.live_bytes(store._database) + 100_000
    for first in range(0, 10_000, 1000):
        waits = [frame(DESK, n, value=value_of(n)) for n in range(first, first + 1000)]
        store.commit([], waits)
    (spooled,) = store._database.all(SPOOL_BYTES)[0]
    assert spooled > 5 * 100_000  # type: ignore[operator]
    before = kept(store.path)
    assert retained(store, 10**9, limit) == Retained()
    assert kept(store.path) == before
    fill(store, 256 * 100)
    assert retained(store, 10**9, limit).samples > 0
    path = store.path
    store.close()
    assert path.stat().st_size < (limit + spooled) / 0.9 + (SPARE_PAGES + 1) * 4096  # type: ignore[operator]


def pages(store: Store) -> tuple[int, int]:
    """Of the file, and those of them that are free."""
    return store._database.pragma("page_count"), store._database.pragma("freelist_count")


def test_room_of_what_went_is_given_back(store: Store) -> None:
    """To the file system, in slices, but for a tenth and a megabyte; then there is nothing more to do."""
    fill(store, 256 * 800)
    before, _ = pages(store)
    assert before > 2 * SPARE_PAGES
    calls = 0
    while store.retain(EPOCH_MS + 10**10, 0, ENDLESS).more:
        calls += 1
        assert calls < 100
    after, free = pages(store)
    assert free <= SPARE_PAGES + after // 10
    assert after < before // 2


def test_a_file_that_cannot_shrink_is_not_asked_to_for_ever(store: Store) -> None:
    """One of an earlier version: what is free in it is written again."""
    fill(store, 256 * 800)
    connection = store._database.connection
    for statement in ("journal_mode = DELETE", "auto_vacuum = NONE"):
        connection.execute(f"PRAGMA {statement}")
    connection.execute("VACUUM")
    connection.execute("PRAGMA journal_mode = WAL")
    assert store._database.pragma("auto_vacuum") == 0
    assert not retained(store, 0, now_ms=EPOCH_MS + 10**10).more
    assert pages(store)[1] > 1.5 * SPARE_PAGES


def test_a_journal_that_does_not_fit_is_compacted_early(store: Store) -> None:
    """Then it can be deleted like everything else."""
    many = [group(f"desk{i}") for i in range(200)]
    for number in range(100):
        store.commit([frame(one, number) for one in many])
    assert not store.compact(EPOCH_MS)
    limit = 500_000
    assert retained(store, 10**9, limit).full
    while store.compact(EPOCH_MS):
        pass
    assert store.journal_rows == 0
    assert not retained(store, 10**9, limit).full


def test_a_slice_is_short(store: Store) -> None:
    """One that has no time does little, and says that there is more."""
    fill(store, 256 * 100)
    gone = store.retain(EPOCH_MS + 10**10, 0, ENDLESS, 0.0)
    assert gone.more
    assert 0 < gone.samples <= 64 * 512


def test_compaction_waits_until_a_group_has_enough_or_is_old(store: Store) -> None:
    """256 rows, or ten minutes."""
    store.commit(frames(DESK, 0, 255))
    store.compact(EPOCH_MS)
    assert store.journal_rows == 255
    store.commit(frames(DESK, 255, 256))
    store.compact(EPOCH_MS)
    assert store.journal_rows == 0
    store.commit(frames(DESK, 256, 260))
    store.compact(EPOCH_MS + 256_000 + 599_000)
    assert store.journal_rows == 4
    store.compact(EPOCH_MS + 256_000 + 610_000)
    assert store.journal_rows == 0
    assert kept(store.path) == list(range(260))
