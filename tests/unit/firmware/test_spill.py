"""The files of the spill, whatever was done to them: both readers find the same, and nothing raises."""

import json
import random
import zlib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from boardpulse import compose, node
from boardpulse.config import check
from boardpulse.spill_file import BOOT, DROPPED, HELLO, head, name, record, records
from boardpulse_tools.bench import spill_files
from boards.unix import board as unix
from shared_schema.cbor import encode
from shared_schema.cbor_reader import loads
from shared_schema.errors import ConfigError
from shared_schema.framing import Deframer
from tests.unit.firmware.test_config import SENSORS, UART

RECORDS = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 2**32 - 1), st.binary(max_size=80)), max_size=8)
BOOTS = st.integers(1, 2**32 - 1)


def write(folder: Path, data: bytes) -> Path:
    """One file of a spill."""
    path = folder / name(7)
    path.write_bytes(data)
    return path


def found(path: Path) -> list[tuple[int, int, bytes]]:
    """What the firmware reads of it."""
    return list(records(str(path)))


def agreed(path: Path, read: list[tuple[int, int, bytes]]) -> None:
    """The bench's reader has the same frames."""
    frames = {seq: zlib.crc32(data) for kind, seq, data in read if kind < HELLO}
    boots = {boot: spill_files.Left for kind, boot, _ in read if kind == BOOT}
    there = spill_files.read(path.parent)
    assert there.keys() == boots.keys()
    assert [left.frames for left in there.values()] == [frames] * len(boots)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(BOOTS, RECORDS, st.integers(0, 1 << 30))
def test_a_file_that_is_cut_gives_what_is_whole(tmp_path: Path, boot: int, parts: Any, cut: int) -> None:
    """Cut at any byte, it gives the records before that byte, and no other."""
    pieces = [head(boot, 3)] + [record(*part) for part in parts]
    data = b"".join(pieces)
    cut %= len(data) + 1
    whole = 0
    while whole < len(pieces) and sum(map(len, pieces[: whole + 1])) <= cut:
        whole += 1
    path = write(tmp_path, data[:cut])
    read = found(path)
    assert read == ([(BOOT, boot, b""), *parts])[:whole]
    agreed(path, read)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(BOOTS, RECORDS, st.binary(max_size=100), st.integers(0, 1 << 30), st.integers(1, 255))
def test_damage_and_garbage_end_a_file(
    tmp_path: Path, boot: int, parts: Any, tail: bytes, at: int, change: int
) -> None:
    """A byte that changed ends it at its record; bytes behind the last record are no record."""
    data = bytearray(b"".join([head(boot, 3)] + [record(*part) for part in parts]))
    assert found(write(tmp_path, bytes(data) + b"\xff" + tail)) == [(BOOT, boot, b""), *parts]
    data[at % len(data)] ^= change
    path = write(tmp_path, bytes(data))
    read = found(path)
    assert len(read) <= len(parts)
    assert read == ([(BOOT, boot, b""), *parts])[: len(read)]
    agreed(path, read)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=300), st.booleans())
def test_any_bytes_are_read(tmp_path: Path, data: bytes, behind_a_header: bool) -> None:
    """Nothing raises, and what is taken for a record has its CRC."""
    path = write(tmp_path, head(9, 0) + data if behind_a_header else data)
    agreed(path, found(path))


def test_the_readers_agree_on_what_was_written_anew(tmp_path: Path) -> None:
    """Of two files with one number the older counts: it is deleted when the newer is whole."""
    dice = random.Random(5)
    for number in range(4):
        for thinned in range(dice.randrange(1, 3)):
            data = head(number // 2 + 1, 0) + record(DROPPED, 0, bytes([thinned]) + bytes(11))
            (tmp_path / name(number, thinned)).write_bytes(data + record(0, number * 10 + thinned, b"x"))
    there = spill_files.read(tmp_path)
    assert {boot: sorted(left.frames) for boot, left in there.items()} == {1: [0, 10], 2: [20, 30]}


def test_spill_has_defaults() -> None:
    """An empty object configures it; without one there is none."""
    assert check(UART, SENSORS).spill is None
    assert check(UART | {"spill": None}, SENSORS).spill is None
    assert check(UART | {"spill": {}}, SENSORS).spill == {"path": "spill", "bytes": 65536, "segment_bytes": 4096}


@pytest.mark.parametrize(
    ("spill", "path"),
    [
        (True, "spill"),
        ({"bytes": 100}, "spill.bytes"),
        ({"segment_bytes": 1 << 20}, "spill.segment_bytes"),
        ({"path": ""}, "spill.path"),
        ({"size": 1}, "spill.size"),
        ({"bytes": 8192, "segment_bytes": 4097}, "spill.segment_bytes"),
    ],
)
def test_what_is_wrong_with_spill_is_told(spill: object, path: str) -> None:
    """With the key. Two files must fit, so that one can be written anew."""
    with pytest.raises(ConfigError) as caught:
        check(UART | {"spill": spill}, SENSORS)
    assert [where for where, _, _ in caught.value.problems] == [path]


@pytest.mark.parametrize("left_in", ["spill", "boardpulse.crash"])
def test_what_a_start_tells_has_the_boot_that_it_keeps(
    left_in: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the boot id that is drawn is still on flash, another is drawn before any frame is made, such as the one
    about a sensor that cannot be made."""

    def broken(name: str, *_: object) -> None:
        raise ValueError(name)

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(node, "random_boot", lambda: 7)
    monkeypatch.setattr(unix, "make_sensor", broken)
    (tmp_path / left_in).mkdir()
    hello = encode([1, 7, 1, 0, {7: [0, 1, 0, 0, 0, 0, 0]}])
    (tmp_path / left_in / name(0)).write_bytes(head(7, 0) + record(HELLO, 0, hello) + record(1, 0, b"x"))
    wanted = {**UART, "board": "unix", "sensors": {}, **({"spill": {}} if left_in == "spill" else {})}
    (tmp_path / "boardpulse.json").write_text(json.dumps(wanted))
    board = compose.load("boardpulse.json", unix)
    box = board.outbox
    sent = Deframer().feed(bytes(box.buf[: box.size]))
    assert board.boot == 8
    assert [loads(frame)[1] for _, frame in sent] == [8] * box.count != []


def test_a_crash_from_before_the_board_spilled_is_taken_along(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where spill is switched on later, what is in the folder of crashes moves to where the board spills."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(node, "random_boot", lambda: 7)
    (tmp_path / "boardpulse.crash").mkdir()
    hello = encode([1, 7, 1, 0, {7: [0, 1, 0, 0, 0, 0, 0]}])
    data = head(7, 0) + record(DROPPED, 0, bytes(12)) + record(HELLO, 0, hello) + record(2, 0, b"x")
    (tmp_path / "boardpulse.crash" / name(0)).write_bytes(data)
    wanted = {**UART, "board": "unix", "sensors": {}, "spill": {}}
    (tmp_path / "boardpulse.json").write_text(json.dumps(wanted))
    board = compose.load("boardpulse.json", unix)
    assert board.boot == 8
    assert board.held() == 2  # the crash, and the last word of its boot
    assert [path.read_bytes() for path in (tmp_path / "spill").iterdir()] == [data]
    assert not list((tmp_path / "boardpulse.crash").iterdir())
