"""The writer on the store's own table: from a commit to the server."""

import math
import sqlite3
import threading
from collections.abc import Generator
from pathlib import Path

import pytest

from host_bridge.core.records import KeptGroup, SamplesRecord, Value
from host_bridge.options import RemoteWriteOptions
from host_bridge.sinks.history.schema import STEPS
from host_bridge.sinks.history.store import Store
from host_bridge.sinks.remote_write.due import outgoing_of
from host_bridge.sinks.remote_write.samples import Names, samples_of
from host_bridge.sinks.remote_write.spool import Spool
from host_bridge.sinks.remote_write.writer import BATCH_ROWS
from tests.support.remote_write import DURATION, ENERGY, NOW_MS, NOW_S, TAKEN, TEMPERATURE, Receiver, Reply, row
from tests.support.waiting import until
from tests.unit.remote_write.conftest import Start

GROUP = KeptGroup("pico-1", "rp2", (TEMPERATURE, ENERGY))
ENDLESS = 1 << 50
HISTOGRAM = KeptGroup("pico-2", "", (DURATION,))


def record(seq: int, group: KeptGroup = GROUP, n: int = 2, values: list[Value] | None = None) -> SamplesRecord:
    """A frame, whose values tell which it is."""
    times = [NOW_MS - 900_000 + 1000 * (seq * n + k) for k in range(n)]
    numbers: list[Value] = [seq * 100 + k for k in range(n * len(group.series))]
    return SamplesRecord(group, 7, seq, times, numbers if values is None else values, NOW_S)


@pytest.fixture
def store(tmp_path: Path) -> Generator[Store]:
    """A store in a file."""
    store = Store.open(tmp_path / "history.db")
    yield store
    store.close()


@pytest.fixture
def spool(store: Store) -> Generator[Spool]:
    """On the same file, with room for 5 rows."""
    spool = Spool(store.path, 5, ENDLESS)
    yield spool
    spool.close()


def commit(store: Store, *records: SamplesRecord) -> None:
    """Keep the records, and send them."""
    store.commit(records, records)


def test_rows_come_back_as_they_were_committed(store: Store, spool: Spool) -> None:
    """Series, times and values, specials and missing ones, of groups of any kind."""
    special = record(1, values=[None, math.inf, -math.inf, 5])
    histogram = record(2, HISTOGRAM, 1, [1, 2, 3, 4_000_000])
    assert spool.outgoing_batch(10) == []
    assert spool.outgoing_rows() == 0
    commit(store, record(0), special, histogram)
    rows = spool.outgoing_batch(10)
    assert [(row.device_id, row.platform, row.series, row.times, row.values) for row in rows] == [
        (one.group.device_id, one.group.platform, one.group.series, one.times, one.values)
        for one in (record(0), special, histogram)
    ]
    assert all(row.is_whole for row in rows)


def test_what_is_not_due_is_not_there(store: Store, spool: Spool) -> None:
    """The store decides what goes out."""
    store.commit([record(0), record(1)], [record(1)])
    assert [row.values for row in spool.outgoing_batch(10)] == [record(1).values]


def test_what_is_done_is_gone_also_after_a_restart(store: Store, spool: Spool) -> None:
    """Up to an id, and what comes later never has that id."""
    commit(store, *map(record, range(4)))
    first = spool.outgoing_batch(2)
    spool.outgoing_done(first[1].id)
    assert spool.outgoing_rows() == 2
    spool.outgoing_done(spool.outgoing_batch(9)[-1].id)
    commit(store, record(9))
    spool.close()
    again = Spool(store.path, 5, ENDLESS)
    (row,) = again.outgoing_batch(9)
    again.close()
    assert row.values == record(9).values
    assert row.id > first[-1].id + 2


def test_beyond_the_bound_the_oldest_that_is_not_in_hand_goes(store: Store, spool: Spool) -> None:
    """In hand is what was given out and is not done."""
    commit(store, *map(record, range(9)))
    in_hand = spool.outgoing_batch(2)
    assert [row.values for row in spool.outgoing_trim()] == [record(seq).values for seq in (2, 3, 4, 5)]
    assert spool.outgoing_trim() == ()
    assert spool.outgoing_rows() == 5
    spool.outgoing_done(in_hand[-1].id)
    assert [row.values for row in spool.outgoing_batch(9)] == [record(seq).values for seq in (6, 7, 8)]


@pytest.mark.parametrize("n", [1, 10, 120, 140, 250, 251, 300, 1000])
def test_the_bytes_are_those_of_the_file(store: Store, n: int) -> None:
    """Within a quarter, for frames of any length; after all are sent it is 0 again."""
    spool = Spool(store.path, 1 << 30, ENDLESS)
    commit(store, record(0, n=n))
    before, counted = used(store), spool.outgoing_bytes()
    for _ in range(8):
        store.commit([], [record(seq, n=n) for seq in range(50)])
    taken = used(store) - before
    assert 0.75 * taken - 8192 <= spool.outgoing_bytes() - counted <= 1.25 * taken + 8192
    spool.outgoing_done(1 << 40)
    assert spool.outgoing_bytes() == 0
    spool.close()


def used(store: Store) -> int:
    """Bytes of the file's pages."""
    return store._database.pragma("page_count") * store._database.pragma("page_size")


def test_beyond_the_bytes_the_oldest_that_is_not_in_hand_goes(store: Store) -> None:
    """As many as it takes, not one more."""
    commit(store, *map(record, range(9)))
    spool = Spool(store.path, 1000, ENDLESS)
    each, remainder = divmod(spool.outgoing_bytes(), 9)
    assert remainder == 0
    spool.close()
    spool = Spool(store.path, 1000, 6 * each - 1)
    spool.outgoing_batch(2)
    assert [row.values for row in spool.outgoing_trim()] == [record(seq).values for seq in (2, 3, 4, 5)]
    assert spool.outgoing_trim() == ()
    assert spool.outgoing_bytes() == 5 * each
    spool.close()


def test_what_is_in_hand_stays_though_it_is_too_large_alone(store: Store) -> None:
    """It is on its way."""
    commit(store, *map(record, range(3)))
    spool = Spool(store.path, 1000, 1)
    spool.outgoing_batch(3)
    assert spool.outgoing_trim() == ()
    assert spool.outgoing_rows() == 3
    spool.close()


def test_a_server_that_is_away_costs_frames_by_their_bytes_and_each_sample_is_counted(
    store: Store, start: Start
) -> None:
    """What is given up and what arrives is all that there was."""
    away = threading.Event()
    frames = 400
    with Receiver(lambda series: TAKEN if away.is_set() else Reply(503)) as server:
        for first in range(0, frames, 100):
            commit(store, *(record(seq) for seq in range(first, first + 100)))
        spool = Spool(store.path, 1 << 30, 25_000)
        writer = start(server.url, spool)
        until(lambda: writer.stats.retries >= 2 and writer.stats.dropped["spool_full"])
        away.set()
        until(lambda: writer.stats.sent and writer.stats.spool_rows == 0)
        assert writer.stats.sent + writer.stats.dropped["spool_full"] == 4 * frames
        assert BATCH_ROWS <= 25_000 // 100 + 6 < writer.stats.sent // 4 <= 25_000 // 70


def test_an_older_file_knows_what_waits_in_it(tmp_path: Path) -> None:
    """One of before the sum was kept."""
    path = tmp_path / "old.db"
    store = Store.open(path, steps=STEPS[:2])
    commit(store, *map(record, range(7)))
    store.close()
    Store.open(path).close()
    new = Store.open(tmp_path / "new.db")
    commit(new, *map(record, range(7)))
    new.close()
    sizes = []
    for one in (path, tmp_path / "new.db"):
        spool = Spool(one, 5, ENDLESS)
        sizes.append(spool.outgoing_bytes())
        spool.close()
    assert sizes[0] == sizes[1] > 0


def test_a_row_that_is_damaged_is_told_from_one_that_is_whole(store: Store, spool: Spool) -> None:
    """Bytes that are no integers, too few of them, a group that is not there."""
    commit(store, *map(record, range(4)))
    with sqlite3.connect(store.path) as connection:
        connection.execute("UPDATE outgoing SET data = x'010203' WHERE id = 1")
        connection.execute("UPDATE outgoing SET data = zeroblob(8) WHERE id = 2")
        connection.execute("UPDATE outgoing SET grp = 999 WHERE id = 3")
    connection.close()
    rows = spool.outgoing_batch(9)
    assert [row.is_whole for row in rows] == [False, False, False, True]
    assert [len(row.times) for row in rows] == [2, 2, 2, 2]


def test_a_group_whose_row_became_another_is_read_again(store: Store, spool: Spool) -> None:
    """What is kept decoded is kept as long as it is true."""
    commit(store, record(0))
    assert spool.outgoing_batch(1)[0].platform == "rp2"
    with sqlite3.connect(store.path) as connection:
        connection.execute("UPDATE grp SET platform = 'esp32'")
    connection.close()
    assert spool.outgoing_batch(1)[0].platform == "esp32"


def test_the_store_commits_while_the_writer_sends_and_every_sample_arrives_once(store: Store, start: Start) -> None:
    """Two threads, two connections, one file; a server that fails now and then."""
    replies = [Reply(503), Reply(0), Reply(429)]
    committed = 300
    with Receiver(lambda series: replies.pop() if replies else Reply()) as server:
        writer = start(server.url, Spool(store.path, 1_000_000, ENDLESS))
        for seq in range(committed):
            commit(store, record(seq))
            writer.wake()
        until(lambda: writer.stats.sent == committed * 4, 20)
        found = sorted(point for points in server.taken().values() for point in points)
        names = Names()
        rows = [row(1, one.times, one.values, GROUP.series) for one in map(record, range(committed))]
        expected = [(sample[0], sample[2]) for one in rows for sample in samples_of(one, names)]
        assert found == sorted(expected)
        assert writer.stats.retries == 2  # a connection that is closed between requests is no failure
        assert writer.stop(5)
    assert not [thread for thread in threading.enumerate() if thread.name == "remote write"]


def test_a_bridge_that_starts_again_sends_what_waits(store: Store, start: Start) -> None:
    """What was not confirmed before a kill is in the file."""
    commit(store, record(1))
    with Receiver(lambda series: Reply(hang_s=60)) as server:
        writer = start(server.url, Spool(store.path, 10, ENDLESS))
        until(lambda: server.requests)
        assert writer.stop(5)
    with Receiver() as server:
        writer = start(server.url, Spool(store.path, 10, ENDLESS))
        until(lambda: writer.stats.sent == 4)
        assert len(server.taken()) == 2


@pytest.mark.parametrize(
    ("mode", "late_after_s", "age_s", "due"),
    [
        ("all", 60, 0, True),
        ("late", 60, 59, False),
        ("late", 60, 61, True),
        ("late", 0, 0, False),
        ("late", 0, 1, True),
    ],
)
def test_what_is_due(mode: str, late_after_s: float, age_s: int, due: bool) -> None:
    """All, or the frames whose oldest sample came later than so many seconds after it was taken."""
    options = RemoteWriteOptions("http://h/w", mode=mode, late_after_s=late_after_s)
    frame = SamplesRecord(GROUP, 1, 1, [NOW_MS - 1000 * age_s, NOW_MS], [1, 2, 3, 4], NOW_S)
    assert outgoing_of(options)(frame) is due
