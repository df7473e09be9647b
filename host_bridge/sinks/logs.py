"""Logs by structlog, as JSON or for people; and what the core has to say as lines of it.

Whatever a board sends may stand in a line, so control characters are escaped: nobody forges lines or steers a terminal.
Lines leave through a thread of their own: a terminal that is stopped, or a pipe that nobody reads, holds up nobody.
"""

from __future__ import annotations

import contextlib
import json
import logging
import queue
import sys
import threading
import unicodedata
from collections.abc import MutableMapping
from typing import Any, TextIO

import structlog

from host_bridge.core.actions import LogLine
from host_bridge.options import LogOptions

MAX_QUEUED_LINES = 10_000
MAX_VALUE = 4096  # characters of one value in a line

# What kind of line it is, so that a log server can tell boards' words from the bridge's own.
CATEGORIES = {
    "console": "console",
    "console_limited": "console",
    "board_event": "event",
    "device_state": "state",
    "alert": "alert",
    "frame_refused": "wire",
    "own_bug": "bug",
}

_LOG = structlog.get_logger("boardpulse")
_RESERVED = ("event", "level", "timestamp", "exc_info", "stack_info")
_EVENT_WIDTH = 16
_COLOURS = {"debug": "2", "info": "32", "warning": "33", "error": "31", "critical": "1;31"}


class LineWriter:
    """A file for structlog that never blocks and never raises. What finds its queue full is dropped, and said later."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._lines: queue.Queue[str | None] = queue.Queue(MAX_QUEUED_LINES)
        self._dropped = 0
        self._thread = threading.Thread(target=self._run, name="logs", daemon=True)
        self._thread.start()

    def write(self, text: str) -> None:
        """Queue a line."""
        try:
            self._lines.put_nowait(text)
        except queue.Full:
            self._dropped += 1

    def flush(self) -> None:
        """Nothing: the thread flushes."""

    def close(self, timeout_s: float = 0.5) -> None:
        """Write what is queued, for at most `timeout_s`."""
        with contextlib.suppress(queue.Full):
            self._lines.put(None, timeout=timeout_s)
        self._thread.join(timeout_s)

    def _run(self) -> None:
        while (text := self._lines.get()) is not None:
            with contextlib.suppress(OSError, ValueError):  # nobody reads us any more, or the stream is closed
                if self._dropped:
                    dropped, self._dropped = self._dropped, 0
                    self._stream.write(json.dumps({"event": "log_lines_dropped", "lines": dropped}) + "\n")
                self._stream.write(text)
                self._stream.flush()


def configure(options: LogOptions, stream: TextIO | None = None) -> LineWriter:
    """Send all logs of the process to `stream` (stderr). Close what this returns at the end."""
    target = sys.stderr if stream is None else stream
    writer = LineWriter(target)
    pretty = options.format == "pretty" or (options.format == "auto" and target.isatty())
    renderer = Pretty(colours=target.isatty()) if pretty else render_json
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            escape_values,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[options.level.upper()]),
        logger_factory=structlog.WriteLoggerFactory(file=writer),  # type: ignore[arg-type]  # write() and flush() are all it uses
        cache_logger_on_first_use=False,
    )
    return writer


def escaped(text: str) -> str:
    """`text` without anything that steers a terminal or is not seen: control, format, surrogate characters as \\x…."""
    if text.isascii() and text.isprintable():
        return text[:MAX_VALUE]
    return "".join(_escaped(character) for character in text[:MAX_VALUE])


def _escaped(character: str) -> str:
    if character == "\n" or unicodedata.category(character) not in ("Cc", "Cf", "Cs", "Zl", "Zp"):
        return character
    code = ord(character)
    return f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}" if code < 65536 else f"\\U{code:08x}"


def escape_values(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """structlog processor: escape every text, also within lists and mappings."""
    return {_escape_key(key): _escape_value(value) for key, value in event.items()}


def _escape_key(key: object) -> str:
    return escaped(str(key)).replace("\n", "\\n")


def _escape_value(value: object) -> object:
    if value is None or isinstance(value, (bool, int, float)):
        return value
    if isinstance(value, dict):
        return {_escape_key(key): _escape_value(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_escape_value(item) for item in value]
    return escaped(value if isinstance(value, str) else repr(value))


def render_json(_logger: object, _method: str, event: MutableMapping[str, Any]) -> str:
    """One JSON object: timestamp, level, event, then the rest."""
    first = {key: event.pop(key) for key in ("timestamp", "level", "event") if key in event}
    return json.dumps({**first, **event}, ensure_ascii=False)


class Pretty:
    """Lines for people; tracebacks are indented below theirs."""

    def __init__(self, *, colours: bool) -> None:
        self._colours = colours

    def __call__(self, _logger: object, _method: str, event: MutableMapping[str, Any]) -> str:
        at, level, name = (str(event.pop(key, "")) for key in ("timestamp", "level", "event"))
        below = [str(event.pop(key)) for key in ("traceback", "exception") if event.get(key)]
        fields = " ".join(f"{key}={self._value(value)}" for key, value in event.items())
        shown = f"{at[11:19]} {self._paint(_COLOURS.get(level, '0'), f'{level:<8}')} {name:<{_EVENT_WIDTH}} {fields}"
        return "\n    ".join([shown.rstrip(), *(line for text in below for line in text.splitlines())])

    def _value(self, value: object) -> str:
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        plain = text != "" and not any(character in text for character in ' "=\n')
        return text if plain or not isinstance(value, str) else json.dumps(text, ensure_ascii=False)

    def _paint(self, code: str, text: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if self._colours else text


def write_line(line: LogLine) -> None:
    """Write what the core or the engine has to say; any thread."""
    category = CATEGORIES.get(line.event)
    fields = dict(line.fields) if category is None else {"category": category, **line.fields}
    # A board's field may have a name that structlog uses itself.
    safe = {f"{key}_" if key in _RESERVED else key: value for key, value in fields.items()}
    getattr(_LOG, line.level if line.level in _COLOURS else "error")(line.event, **safe)
