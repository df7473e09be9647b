"""Damage in a file that is too large to be looked at before it is opened, or that came later: it is said."""

import contextlib
import random
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from prometheus_client import generate_latest
from prometheus_client.core import CollectorRegistry

from host_bridge.core.actions import LogLine
from host_bridge.sinks.history import Store, StoreWriter, opening
from host_bridge.sinks.history.damage import Examiner
from host_bridge.sinks.storage_metrics import StorageMetrics
from tests.support.waiting import until
from tests.unit.history.kit import EPOCH_MS, frame, frames, group

PAGE = 4096
DESK = group()


@pytest.fixture
def large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file with many chunks, which is larger than what is looked at."""
    monkeypatch.setattr(opening, "CHECKED_BYTES", 16 * PAGE)
    dice = random.Random(1)
    path = tmp_path / "history.db"
    with contextlib.closing(Store.open(path, sync="normal")) as store:
        for first in range(0, 256 * 60, 256):
            store.commit([frame(DESK, n, value=dice.getrandbits(40)) for n in range(first, first + 256)])
            while store.compact(EPOCH_MS):
                pass
    assert path.stat().st_size > 16 * PAGE
    return path


def spoil_the_middle(path: Path) -> None:
    """Random bytes over a page in the midst of the file, which is one of the chunks'."""
    with path.open("r+b") as file:
        file.seek(path.stat().st_size // PAGE // 2 * PAGE)
        file.write(random.Random(7).randbytes(PAGE))


class Rig:
    """A writer on the file, whose clock stands until it is moved."""

    def __init__(self, path: Path) -> None:
        self.now = 0.0
        self.said: list[LogLine] = []
        self.writer = StoreWriter(
            Store.open(path),
            release=lambda _: None,
            log=self.said.append,
            max_age_s=3600,
            clock=lambda: self.now,
            wall=lambda: EPOCH_MS / 1000 + self.now,
        )
        self.remote = None
        self.writer.start()

    def events(self) -> list[str]:
        """What was said, by name."""
        return [line.event for line in self.said]

    def damaged(self) -> bool:
        """What /metrics says of it."""
        registry = CollectorRegistry()
        registry.register(StorageMetrics(self))
        page = generate_latest(registry).decode()
        assert "\nboardpulse_history_available 1.0\n" in page
        return "\nboardpulse_history_damaged 1.0\n" in page


@contextlib.contextmanager
def running(path: Path) -> Iterator[Rig]:
    """A writer, for a while."""
    rig = Rig(path)
    try:
        yield rig
    finally:
        assert rig.writer.stop(5)


def test_upkeep_that_meets_damage_says_so_while_commits_go_on(large: Path) -> None:
    """Once in the log, with what to do, and on /metrics as long as the bridge runs."""
    spoil_the_middle(large)
    with running(large) as rig:
        rig.writer.submit(frames(DESK, 20_000, 20_010), [])
        until(lambda: rig.writer.records == 10)
        assert not rig.damaged()
        rig.now = 100 * 3600.0
        rig.writer.submit(frames(DESK, 20_010, 20_011), [])
        until(lambda: rig.writer.damage.text)
        assert rig.damaged()
        assert rig.writer.available
        rig.now += 3600
        rig.writer.submit(frames(DESK, 20_011, 20_012), [])
        until(lambda: rig.writer.records == 12)
        (line,) = [line for line in rig.said if line.event == "history_damaged"]
        assert line.level == "error"
        assert "move the file away" in str(line.fields["advice"])
        assert "new frames are kept" in rig.writer.damage.text
        assert str(large) in rig.writer.damage.text


def test_a_large_file_is_looked_at_in_the_background(large: Path) -> None:
    """Damage that nothing has met yet is found, too."""
    spoil_the_middle(large)
    with running(large) as rig:
        examiner = Examiner(large, rig.writer.damage.found)
        examiner.start()
        until(lambda: rig.writer.damage.text)
        assert rig.damaged()
        rig.writer.submit(frames(DESK, 20_000, 20_010), [])
        until(lambda: rig.writer.records == 10)
        examiner.stop()
    assert rig.events() == ["history_damaged"]


def test_damage_that_comes_later_is_found_the_next_day(tmp_path: Path) -> None:
    """Of a small file as well, which was whole when it was opened."""
    found: list[str] = []
    path = tmp_path / "history.db"
    with contextlib.closing(Store.open(path)) as store:
        store.commit(frames(DESK, 0, 300))
        store.compact(EPOCH_MS)
    examiner = Examiner(path, found.append, every_s=0.05)
    examiner.start()
    with contextlib.closing(sqlite3.connect(path)) as connection:
        (page,) = connection.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'chunk_by_age'").fetchone()
    assert found == []
    with path.open("r+b") as file:
        file.seek((page - 1) * PAGE)
        file.write(random.Random(7).randbytes(PAGE))
    until(lambda: found)
    examiner.stop()


def test_a_whole_file_is_looked_at_without_a_word(large: Path) -> None:
    """All tables, while it is written."""
    with running(large) as rig:
        examiner = Examiner(large, rig.writer.damage.found, every_s=0.01)
        examiner.start()
        for n in range(30):
            rig.writer.submit(frames(DESK, 20_000 + n, 20_001 + n), [])
        until(lambda: rig.writer.records == 30)
        examiner.stop()
        assert not rig.damaged()
    assert rig.events() == []


def test_a_file_that_is_moved_away_is_no_damage(large: Path) -> None:
    """The store says that."""
    found: list[str] = []
    examiner = Examiner(large, found.append, every_s=0.01)
    large.rename(large.with_name("away.db"))
    examiner._examine()
    assert found == []


def test_a_row_that_cannot_be_compacted_keeps_nothing_from_being_deleted(large: Path) -> None:
    """Else one damaged row would have the file grow for ever."""
    with contextlib.closing(Store.open(large)) as store:
        store.commit(frames(DESK, 20_000, 20_300))
    with contextlib.closing(sqlite3.connect(large)) as connection:
        connection.execute("UPDATE journal SET data = x'00' WHERE id = (SELECT max(id) FROM journal)")
        connection.commit()
    with running(large) as rig:
        until(lambda: rig.writer.damage.text)
        assert rig.writer.upkeep.size_bytes > 0
        rig.now = 100 * 3600.0
        rig.writer.submit(frames(DESK, 30_000, 30_001), [])
        until(lambda: rig.writer.upkeep.deleted_samples == 2 * 256 * 60, 15)
        assert rig.writer.available
