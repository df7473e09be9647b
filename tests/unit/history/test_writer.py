"""The store's thread: commit first, then release; in order, once; and what it does while the store refuses."""

import contextlib
import gc
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from host_bridge.core.actions import Acknowledge, Action, LogLine
from host_bridge.core.records import Record, SamplesRecord
from host_bridge.sinks.history import Store, StoreUnavailableError, StoreWriter
from tests.support.waiting import until
from tests.unit.history.kit import frame, frames, group, kept

DESK = group()


def rows(path: Path, table: str) -> int:
    """How many rows a table has."""
    with contextlib.closing(sqlite3.connect(path)) as connection:
        (found,) = connection.execute(f"SELECT count(*) FROM {table}").fetchone()
    return int(found)


class Reluctant(Store):
    """A real store whose commit() first does what it is told to: raise, or wait."""

    before: Callable[[], None] = staticmethod(lambda: None)

    def commit(self, records: Sequence[Record], outgoing: Sequence[SamplesRecord] = ()) -> None:
        self.before()
        super().commit(records, outgoing)


class Rig:
    """A writer over a store, and what it did."""

    def __init__(self, path: Path) -> None:
        self.path = path
        store = Reluctant.open(path, sync="normal")
        assert isinstance(store, Reluctant)
        self.store = store
        self.released: list[int] = []
        self.in_file: list[int] = []  # frames that the file had at each release
        self.lines: list[LogLine] = []
        self.recovered = 0
        self.writer = StoreWriter(
            store,
            release=self.release,
            log=self.lines.append,
            outgoing_of=lambda record: record.seq % 2 == 0,
            recovered=self.on_recovery,
            max_records=5_000,
        )

    def release(self, actions: Sequence[Action]) -> None:
        self.in_file.append(len(kept(self.path)))
        for action in actions:
            assert isinstance(action, Acknowledge)
            assert isinstance(action.token, int)
            self.released.append(action.token)

    def on_recovery(self) -> None:
        self.recovered += 1

    def submit(self, *numbers: int) -> bool:
        records = [frame(DESK, number) for number in numbers]
        return self.writer.submit(records, [Acknowledge("serial", number) for number in numbers])

    def refuse(self, reason: str = "full") -> None:
        def before() -> None:
            raise StoreUnavailableError(reason, self.path, "no room")

        self.store.before = before

    def accept(self) -> None:
        self.store.before = lambda: None

    def events(self) -> list[str]:
        return [line.event for line in self.lines]


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    made = Rig(tmp_path / "history.db")
    made.writer.start()
    yield made
    made.accept()
    made.writer.stop(5)
    made.store.close()


def test_what_is_released_is_in_the_file(rig: Rig) -> None:
    """In order, and once."""
    for number in range(50):
        assert rig.submit(number)
    until(lambda: len(rig.released) == 50)
    assert rig.released == list(range(50))
    assert all(there > before for before, there in enumerate(rig.in_file))
    assert kept(rig.path) == list(range(50))
    assert rig.writer.records == 50
    assert rig.writer.samples == 100
    assert rig.writer.queue_depth == 0


def test_a_record_does_not_wait_for_company(rig: Rig) -> None:
    """Under light load it is committed within 50 ms."""
    delays = []
    for number in range(20):
        began = time.monotonic()
        rig.submit(number)
        until(lambda number=number: len(rig.released) > number, pause_s=0.001)  # type: ignore[misc]  # its default
        delays.append(time.monotonic() - began)
    assert sorted(delays)[len(delays) // 2] < 0.05


def test_what_comes_during_a_commit_is_the_next_batch(rig: Rig) -> None:
    """So that a slow disk makes transactions larger, not the queue longer."""
    go = threading.Event()
    rig.store.before = lambda: (go.wait(10), None)[1]
    for number in range(1_000):
        assert rig.submit(number)
    go.set()
    until(lambda: len(rig.released) == 1_000)
    assert rig.writer.commits <= 3


def test_how_long_a_commit_has_not_come_back_is_known(rig: Rig) -> None:
    """Also of one that neither fails nor ends; when nothing waits, nothing is late."""
    assert rig.submit(0)
    until(lambda: rig.released == [0])
    time.sleep(0.2)
    assert rig.writer.waits_s == 0
    goes_on = threading.Event()
    rig.store.before = lambda: goes_on.wait(10)  # type: ignore[assignment]  # what it returns is of no interest
    assert rig.submit(1)
    assert rig.writer.waits_s < 0.2
    time.sleep(0.3)
    assert rig.submit(2)
    assert 0.3 <= rig.writer.waits_s < 1
    assert rig.writer.available
    goes_on.set()
    until(lambda: rig.released == [0, 1, 2])
    until(lambda: rig.writer.waits_s == 0)


def test_a_full_queue_takes_nothing_of_a_batch(rig: Rig) -> None:
    """And takes batches again when it has room."""
    go = threading.Event()
    rig.store.before = lambda: (go.wait(10), None)[1]
    assert rig.submit(*range(3_000))
    assert rig.submit(*range(3_000, 5_000))
    assert not rig.submit(5_000)
    go.set()
    until(lambda: len(rig.released) == 5_000)
    assert rig.submit(5_000)
    until(lambda: len(rig.released) == 5_001)
    assert kept(rig.path) == list(range(5_001))


def test_while_the_store_refuses_nothing_is_released_and_nothing_taken(rig: Rig) -> None:
    """What was taken before is committed once, as soon as that is possible; both turns are said, each once."""
    rig.refuse()
    assert rig.submit(0)
    until(lambda: not rig.writer.available)
    assert not rig.submit(1)
    time.sleep(0.5)
    assert rig.writer.reason == "full"
    assert rig.released == []
    assert rig.writer.unavailable_seconds > 0.3
    assert rig.events() == ["history_unavailable"]
    assert rig.lines[0].fields["reason"] == "full"
    assert "free space on the disk" in str(rig.lines[0].fields["advice"])
    rig.accept()
    until(lambda: rig.recovered)
    assert rig.released == [0]
    assert rig.submit(1)
    until(lambda: rig.released == [0, 1])
    assert rig.events() == ["history_unavailable", "history_available"]
    assert rig.recovered == 1
    assert kept(rig.path) == [0, 1]


def test_our_own_bug_in_a_commit_releases_nothing(rig: Rig) -> None:
    """It is logged with its traceback, counted, and tried again like a full disk."""

    def bug() -> None:
        raise ZeroDivisionError("ours")

    rig.store.before = bug
    rig.submit(0)
    until(lambda: rig.writer.bugs >= 2)
    assert rig.writer.reason == "bug"
    assert rig.released == []
    assert "ZeroDivisionError: ours" in str(rig.lines[0].fields["traceback"])
    rig.accept()
    until(lambda: rig.released == [0])


def test_a_release_that_fails_is_not_committed_again(rig: Rig) -> None:
    """What is in the file stays there once, and the next batch goes on."""
    release, calls = rig.release, []

    def failing(actions: Sequence[Action]) -> None:
        calls.append(1)
        if len(calls) == 1:
            raise ZeroDivisionError("the source's")
        release(actions)

    rig.writer._release = failing
    rig.submit(0)
    until(lambda: rig.writer.bugs == 1)
    rig.submit(1)
    until(lambda: rig.released == [1])
    assert kept(rig.path) == [0, 1]


def test_stop_commits_what_is_queued(rig: Rig) -> None:
    """And then takes nothing any more."""
    for number in range(100):
        rig.submit(number)
    assert rig.writer.stop(5)
    assert rig.released == list(range(100))
    assert not rig.submit(100)
    Store.open(rig.path).close()  # nobody has it any more


def test_stop_says_when_it_could_not(rig: Rig) -> None:
    """The store refuses to the end: after one more attempt the thread ends, and nothing is released."""
    rig.refuse("read_only")
    rig.submit(0)
    until(lambda: not rig.writer.available)
    began = time.monotonic()
    assert not rig.writer.stop(5)
    assert time.monotonic() - began < 2
    assert rig.released == []


def test_a_log_that_fails_does_not_end_the_thread(tmp_path: Path) -> None:
    """A line is lost, no sample."""

    def log(_: LogLine) -> None:
        raise OSError("no terminal")

    with contextlib.closing(Store.open(tmp_path / "history.db")) as store:
        released: list[Action] = []
        writer = StoreWriter(store, release=released.extend, log=log)
        writer._say(LogLine("info", "x"))
        writer.start()
        writer.submit(frames(DESK, 0, 3), [Acknowledge("serial", 3)])
        assert writer.stop(5)
    assert released == [Acknowledge("serial", 3)]


def test_between_commits_the_journal_becomes_chunks_and_what_is_old_goes(tmp_path: Path) -> None:
    """Nobody has to ask for it."""
    path = tmp_path / "history.db"
    now = [0.0]
    with contextlib.closing(Store.open(path)) as store:
        writer = StoreWriter(
            store,
            release=lambda _: None,
            log=lambda _: None,
            max_age_s=3600,
            clock=lambda: now[0],
            wall=lambda: 1_700_000_000 + now[0],
        )
        writer.start()
        writer.submit(frames(DESK, 0, 600), [])
        until(lambda: rows(path, "chunk") == 1 and rows(path, "journal") == 0)
        now[0] = 2 * 3600.0
        until(lambda: writer.upkeep.deleted_samples == 1200)
        assert kept(path) == []
        assert writer.upkeep.size_bytes > 0
        assert writer.stop(5)


def test_groups_that_nobody_uses_any_more_take_no_memory(tmp_path: Path) -> None:
    """A board that wakes each minute declares its series each minute."""
    store = Store.open(tmp_path / "history.db")
    for n in range(50):
        store.commit([frame(group(), n)])
    gc.collect()
    assert len(store._groups._groups) < 5
    store.close()
