"""A log that is damaged: SQLite goes on without what follows, and says nothing. We do."""

import os
import random
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from host_bridge.cli import boardpulse
from host_bridge.sinks.history import Store, opening
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


def asked(path: Path, *words: str) -> Result:
    """What `boardpulse history` answers; never with a traceback, and it changes neither file nor log."""
    before = [file.read_bytes() for file in (path, log_of(path))]
    result = CliRunner().invoke(boardpulse, ["history", *words, "--since", "2020-01-01", "--path", str(path)])
    assert isinstance(result.exception, SystemExit | None), result.exception
    assert [file.read_bytes() for file in (path, log_of(path))] == before
    return result


QUESTIONS = ((), ("desk",), ("desk", "frames_total"), ("desk", "--events"))


@pytest.mark.parametrize("words", QUESTIONS)
def test_a_reader_shows_what_stands_before_the_damage_and_says_that_it_is_not_all(
    killed: Path, words: tuple[str, ...]
) -> None:
    """As the bridge would, should one start; exit code 1, and what to do."""
    flip(killed, commits(killed)[-5] + 100)
    result = asked(killed, *words)
    assert result.exit_code == 1
    if "--events" not in words:
        assert result.stdout
    if "frames_total" in words:
        assert len(result.stdout.splitlines()) == 2 + COMMITS - 5
    (line,) = [line for line in result.stderr.splitlines() if line.startswith("Error: ")]
    assert line.startswith(f"Error: {killed}-wal is damaged, and this is not all of it: 5 commits in it cannot be read")
    assert "What to do: " in line


@pytest.mark.parametrize("words", QUESTIONS[1:])
@pytest.mark.parametrize("at", [0, 5, 11, 17, 22, 27])
def test_a_board_that_is_in_a_damaged_log_only_is_not_just_denied(
    killed: Path, words: tuple[str, ...], at: int
) -> None:
    """The sentence has why it may not be found."""
    whole = len(commits(killed))
    flip(killed, at)
    result = asked(killed, *words)
    assert result.exit_code == 1
    assert result.stderr.startswith("Error: There is no board desk")
    assert f"-wal is damaged, and this is not all of it: {whole} commits in it cannot be read" in result.stderr


@pytest.mark.parametrize("seed", range(30))
def test_a_reader_of_any_damaged_log_never_ends_with_a_traceback(killed: Path, seed: int) -> None:
    """Bits, pieces and lengths at random."""
    dice = random.Random(seed)
    data = bytearray(log_of(killed).read_bytes())
    if seed % 3 == 0:
        del data[dice.randrange(len(data)) :]
    start = dice.randrange(len(data) or 1)
    stop = start + dice.choice((1, 8, 500, 10_000))
    data[start:stop] = dice.randbytes(len(data[start:stop]))
    log_of(killed).write_bytes(data)
    for words in QUESTIONS:
        asked(killed, *words)


def test_a_reader_says_nothing_of_a_log_that_is_whole(killed: Path) -> None:
    """Nor while a bridge writes it."""
    assert asked(killed, "desk", "frames_total").exit_code == 0
    with closing(Store.open(killed)) as store:
        for number in range(COMMITS, COMMITS + 10):
            store.commit(frames(group(), number, number + 1))
            assert asked(killed, "desk", "frames_total").exit_code == 0


def test_what_a_bridge_has_just_written_is_no_damage(killed: Path) -> None:
    """Between the log and its index, a commit stands in the log alone: who writes is known by the lock."""
    flip(killed, commits(killed)[-5] + 100)
    descriptor = opening.lock(killed)
    assert asked(killed, "desk", "frames_total").exit_code == 0
    os.close(descriptor)
    assert asked(killed, "desk", "frames_total").exit_code == 1
