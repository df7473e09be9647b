"""Logs: for programs and for people, and safe to look at."""

import io
import json
import os
import threading
import time
from collections.abc import Iterator

import pytest
import structlog

from host_bridge.core.actions import LogLine
from host_bridge.options import LogOptions
from host_bridge.sinks import logs
from host_bridge.sinks.logs import escaped, write_line


@pytest.fixture(autouse=True)
def _unconfigured() -> Iterator[None]:
    """structlog's configuration is one for the process: leave it as it was."""
    yield
    structlog.reset_defaults()


def written(*lines: LogLine, form: str = "json", level: str = "info") -> list[str]:
    """What the log shows of some lines."""
    stream = io.StringIO()
    writer = logs.configure(LogOptions(level, form), stream)
    for line in lines:
        write_line(line)
    writer.close()
    return stream.getvalue().splitlines()


def test_a_line_of_json_has_time_level_event_and_fields() -> None:
    """One object a line, with the device and its category."""
    (line,) = written(LogLine("warning", "console", {"device_id": "pico-1", "line": "temp 41 °C"}))
    entry = json.loads(line)
    assert list(entry)[:3] == ["timestamp", "level", "event"]
    assert entry["timestamp"].endswith("Z")
    del entry["timestamp"]
    assert entry == {
        "level": "warning",
        "event": "console",
        "category": "console",
        "device_id": "pico-1",
        "line": "temp 41 °C",
    }


def test_a_line_for_people_is_short() -> None:
    """Time of day, level, event, then the fields, quoted where they have to be."""
    (line,) = written(LogLine("info", "console", {"device_id": "pico-1", "line": "hello world"}), form="pretty")
    assert line[8:] == ' info     console          category=console device_id=pico-1 line="hello world"'


def test_lines_below_the_level_are_not_written() -> None:
    """Debug is silent unless asked for."""
    quiet, loud = LogLine("debug", "x"), LogLine("info", "y")
    assert len(written(quiet, loud)) == 1
    assert len(written(quiet, loud, level="debug")) == 2


@pytest.mark.parametrize("form", ["json", "pretty"])
def test_a_board_cannot_forge_a_line_or_steer_the_terminal(form: str) -> None:
    """Escape sequences, newlines, direction marks and C1 controls show as text."""
    hostile = "a\r\n2026-01-01 INFO all is well\x1b]0;owned\x07\x9b31m\u202e\u2028"
    lines = written(LogLine("info", "board_event", {"message": hostile, hostile: {hostile: [hostile]}}), form=form)
    assert len(lines) == 1
    assert lines[0].isprintable()


def test_a_traceback_is_readable_and_cannot_pass_for_lines_of_the_log() -> None:
    """Each of its lines is indented below the line that it belongs to."""
    text = 'Traceback (most recent call last):\n  File "main.py", line 3\nValueError: \x1b[31mbad'
    first, *below = written(LogLine("error", "board_event", {"traceback": text}), form="pretty")
    assert "board_event" in first
    assert below == [
        "    Traceback (most recent call last):",
        '      File "main.py", line 3',
        "    ValueError: \\x1b[31mbad",
    ]


def test_fields_with_names_of_the_log_itself_do_no_harm() -> None:
    """A board may call a field `event`."""
    (line,) = written(LogLine("info", "board_event", {"event": "x", "level": "y", "timestamp": "z", "exc_info": True}))
    entry = json.loads(line)
    assert (entry["event"], entry["level"], entry["event_"], entry["level_"]) == ("board_event", "info", "x", "y")


def test_an_unknown_level_is_an_error_line() -> None:
    """Nothing raises in the engine because of a log line."""
    assert json.loads(written(LogLine("fatal", "x"))[0])["level"] == "error"


def test_values_of_any_kind_are_written() -> None:
    """Bytes, infinities and objects have some form."""
    fields = {"raw": b"\x00\xff", "nan": float("nan"), "none": None, "object": object()}
    assert "raw" in json.loads(written(LogLine("info", "x", fields))[0])


def test_long_values_are_cut() -> None:
    """No line of the log is longer than what a person reads."""
    assert len(escaped("x" * 100_000)) == logs.MAX_VALUE
    assert len(escaped("é" * 100_000)) == logs.MAX_VALUE


def test_a_pipe_that_nobody_reads_holds_up_nobody() -> None:
    """Lines are dropped and counted rather than waited for."""
    reading, writing = os.pipe()
    reader, stream = os.fdopen(reading, "rb"), os.fdopen(writing, "w")
    writer = logs.configure(LogOptions("info", "json"), stream)
    began = time.monotonic()
    for _ in range(logs.MAX_QUEUED_LINES + 2000):
        write_line(LogLine("info", "console", {"line": "x" * 100}))
    writer.close(0.1)
    assert time.monotonic() - began < 20
    heard: list[bytes] = []
    listener = threading.Thread(target=lambda: heard.append(reader.read()))
    listener.start()
    writer.close(10)
    stream.close()
    listener.join(10)
    reader.close()
    assert b"log_lines_dropped" in heard[0]


def test_a_closed_stream_raises_nothing() -> None:
    """The terminal may go before the bridge does."""
    stream = io.StringIO()
    writer = logs.configure(LogOptions(), stream)
    stream.close()
    write_line(LogLine("info", "x"))
    writer.close()
