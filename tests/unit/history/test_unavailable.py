"""A store that cannot take anything now: what is said, and that nothing is half kept."""

import contextlib
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from host_bridge.core.records import BootRecord, KeptSeries
from host_bridge.sinks.history import Store, StoreUnavailableError
from tests.unit.history.kit import event, frames, group, kept

ROOT = Path(__file__).parents[3]

# What a child process does before it tries the store: the conditions of its parent are not to be changed.
LIMITED = """
import pathlib, resource, sys
from host_bridge.sinks.history import Store, StoreUnavailableError
from tests.unit.history.kit import frames, group
path = pathlib.Path(sys.argv[1])
store = Store.open(path)
store.commit(frames(group(), 0, 10))
resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, resource.RLIM_INFINITY))
done = 10
try:
    while done < 100_000:
        store.commit(frames(group(), done, done + 100))
        done += 100
except StoreUnavailableError as error:
    print(error.reason)
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
store.commit(frames(group(), done, done + 100))
print(done + 100)
"""

UNMADE = """
import os, pathlib, resource, sys
from host_bridge.sinks.history import Store, StoreUnavailableError
path = pathlib.Path(sys.argv[1])
resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, resource.RLIM_INFINITY))
try:
    Store.open(path)
except StoreUnavailableError as error:
    print(error.reason)
print(*(name for name in os.listdir(path.parent) if ".new" not in name))
"""

UNPRIVILEGED = """
import os, pathlib, sys
from host_bridge.sinks.history import Store, StoreError
from host_bridge.sinks.history.query import History
from tests.unit.history.kit import frames, group
if os.geteuid() == 0:
    os.setuid(65534)
path = pathlib.Path(sys.argv[1])
try:
    (Store if sys.argv[2] == "write" else History).open(path)
except StoreError as error:
    print(getattr(error, "reason", ""), error)
"""


AS_COMMAND = """
import locale, os, sys  # all that is imported later too: another user may not read the interpreter's folder
from click.testing import CliRunner
from host_bridge.cli import boardpulse, history
if os.geteuid() == 0:
    os.setuid(65534)
run = CliRunner().invoke(boardpulse, ["history", "--path", sys.argv[1]])
print(run.exit_code, run.stderr.strip() if isinstance(run.exception, SystemExit) else repr(run.exception))
"""


def child(script: str, *arguments: object) -> str:
    """What a script prints."""
    command = [sys.executable, "-c", script, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=50, check=True).stdout


def full(store: Store, spare_pages: int) -> None:
    """Let the file grow by so many pages only: beyond, SQLite says what it says on a full disk."""
    connection = store._database.connection
    (pages,) = connection.execute("PRAGMA page_count").fetchone()
    connection.execute(f"PRAGMA max_page_count = {pages + spare_pages}")


@pytest.mark.parametrize("spare_pages", range(8))
def test_what_a_full_disk_refuses_is_refused_whole_and_may_be_tried_again(tmp_path: Path, spare_pages: int) -> None:
    """Ids of devices, groups and series that were invented in it are forgotten with it."""
    path = tmp_path / "history.db"
    new = group("new", *(KeptSeries(f"device_{i:0100d}", (), 0, 0) for i in range(20)))
    batch = [*frames(group(), 0, 5), BootRecord("other", 1, bytes(9_000)), event("third"), *frames(new, 0, 200)]
    with contextlib.closing(Store.open(path)) as store:
        store.commit(frames(group(), 5, 6))
        full(store, spare_pages)
        for _ in range(2):
            with pytest.raises(StoreUnavailableError) as error:
                store.commit(batch)
            assert error.value.reason == "full"
        assert kept(path) == [5]
        full(store, 1_000)
        store.commit([*frames(group("another"), 7, 8), BootRecord("fourth", 1, b"")])  # takes the ids of the others
        store.commit(batch)
        assert kept(path, "another") == [7]
    assert kept(path) == list(range(6))
    assert kept(path, "new", f"{7:0100d}") == list(range(200))


def test_a_file_that_may_not_grow_is_an_input_output_error_that_may_pass(tmp_path: Path) -> None:
    """RLIMIT_FSIZE, in a process of its own: refused by the operating system in the midst of a commit."""
    path = tmp_path / "history.db"
    reason, done = child(LIMITED, path).split()
    assert reason == "io"
    assert 110 < int(done) < 100_000
    assert kept(path) == list(range(int(done)))


def test_a_file_that_cannot_be_made_is_made_later(tmp_path: Path) -> None:
    """As on a disk that is full when the bridge starts; what was begun hinders nobody."""
    path = tmp_path / "history.db"
    reason, rest = child(UNMADE, path).split()
    assert reason == "io"
    assert rest == "history.db.lock"
    Store.open(path).close()


def test_a_file_that_another_program_holds_is_locked(tmp_path: Path) -> None:
    """Nothing is kept, and the call succeeds when the other lets go."""
    path = tmp_path / "history.db"
    with contextlib.closing(Store.open(path)) as store, contextlib.closing(sqlite3.connect(path)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreUnavailableError, match="end the other program") as error:
            store.commit(frames(group(), 0, 5))
        other.rollback()
        store.commit(frames(group(), 0, 5))
    assert error.value.reason == "locked"
    assert kept(path) == list(range(5))


@pytest.mark.parametrize("replaced", [False, True])
def test_a_file_that_was_deleted_takes_nothing_more(tmp_path: Path, replaced: bool) -> None:
    """Whoever moved it away would never see what is written to it; put back, it is as before."""
    path, away = tmp_path / "history.db", tmp_path / "away.db"
    with contextlib.closing(Store.open(path)) as store:
        store.commit(frames(group(), 0, 5))
        path.rename(away)
        if replaced:
            path.touch()
        with pytest.raises(StoreUnavailableError) as error:
            store.commit(frames(group(), 5, 6))
        assert error.value.reason == "moved"
        away.replace(path)
        store.commit(frames(group(), 5, 6))
    assert kept(path) == list(range(6))


@pytest.fixture
def open_to_all() -> Iterator[Path]:
    """A store in a folder that all users may enter: not pytest's, which shuts others out whenever a pytest starts."""
    with tempfile.TemporaryDirectory(prefix="boardpulse-history-") as folder:
        Path(folder).chmod(0o755)
        path = Path(folder) / "store" / "history.db"
        with contextlib.closing(Store.open(path)) as store:
            store.commit(frames(group(), 0, 5))
        path.parent.chmod(0o777)
        Path(f"{path}.lock").chmod(0o666)
        yield path
        path.parent.chmod(0o777)


def test_a_file_that_may_not_be_written_is_said_to_be_so(open_to_all: Path) -> None:
    """By a user who may only read it."""
    open_to_all.chmod(0o444)
    assert child(UNPRIVILEGED, open_to_all, "write").startswith(f"read_only {open_to_all}: ")


def test_a_folder_that_may_not_be_written_is_said_to_be_so(open_to_all: Path) -> None:
    """Where not even the lock can be made."""
    Path(f"{open_to_all}.lock").unlink()
    open_to_all.chmod(0o444)
    open_to_all.parent.chmod(0o555)
    said = child(UNPRIVILEGED, open_to_all, "write")
    assert said.startswith(f"read_only {open_to_all}: Permission denied")
    assert "make the file and its folder writable" in said


def test_a_reader_is_told_when_the_folder_does_not_let_it(open_to_all: Path) -> None:
    """SQLite cannot read a log without a file beside it."""
    open_to_all.chmod(0o444)
    open_to_all.parent.chmod(0o555)
    assert f"{open_to_all} cannot be read: SQLite has to make" in child(UNPRIVILEGED, open_to_all, "read")


def test_a_reader_who_may_not_read_the_file_is_told_whose_it_is(open_to_all: Path) -> None:
    """In a sentence, as everything that is wrong with a file."""
    open_to_all.chmod(0o000)
    assert f"{open_to_all} may not be read by this user. What to do: " in child(UNPRIVILEGED, open_to_all, "read")
    said = child(AS_COMMAND, open_to_all)
    assert said.startswith("1 Error: ")
    assert len(said.splitlines()) == 1
