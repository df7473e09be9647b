"""A file whose pages are whole and whose content is not: what is said, by whoever reads it."""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner

from host_bridge.cli import boardpulse
from host_bridge.sinks.history import Store, StoreError
from tests.unit.history.kit import EPOCH_MS, event, frames, group

HUGE = 1 << 40
COMMANDS = (
    ["history"],
    ["history", "desk"],
    ["history", "desk", "frames_total", "--since", "2020-01-01"],
    ["history", "desk", "--events", "--since", "2020-01-01"],
)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file that has something in each table."""
    path = tmp_path_factory.mktemp("whole") / "history.db"
    with closing(Store.open(path)) as store:
        store.commit([*frames(group(), 0, 300), event()])
        store.compact(EPOCH_MS)
        store.commit(frames(group(), 300, 320), frames(group(), 300, 305))
    return path


def spoiled(whole: Path, folder: Path, table: str, column: str, value: object) -> Path:
    """A copy in which a column has this value in all rows."""
    path = Path(shutil.copy(whole, folder))
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"UPDATE OR IGNORE {table} SET {column} = ?", (value,))
        connection.commit()
    return path


CELLS = [
    ("series", "labels", "[["),
    ("series", "labels", sqlite3.Binary(b"\xff")),
    ("series", "type", "{}"),
    ("series", "bounds", "7"),
    ("chunk", "n", HUGE),
    ("chunk", "n", -5),
    ("chunk", "t0", "x"),
    ("part", "data", b""),
    ("part", "data", b"\x10no deflated data"),
    ("journal", "n", HUGE),
    ("journal", "data", b"short"),
    ("journal", "t0", 1.5),
    ("grp", "columns", HUGE),
    ("grp", "columns", 0),
    ("grp", "compacted", "x"),
    ("grp", "series", "no"),
    ("event", "fields", "{"),
    ("device", "platform", b"\xff\xfe"),
]


@pytest.mark.parametrize(("table", "column", "value"), CELLS)
def test_a_reader_says_it_in_a_sentence(whole: Path, tmp_path: Path, table: str, column: str, value: object) -> None:
    """Or shows what it can: no traceback, and no memory without end."""
    path = spoiled(whole, tmp_path, table, column, value)
    for command in COMMANDS:
        run = CliRunner().invoke(boardpulse, [*command, "--path", str(path)])
        assert isinstance(run.exception, SystemExit | None), (command, run.exception)
        if run.exit_code:
            assert run.output.startswith(f"Error: {path}: ")
            assert "What to do: " in run.output
            assert len(run.output.splitlines()) == 1


@pytest.mark.parametrize(
    ("table", "column", "value"), [("series", "labels", "[["), ("chunk", "n", HUGE), ("part", "data", b"")]
)
def test_a_reader_does_not_pass_over_it(whole: Path, tmp_path: Path, table: str, column: str, value: object) -> None:
    """Samples that cannot be read are not left out in silence."""
    path = spoiled(whole, tmp_path, table, column, value)
    run = CliRunner().invoke(boardpulse, [*COMMANDS[2], "--path", str(path)])
    assert run.exit_code == 1
    assert "corrupt" in run.output


def test_a_text_that_is_none_is_damage(whole: Path, tmp_path: Path) -> None:
    """SQLite takes any bytes for a text."""
    path = Path(shutil.copy(whole, tmp_path))
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("UPDATE series SET name = CAST(X'6465FF' AS TEXT)")
        connection.commit()
    run = CliRunner().invoke(boardpulse, [*COMMANDS[1], "--path", str(path)])
    assert run.exit_code == 1
    assert "corrupt" in run.output


@pytest.mark.parametrize(("table", "column", "value"), CELLS)
def test_the_bridges_store_refuses_it_or_goes_on_with_what_is_whole(
    whole: Path, tmp_path: Path, table: str, column: str, value: object
) -> None:
    """Never anything else than an error that says what to do; new frames are kept beside what cannot be read."""
    path = spoiled(whole, tmp_path, table, column, value)
    said: list[str] = []
    try:
        store = Store.open(path)
    except StoreError as error:
        said.append(str(error))
        store = Store.open(tmp_path / "next.db")
    with closing(store):
        store.load()
        store.commit(frames(group("other"), 0, 3))
        for later_ms in (0, 20_000, 3_600_000, 7_200_000):
            for step in (
                lambda now_ms=EPOCH_MS + later_ms: store.compact(now_ms, 1.0),
                lambda now_ms=EPOCH_MS + later_ms: store.retain(now_ms, 60.0, 1 << 40, 1.0),
            ):
                try:
                    step()  # type: ignore[no-untyped-call]  # its default
                except StoreError as error:
                    said.append(str(error))
    assert all("What to do: " in one for one in said)


@pytest.mark.parametrize("command", COMMANDS)
def test_what_can_be_read_of_a_damaged_file_is_shown_and_said_not_to_be_all(
    whole: Path, tmp_path: Path, command: list[str]
) -> None:
    """Here a page that none of these needs. Exit code 1, in one sentence."""
    path = Path(shutil.copy(whole, tmp_path))
    with closing(sqlite3.connect(path)) as connection:
        (page,) = connection.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'outgoing'").fetchone()
    data = bytearray(path.read_bytes())
    data[(page - 1) * 4096 : page * 4096] = b"\xff" * 4096
    path.write_bytes(data)
    good = CliRunner().invoke(boardpulse, [*command, "--path", str(whole)])
    run = CliRunner().invoke(boardpulse, [*command, "--path", str(path)])
    assert good.exit_code == 0
    assert good.stderr == ""
    assert run.exit_code == 1
    assert run.stdout == good.stdout
    assert run.stderr.startswith(f"Error: {path} is damaged, and this may not be all of it: ")
    assert len(run.stderr.splitlines()) == 1
    assert path.read_bytes() == data
