"""Captures, and playing them."""

import io
import json
import threading
import time
from pathlib import Path

import pytest

from host_bridge.core.received import BAD, FRAME, LINK_DOWN, LINK_UP, TEXT, Received
from host_bridge.sources.capture_file import MAX_LINE, CaptureError, CaptureWriter, from_line, header, read, to_line
from host_bridge.sources.replay import ReplaySource
from tests.support.waiting import until
from tests.unit.sources.conftest import Inbox

ENTRIES = [
    Received("serial", "/dev/ttyACM0", 1.0, LINK_UP, "opened"),
    Received("serial", "/dev/ttyACM0", 1.1, FRAME, b"\x84\x01\x02\x03"),
    Received("serial", "/dev/ttyACM0", 1.2, TEXT, 'print("ü\n\x1b")'),
    Received("serial", "/dev/ttyACM0", 1.3, BAD, "crc"),
    Received("mqtt", "mqtt://b:1883", 1.4, FRAME, b"\x85", "pico-1", "hello", retained=True),
    Received("mqtt", "mqtt://b:1883", 1.5, LINK_DOWN, "the broker closed the connection"),
]


def written(path: Path, entries: list[Received] = ENTRIES) -> Path:
    """A capture of some entries."""
    writer = CaptureWriter(path, 1.0, "test")
    for entry in entries:
        writer.write(entry)
    writer.close()
    return path


def entries_of(text: str) -> list[Received]:
    """What a capture says."""
    return list(read(io.StringIO(text), "x.cap"))


def test_what_is_written_is_what_is_read(tmp_path: Path) -> None:
    """All kinds of entries, whatever stands in them."""
    path = written(tmp_path / "x.cap")
    with path.open() as file:
        assert list(read(file, "x.cap")) == ENTRIES


def test_a_capture_can_be_appended_to(tmp_path: Path) -> None:
    """Two runs into one file are one capture."""
    path = written(written(tmp_path / "x.cap"))
    assert entries_of(path.read_text()) == ENTRIES * 2


def test_a_capture_that_was_cut_short_can_be_appended_to(tmp_path: Path) -> None:
    """A crash costs the line under way, and nothing of the next run."""
    path = written(tmp_path / "x.cap")
    path.write_text(path.read_text()[:-20])
    assert entries_of(written(path).read_text()) == ENTRIES[:-1] + ENTRIES


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "it is empty"),
        ("hello\n", "not a capture"),
        ('{"boardpulse_capture": 1}\n' + "[" * 9000 + "\n", "line 2: not JSON"),
        ('{"boardpulse_capture": 1}\n{"at": 1, "hex": "0g"}\n', "line 2: `hex` is not hexadecimal digits"),
        ('{"boardpulse_capture": 1}\n{"at": 1e400, "hex": "00"}\n', "line 2: `at` is no time"),
        ('{"boardpulse_capture": 1}\nx\n{"at": 1, "hex": "00"}\n', "line 2: not JSON"),
    ],
)
def test_what_is_no_capture_is_said_in_words(text: str, says: str) -> None:
    """Where it is wrong, and how."""
    with pytest.raises(CaptureError, match=says):
        entries_of(text)


def test_every_line_is_whole_the_moment_it_is_written(tmp_path: Path) -> None:
    """A kill costs at most the line under way."""
    path = tmp_path / "x.cap"
    writer = CaptureWriter(path, 1.0, "test")
    writer.write(ENTRIES[1])
    assert len(entries_of(path.read_text())) == 1
    writer.close()


def test_a_capture_that_was_cut_short_is_read_up_to_there(tmp_path: Path) -> None:
    """Half a last line is no error."""
    text = written(tmp_path / "x.cap").read_text()
    assert entries_of(text[:-20]) == ENTRIES[:-1]


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("nonsense", "Expecting value"),
        ("[]", "not a JSON object"),
        ('{"at": "x", "hex": ""}', "`at`"),
        ('{"at": true, "hex": ""}', "`at`"),
        ('{"at": 1e400, "hex": ""}', "`at`"),
        ('{"at": 1, "hex": "xyz"}', "hexadecimal"),
        ('{"at": 1, "hex": 7}', "`hex` is no text"),
        ('{"at": 1, "port": 7, "hex": ""}', "`port` is no text"),
        ('{"at": 1}', "none of hex, text, bad, up, down"),
        ('{"boardpulse_capture": 2}', "install a newer one"),
    ],
)
def test_a_line_that_is_wrong_is_named(line: str, says: str) -> None:
    """File, line, and what is wrong with it."""
    with pytest.raises(CaptureError, match=r"x\.cap, line 2: ") as caught:
        entries_of(f"{header(1.0, 'test')}\n{line}\n")
    assert says in str(caught.value)


def test_a_file_that_is_no_capture_is_refused_at_its_first_line() -> None:
    """Not after a thousand errors."""
    with pytest.raises(CaptureError, match="not a capture"):
        entries_of("GIF89a\n")


def test_an_endless_line_is_not_read_into_memory() -> None:
    """Lines have a limit."""
    with pytest.raises(CaptureError):
        entries_of(header(1.0, "t") + "\n" + "x" * (MAX_LINE + 10))


def test_later_versions_may_add_keys() -> None:
    """What this version does not know is skipped."""
    entry = json.loads(to_line(ENTRIES[1])) | {"signal": -40}
    assert from_line(json.dumps(entry)) == ENTRIES[1]


def test_a_replay_keeps_the_rhythm_and_dates_it_now(tmp_path: Path, inbox: Inbox) -> None:
    """Half a second at five times the speed takes a tenth."""
    source = ReplaySource(written(tmp_path / "x.cap"), speed=5.0)
    finished = threading.Event()
    source.when_finished = finished.set
    began = time.time()
    source.start(inbox)
    assert finished.wait(5)
    assert [(one.what, one.payload, one.device_id) for one in inbox.all] == [
        (one.what, one.payload, one.device_id) for one in ENTRIES
    ]
    assert {one.source for one in inbox.all} == {"replay"}
    assert 0.09 <= inbox.all[-1].at - began < 0.5
    assert (source.played, source.error) == (6, "")


def test_a_replay_without_waiting_waits_for_a_full_queue(tmp_path: Path, inbox: Inbox) -> None:
    """Speed 0 loses nothing."""
    inbox.full = True
    source = ReplaySource(written(tmp_path / "x.cap"), speed=0)
    source.start(inbox)
    until(lambda: inbox.refused)
    inbox.full = False
    until(lambda: len(inbox.all) == len(ENTRIES))
    source.stop()


def test_a_replay_of_no_capture_says_so(tmp_path: Path, inbox: Inbox) -> None:
    """And ends."""
    path = tmp_path / "x.cap"
    path.write_text("nothing\n")
    source = ReplaySource(path)
    finished = threading.Event()
    source.when_finished = finished.set
    source.start(inbox)
    assert finished.wait(5)
    assert "not a capture" in source.error


def test_a_replay_can_be_stopped_while_it_waits(tmp_path: Path, inbox: Inbox) -> None:
    """An hour's pause in a capture does not keep anybody for an hour."""
    late = [ENTRIES[0], Received("serial", "p", 3600.0, FRAME, b"\x84")]
    source = ReplaySource(written(tmp_path / "x.cap", late))
    source.start(inbox)
    until(lambda: inbox.all)
    began = time.monotonic()
    source.stop()
    assert time.monotonic() - began < 0.5
    assert len(inbox.all) == 1
