"""A bridge that is started on a damaged history: it shows its boards, says what is wrong, and overwrites nothing."""

import os
import random
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from tests.support.processes import UART, Chain

DEVICE = f"board-{UART}"
PAGE = 4096


def page(path: Path) -> None:
    """Random bytes over the page that a table begins with."""
    with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as connection:
        (number,) = connection.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'outgoing'").fetchone()
    with path.open("r+b") as file:
        file.seek((number - 1) * PAGE)
        file.write(random.Random(7).randbytes(PAGE))


def cut(path: Path) -> None:
    """Half of the file."""
    os.truncate(path, path.stat().st_size // 2)


def newer(path: Path) -> None:
    """What a later boardpulse left."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version = 99")


def folder(path: Path) -> None:
    """Something that is no file at all."""
    path.unlink()
    path.mkdir()


def log_is_a_folder(path: Path) -> None:
    """The same beside it."""
    Path(f"{path}-wal").mkdir()


def contents(path: Path) -> dict[str, bytes | None]:
    """The store's files; but -shm, which is but SQLite's memory, and the lock."""
    files = [file for file in path.parent.glob(f"{path.name}*") if file.suffix != ".lock" and file.name[-4:] != "-shm"]
    return {file.name: file.read_bytes() if file.is_file() else None for file in files}


def failed(*arguments: str) -> str:
    """The sentence with which a command fails."""
    command = [sys.executable, "-m", "host_bridge", *arguments]
    run = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert run.returncode == 1, run
    (line,) = run.stderr.splitlines()
    return line


@pytest.mark.parametrize("spoil", [page, cut, newer, folder, log_is_a_folder])
def test_a_damaged_history_is_left_alone_and_all_commands_say_so(tmp_path: Path, spoil: Callable[[Path], None]) -> None:
    """The page goes on; `history` and `ledger` end in one sentence, which says what to do."""
    with Chain(tmp_path, [UART]) as chain:
        chain.board(UART)
        chain.wait_for_samples(DEVICE, 10)
        chain.bridge.stop()
        path = chain.bridge.history
        spoil(path)
        before = contents(path)
        chain.bridge.start()
        chain.wait(lambda: bool(chain.values("device_uptime_seconds", device_id=DEVICE)), "live values")
        assert chain.values("boardpulse_history_available") == [0]
        (said,) = chain.log("history_unavailable")
        for sentence in (
            said["problem"],
            failed("history", "--path", str(path)),
            failed("ledger", "--url", chain.bridge.url),
        ):
            assert str(path) in sentence
            assert "What to do: " in sentence
        seen = chain.values("device_uptime_seconds", device_id=DEVICE)
        chain.wait(lambda: chain.values("device_uptime_seconds", device_id=DEVICE) > seen, "later values")
        assert chain.arrived(DEVICE) == 0
        after = contents(path)
        assert {name: after[name] for name in before} == before
        assert [data for name, data in after.items() if name not in before] in ([], [b""])  # a log that readers made


def test_a_damaged_log_is_put_aside_and_the_bridge_goes_on(tmp_path: Path) -> None:
    """With what stands before the damage. What is missing is in the log, and the ledger adds up."""
    with Chain(tmp_path, [UART]) as chain:
        chain.board(UART)
        chain.wait_for_samples(DEVICE, 30)
        chain.bridge.process.kill()
        wal = Path(f"{chain.bridge.history}-wal")
        data = bytearray(wal.read_bytes())
        data[len(data) // 2] ^= 1
        wal.write_bytes(data)
        chain.bridge.start()
        chain.wait_for_samples(DEVICE, 10)
        (said,) = chain.log("history_damaged")
        assert "commits in it cannot be read" in said["problem"]
        assert Path(f"{wal}.damaged-1").read_bytes() == data
        assert chain.values("boardpulse_history_available") == [1]
        chain.bridge.process.kill()
        chain.bridge.start()
        chain.wait_for_samples(DEVICE, 10)
        assert len(chain.log("history_damaged")) == 1
        command = [sys.executable, "-m", "host_bridge", "ledger", "--url", chain.bridge.url]
        run = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
        assert run.returncode == 0, run
