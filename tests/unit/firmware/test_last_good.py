"""A configuration file that is damaged: the board starts with the last one that worked."""

import errno
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import boardpulse
import boardpulse.last_good as last_good
from boardpulse.node import Node
from shared_schema.cbor_reader import loads
from shared_schema.errors import ConfigError
from shared_schema.framing import FRAME, Deframer
from shared_schema.parse import Event, parse

CONFIG = {"device_id": "kiln", "board": "unix", "link": {"type": "uart", "path": "/dev/null"}}


@pytest.fixture
def path(tmp_path: Path) -> Iterator[Path]:
    """A board's configuration, whole; no node is left behind."""
    path = tmp_path / "boardpulse.json"
    path.write_text(json.dumps(CONFIG))
    yield path
    boardpulse._node = None


def warnings(node: Node) -> list[str]:
    """The events that wait in a node's outbox."""
    outbox = node.outbox
    deframer = Deframer()
    found: list[Any] = []
    for index in range(outbox.count):
        start = outbox.offset(index)
        found += deframer.feed(bytes(outbox.buf[start : start + outbox.length(index)]))
    messages = [parse(loads(bytes(payload))) for what, payload in found if what == FRAME]
    return [m.message for m in messages if isinstance(m, Event) and m.source == "config"]


def start(path: Path) -> Node:
    """What main.py does."""
    return last_good.start(str(path))


def files(path: Path) -> list[str]:
    """What is in the board's file system."""
    return sorted(os.listdir(path.parent))


def test_a_good_start_keeps_a_copy(path: Path) -> None:
    """Byte for byte; nothing is told."""
    assert warnings(start(path)) == []
    assert files(path) == ["boardpulse.json", "boardpulse.last.json"]
    assert path.with_name("boardpulse.last.json").read_bytes() == path.read_bytes()


def test_the_copy_is_written_only_when_it_differs(path: Path) -> None:
    """Flash wears out."""
    start(path)
    copy = path.with_name("boardpulse.last.json")
    os.utime(copy, (1, 1))
    start(path)
    assert copy.stat().st_mtime == 1
    path.write_text(json.dumps(CONFIG | {"device_id": "oven"}))
    start(path)
    assert json.loads(copy.read_text())["device_id"] == "oven"


@pytest.mark.parametrize("cut", range(0, len(json.dumps(CONFIG)), 7))
def test_a_file_that_was_cut_short_falls_back(path: Path, cut: int) -> None:
    """Wherever it ends; the event says what is wrong. The copy is left as it is."""
    start(path)
    path.write_bytes(path.read_bytes()[:cut])
    node = start(path)
    assert node.device_id == "kiln"
    (warning,) = warnings(node)
    assert "boardpulse.json" in warning
    assert warning.endswith("using the last good one")
    assert json.loads(path.with_name("boardpulse.last.json").read_text()) == CONFIG


@pytest.mark.parametrize("content", [b"\xff" * 300, b"\x00" * 300, b"[]", b'{"device_id": "x"}', None])
def test_what_is_no_configuration_falls_back(path: Path, content: bytes | None) -> None:
    """Erased flash, a file that is gone, and JSON that fails the checks."""
    start(path)
    if content is None:
        path.unlink()
    else:
        path.write_bytes(content)
    assert start(path).device_id == "kiln"


def test_a_copy_that_fat_left_half_renamed_is_found(path: Path) -> None:
    """FAT removes the old name first: power that fails then leaves only the new file."""
    start(path)
    path.with_name("boardpulse.last.json").rename(path.with_name("boardpulse.new.json"))
    path.write_text("{")
    assert start(path).device_id == "kiln"


def test_a_new_copy_that_was_cut_is_not_taken(path: Path) -> None:
    """Power that fails while it is written leaves the older copy in its place."""
    start(path)
    path.with_name("boardpulse.new.json").write_text('{"device_id"')
    path.write_text("{")
    assert start(path).device_id == "kiln"
    path.with_name("boardpulse.last.json").unlink()
    with pytest.raises(ConfigError):
        start(path)


def test_without_a_copy_the_mistake_is_told_as_ever(path: Path) -> None:
    """The first start: all mistakes, of the file that was named."""
    path.write_text(json.dumps(CONFIG | {"interval_ms": 0}))
    with pytest.raises(ConfigError, match="interval_ms"):
        start(path)
    assert files(path) == ["boardpulse.json"]


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS])
def test_a_file_system_that_takes_nothing_is_told(path: Path, number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Full or read-only: an event, and the board runs."""

    def refuse(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr("boardpulse.last_good.os.rename", refuse)
    (warning,) = warnings(start(path))
    assert os.strerror(number) in warning


def test_a_folder_that_cannot_be_written_is_told(path: Path) -> None:
    """The same with a real obstacle: a folder has the copy's name."""
    path.with_name("boardpulse.new.json").mkdir()
    (warning,) = warnings(start(path))
    assert warning.startswith("no copy of")


def test_a_host_keeps_the_copys_secrets(path: Path) -> None:
    """Passwords are in it: only its owner reads it."""
    start(path)
    assert path.with_name("boardpulse.last.json").stat().st_mode & 0o777 == 0o600
