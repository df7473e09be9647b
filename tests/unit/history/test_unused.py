"""Groups and series of which nothing is left: they go too, and nothing that is needed does."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from host_bridge.core.records import KeptGroup, KeptSeries
from host_bridge.sinks.history import Store
from host_bridge.sinks.history import unused as module
from host_bridge.sinks.remote_write.spool import Spool
from tests.unit.history.kit import EPOCH_MS, FRAMES, frame, group, kept

ENDLESS = 1 << 50
YEAR_MS = 365 * 86_400_000


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = Store.open(tmp_path / "history.db", sync="normal")
    yield made
    made.close()


def invented(n: int) -> KeptGroup:
    """A group of a series whose label value was never seen before, and of one that all have."""
    return group("desk", KeptSeries("device_requests_total", (("path", f"/{n}"),), 1, 0), FRAMES)


def into_chunks(store: Store) -> None:
    """Everything, and the journal is empty."""
    for later_ms in (0, YEAR_MS):
        while store.compact(EPOCH_MS + later_ms):
            pass


def age(store: Store, by_ms: int = YEAR_MS) -> None:
    """Retention runs once a minute; here often enough to come around."""
    for _ in range(5):
        while store.retain(EPOCH_MS + by_ms, 86_400, ENDLESS).more:
            pass


def rows(store: Store, table: str) -> int:
    """How many rows a table has."""
    with closing(sqlite3.connect(store.path)) as connection:
        return int(connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0])


def counts(store: Store) -> tuple[int, int, int]:
    """Groups, series, and series of groups."""
    return rows(store, "grp"), rows(store, "series"), rows(store, "grp_series")


def test_groups_and_series_go_with_the_last_of_their_samples(store: Store) -> None:
    """But for the newest, whose ids are so given once only. Tables do not grow with what boards have invented."""
    for n in range(100):
        store.commit([frame(invented(n), n)])
    into_chunks(store)
    assert counts(store) == (100, 101, 200)
    age(store)
    assert counts(store) == (1, 2, 2)
    store.commit([frame(invented(1000), 5), frame(invented(3), 6)])
    assert kept(store.path) == [5, 6]
    assert kept(store.path, metric="requests_total") == [5, 6]


def test_what_is_in_use_stays(store: Store) -> None:
    """A series that another group has, one in the journal only, and one in a chunk."""
    young = invented(1)
    for n in range(4):
        store.commit([frame(invented(n), n)])
    into_chunks(store)
    store.commit([frame(young, YEAR_MS // 1000)])
    store.commit([frame(invented(9), YEAR_MS // 1000 + 1)])
    store.commit([frame(invented(10), YEAR_MS // 1000 + 1)])
    age(store)
    assert counts(store) == (3, 4, 6)
    assert kept(store.path) == [YEAR_MS // 1000, YEAR_MS // 1000 + 1, YEAR_MS // 1000 + 1]
    into_chunks(store)
    age(store)
    assert counts(store) == (3, 4, 6)
    assert len(kept(store.path)) == 3


def test_a_declaration_that_is_in_use_still_is_written_anew(store: Store) -> None:
    """A board that was silent for so long goes on with the group that the store had in its memory."""
    quiet = invented(0)
    store.commit([frame(quiet, 0)])
    store.commit([frame(invented(1), 1)])
    into_chunks(store)
    age(store)
    assert counts(store) == (1, 2, 2)
    store.commit([frame(quiet, 7)])
    assert kept(store.path) == [7]
    path = store.path
    store.close()
    with closing(Store.open(path, sync="normal")) as again:
        into_chunks(again)
        assert kept(path, metric="requests_total") == [7]


def test_what_fails_half_way_is_as_it_was(store: Store) -> None:
    """The groups go on as before, and go next time."""
    quiet = invented(0)
    for n in range(50):
        store.commit([frame(invented(n) if n else quiet, n)])
    into_chunks(store)
    connection = store._database.connection
    connection.execute(
        "CREATE TEMP TRIGGER no BEFORE DELETE ON grp WHEN old.id = 30 BEGIN SELECT RAISE(ABORT, 'no'); END"
    )
    with pytest.raises(sqlite3.IntegrityError):
        age(store)
    assert counts(store) == (50, 51, 100)
    store.commit([frame(quiet, 99)])
    assert kept(store.path) == [99]
    connection.execute("DROP TRIGGER no")
    age(store)
    assert counts(store)[0] == 2


def test_groups_of_rows_that_remote_write_has_not_sent_stay(store: Store) -> None:
    """It needs their names."""
    record = frame(invented(0), 0)
    store.commit([record], [record])
    store.commit([frame(invented(1), 1)])
    into_chunks(store)
    age(store)
    assert counts(store)[0] == 2
    spool = Spool(store.path, 1000, 1 << 50)
    (row,) = spool.outgoing_batch(10)
    assert row.series == record.group.series
    spool.outgoing_done(row.id)
    spool.close()
    age(store)
    assert counts(store)[0] == 1


def test_while_very_much_waits_for_remote_write_nothing_is_looked_for(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Reading all of it would hold up commits."""
    monkeypatch.setattr(module, "MOST_OUTGOING", 3)
    records = [frame(invented(0), n) for n in range(4)]
    store.commit(records, records)
    for n in range(1, 9):
        store.commit([frame(invented(n), n)])
    into_chunks(store)
    age(store)
    assert counts(store)[0] == 9


def test_a_run_is_bounded_and_the_next_goes_on(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many groups there are; behind the last it begins again."""
    monkeypatch.setattr(module, "GROUPS_AT_ONCE", 10)
    for n in range(45):
        store.commit([frame(invented(n), n)])
    into_chunks(store)
    found = []
    while not found or found[-1] > 1:
        gone = store.retain(EPOCH_MS + YEAR_MS, 86_400, ENDLESS, 0.0)
        found.append(counts(store)[0])
        assert len(found) < 20
    assert not gone.more
    assert found == [45, 35, 25, 15, 5, 1]
