"""A log that is damaged: SQLite goes on without what follows, and says nothing. We do."""

import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from host_bridge.sinks.history import Store
from tests.unit.history.kit import frames, group, kept

COMMITS = 20
HEADER, STEP = 32, 24 + 4096


@pytest.fixture
def killed(tmp_path: Path) -> Path:
    """What a bridge leaves that is killed: all commits are in the log."""
    path, copy = tmp_path / "running" / "history.db", tmp_path / "history.db"
    with closing(Store.open(path)) as store:
        for number in range(COMMITS):
            store.commit(frames(group(), number, number + 1))
        for rest in ("", "-wal"):
            shutil.copy(f"{path}{rest}", f"{copy}{rest}")
    return copy


def log_of(path: Path) -> Path:
    """The log."""
    return Path(f"{path}-wal")


def flip(path: Path, at: int) -> bytes:
    """Change one bit of the log; the log then."""
    data = bytearray(log_of(path).read_bytes())
    data[at] ^= 1
    log_of(path).write_bytes(data)
    return bytes(data)


def opened(path: Path) -> str:
    """What is said to be missing."""
    with closing(Store.open(path)) as store:
        return store.missing


def copies(path: Path) -> list[bytes]:
    """Logs that were put aside."""
    return [file.read_bytes() for file in sorted(path.parent.glob("*.damaged-*"))]


def commits(path: Path) -> list[int]:
    """Where in the log the frames stand that end a commit."""
    data = log_of(path).read_bytes()
    starts = range(HEADER, len(data), STEP)
    return [start for start in starts if data[start + 4 : start + 8] != bytes(4)]


def test_commits_behind_a_damaged_frame_are_said_to_be_missing(killed: Path) -> None:
    """The log as it was is kept; what stands before the damage is used, and the bridge goes on."""
    ends = commits(killed)
    log = flip(killed, ends[-5] + 100)
    missing = opened(killed)
    assert "history.db-wal is damaged: 5 commits in it cannot be read" in missing
    assert str(killed) + "-wal.damaged-1" in missing
    assert copies(killed) == [log]
    assert kept(killed) == list(range(COMMITS - 5))
    assert opened(killed) == ""


def test_what_was_passed_over_once_is_not_found_again(killed: Path) -> None:
    """A bridge that is killed again soon, before it has written as much as stood in the log."""
    flip(killed, commits(killed)[3] + 100)
    copy = killed.parent / "again.db"
    with closing(Store.open(killed)) as store:
        assert store.missing
        store.commit(frames(group(), 100, 101))
        for rest in ("", "-wal"):
            shutil.copy(f"{killed}{rest}", f"{copy}{rest}")
    assert opened(copy) == ""
    assert kept(copy) == [0, 1, 2, 100]


@pytest.mark.parametrize("at", [0, 5, 11, 17, 22, 27])
def test_a_log_whose_head_is_damaged_is_kept_as_a_whole(killed: Path, at: int) -> None:
    """Nothing in it can be read: magic, version, page size, salts and sum."""
    whole = len(commits(killed))
    log = flip(killed, at)
    assert f"{whole} commits in it cannot be read" in opened(killed)
    assert copies(killed) == [log]


def test_a_second_one_does_not_replace_the_first(killed: Path) -> None:
    """Nothing that could be examined is overwritten."""
    saved = {rest: Path(f"{killed}{rest}").read_bytes() for rest in ("", "-wal")}
    logs = []
    for at in (HEADER + 100, HEADER + STEP + 100):
        for rest, data in saved.items():
            Path(f"{killed}{rest}").write_bytes(data)
        logs.append(flip(killed, at))
        assert opened(killed)
    assert copies(killed) == logs


@pytest.mark.parametrize("cut", [1, 100, STEP - 1])
def test_a_last_frame_that_is_not_whole_is_none(killed: Path, cut: int) -> None:
    """As after a kill or a power cut in the midst of a commit: nobody was told of it."""
    os.truncate(log_of(killed), log_of(killed).stat().st_size - cut)
    assert opened(killed) == ""
    assert copies(killed) == []
    assert kept(killed) == list(range(COMMITS - 1))


def test_a_log_that_is_whole_has_nothing_to_say(killed: Path) -> None:
    """Neither has what an earlier round of it left behind its end."""
    assert opened(killed) == ""
    assert kept(killed) == list(range(COMMITS))
    path = killed.parent / "running" / "history.db"
    copy = killed.parent / "again.db"
    with closing(Store.open(path)) as store:
        for number in range(COMMITS, 2 * COMMITS):
            store.commit(frames(group(), number, number + 1))
        with closing(sqlite3.connect(path)) as other:
            other.execute("PRAGMA wal_checkpoint(RESTART)")
        store.commit(frames(group(), 2 * COMMITS, 2 * COMMITS + 1))
        for rest in ("", "-wal"):
            shutil.copy(f"{path}{rest}", f"{copy}{rest}")
    assert opened(copy) == ""
    assert kept(copy) == list(range(2 * COMMITS + 1))
