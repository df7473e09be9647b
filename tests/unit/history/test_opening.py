"""Files as they are found: missing, ours, older, newer, damaged, somebody else's, in use."""

import contextlib
import os
import random
import shutil
import sqlite3
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from host_bridge.sinks.history import Store, StoreError, StoreInUseError, StoreUnavailableError
from host_bridge.sinks.history.schema import STEPS
from tests.unit.history.kit import frames, group, kept

OPENS = "import sys, pathlib\nfrom host_bridge.sinks.history import Store\nStore.open(pathlib.Path(sys.argv[1]))\n"
ROOT = Path(__file__).parents[3]


def contents(folder: Path) -> dict[str, bytes]:
    """All files but the lock, whose only content is who has it open."""
    return {file.name: file.read_bytes() for file in folder.iterdir() if file.suffix != ".lock"}


def refused(path: Path) -> str:
    """What is said about a file that is refused; that nothing was changed is checked."""
    before = contents(path.parent)
    with pytest.raises(StoreError) as error:
        Store.open(path)
    after = contents(path.parent)
    assert {name: after[name] for name in before} == before
    assert set(after) - set(before) <= {f"{path.name}-shm", f"{path.name}-wal"}
    return str(error.value)


def filled(path: Path, frames_in_it: int = 600) -> Path:
    """A store that has everything in chunks, as a bridge leaves it that was stopped."""
    store = Store.open(path)
    store.commit(frames(group(), 0, frames_in_it))
    while store.compact(0):
        pass
    assert store.journal_rows == 0
    store.close()
    return path


def test_a_missing_file_is_made_for_its_owner_alone(tmp_path: Path) -> None:
    """Folder and file, whatever the umask says."""
    path = tmp_path / "new" / "history.db"
    with contextlib.closing(Store.open(path)):
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
        modes = {stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()}
    assert modes == {0o600}


def test_an_empty_file_is_a_missing_one(tmp_path: Path) -> None:
    """It may be left by a disk that was full."""
    path = tmp_path / "history.db"
    path.touch()
    Store.open(path).close()
    assert path.stat().st_size > 0


def test_what_was_committed_is_there_after_opening_again(tmp_path: Path) -> None:
    """Also a second time; new rows of an emptied journal do not pass for compacted ones."""
    path = filled(tmp_path / "history.db")
    for first in (600, 601):
        with contextlib.closing(Store.open(path)) as store:
            store.commit(frames(group(), first, first + 1))
    assert kept(path) == list(range(602))


def test_a_second_process_is_told_who_has_the_file(tmp_path: Path) -> None:
    """And may have it as soon as the first has ended."""
    path = tmp_path / "history.db"
    command = [sys.executable, "-c", OPENS, str(path)]
    with contextlib.closing(Store.open(path)):
        run = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=30, check=False)
        assert f"{path} is used by another bridge: stop it, or give this one another file" in run.stderr
        with pytest.raises(StoreInUseError):
            Store.open(path)
    assert subprocess.run(command, cwd=ROOT, timeout=30, check=False).returncode == 0


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    """Somebody's notes stay as they are."""
    path = tmp_path / "history.db"
    path.write_text("my notes\n" * 100)
    assert f"{path} is no history: it is not an SQLite database" in refused(path)


def test_a_database_of_another_program_is_refused(tmp_path: Path) -> None:
    """It has another application_id, or none."""
    path = tmp_path / "history.db"
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE theirs (x)")
    assert "is a database of another program" in refused(path)


def test_a_file_of_a_newer_version_is_refused(tmp_path: Path) -> None:
    """An older boardpulse cannot know what its tables mean."""
    path = filled(tmp_path / "history.db")
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute(f"PRAGMA user_version = {len(STEPS) + 1}")
    assert f"newer boardpulse (version {len(STEPS) + 1} of its tables; this one knows {len(STEPS)})" in refused(path)


@pytest.mark.parametrize("seed", range(8))
def test_a_damaged_file_is_refused(tmp_path: Path, seed: int) -> None:
    """Random bytes over a page that a table or an index begins with."""
    path = filled(tmp_path / "history.db")
    with contextlib.closing(sqlite3.connect(path)) as connection:
        sql = "SELECT rootpage FROM sqlite_schema WHERE rootpage > 0 ORDER BY rootpage"  # a trigger has no page
        pages = [page for (page,) in connection.execute(sql)]
    dice = random.Random(seed)
    data = bytearray(path.read_bytes())
    start = (dice.choice(pages) - 1) * 4096
    data[start : start + 4096] = dice.randbytes(4096)
    path.write_bytes(data)
    assert "is damaged" in refused(path)


def test_a_file_that_was_cut_off_is_refused(tmp_path: Path) -> None:
    """As by a copy that was interrupted."""
    path = filled(tmp_path / "history.db")
    os.truncate(path, path.stat().st_size // 2)
    assert "is damaged" in refused(path)


def test_an_older_file_is_migrated(tmp_path: Path) -> None:
    """Step by step; what was in it stays, and steps that were taken are not taken again."""
    path = filled(tmp_path / "history.db")
    calls = []
    steps = [*STEPS, ["CREATE TABLE later (x)", "INSERT INTO later VALUES (42)"], lambda _: calls.append(1)]
    for _ in range(2):
        Store.open(path, steps=steps).close()
    with contextlib.closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT x FROM later").fetchall() == [(42,)]
        assert connection.execute("PRAGMA user_version").fetchone() == (len(STEPS) + 2,)
    assert calls == [1]
    assert "newer boardpulse" in refused(path)


def test_a_migration_that_fails_changes_nothing(tmp_path: Path) -> None:
    """Neither tables nor version: the step is one transaction."""
    path = filled(tmp_path / "history.db")
    with pytest.raises(sqlite3.OperationalError):
        Store.open(path, steps=[*STEPS, ["CREATE TABLE later (x)", "no SQL"]])
    Store.open(path).close()
    with contextlib.closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT count(*) FROM sqlite_schema WHERE name = 'later'").fetchone() == (0,)


def test_what_a_kill_left_of_a_file_in_the_making_is_made_anew(tmp_path: Path) -> None:
    """It stands under another name until it is complete."""
    (tmp_path / "history.db.new").write_bytes(b"SQLite format 3\x00half")
    (tmp_path / "history.db.new-wal").write_bytes(b"half")
    filled(tmp_path / "history.db")
    assert {file.name for file in tmp_path.iterdir()} == {"history.db", "history.db.lock"}


def test_a_copy_of_file_and_log_is_a_backup(tmp_path: Path) -> None:
    """What is not in the file yet is in the log beside it."""
    path, copy = tmp_path / "history.db", tmp_path / "copy" / "history.db"
    copy.parent.mkdir()
    with contextlib.closing(Store.open(path)) as store:
        store.commit(frames(group(), 0, 10))
        for ending in ("", "-wal"):
            shutil.copy(f"{path}{ending}", f"{copy}{ending}")
    assert kept(copy) == list(range(10))


@pytest.mark.parametrize("where", ["file/history.db", "folder"])
def test_a_path_at_which_no_file_can_be_is_said_to_be_wrong(tmp_path: Path, where: str) -> None:
    """It is a mistake in the configuration, no fault of the disk."""
    (tmp_path / "file").write_text("not a folder")
    (tmp_path / "folder").mkdir()
    with pytest.raises(StoreUnavailableError, match=r"no file can be there.*\[history\] path"):
        Store.open(tmp_path / where)
