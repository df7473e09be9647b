"""Captures: what sources heard, in a file that can be appended to, cut between any two lines, and read by any program.

The first line says what it is: {"boardpulse_capture": 1, "created": <Unix seconds>, "by": <who>}. Each line after it is
one JSON object:

    {"at": 1760000000.123, "source": "mqtt", "port": "mqtt://127.0.0.1:1883", "device_id": "pico-1",
     "channel": "up", "retained": false, "hex": "8402…"}

`at`: arrival, Unix seconds. One of `hex` (a frame), `text` (a console line), `bad` (a reason of SPEC.md section 17),
`up` and `down` (a link came or went). device_id, channel and retained are left out where a source does not know them.
A header line may come again where a file was appended to. Readers skip keys that they do not know.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from host_bridge.core.received import BAD, FRAME, LINK_DOWN, LINK_UP, TEXT, Received
from shared_schema.errors import BoardpulseError
from shared_schema.messages import MAX_FRAME_BYTES

VERSION = 1
HEADER = "boardpulse_capture"
MAX_LINE = 2 * MAX_FRAME_BYTES + 4096  # a frame in hex, and the words around it
_WORDS = {TEXT: "text", BAD: "bad", LINK_UP: "up", LINK_DOWN: "down"}
_KINDS = {word: what for what, word in _WORDS.items()}


class CaptureError(BoardpulseError):
    """A file that is no capture, or has a line that is none. The message says which."""


def header(created: float, by: str) -> str:
    """The first line."""
    return json.dumps({HEADER: VERSION, "created": created, "by": by})


def to_line(received: Received) -> str:
    """What was received, as a line."""
    entry: dict[str, object] = {"at": round(received.at, 6), "source": received.source, "port": received.port}
    if received.device_id:
        entry |= {"device_id": received.device_id, "channel": received.channel, "retained": received.retained}
    if isinstance(received.payload, bytes):
        entry["hex"] = received.payload.hex()
    else:
        entry[_WORDS[received.what]] = received.payload
    return json.dumps(entry)


def from_line(line: str) -> Received | None:
    """What a line says; None for a header or an empty line. ValueError says what is wrong."""
    if not line.strip():
        return None
    try:
        entry = json.loads(line)
    except (json.JSONDecodeError, RecursionError) as error:
        raise ValueError(f"not JSON: {error}") from None
    if not isinstance(entry, dict):
        raise ValueError("not a JSON object")
    if HEADER in entry:
        _check_version(entry)
        return None
    at = entry.get("at")
    if isinstance(at, bool) or not isinstance(at, (int, float)) or not 0 <= at < 1e11:
        raise ValueError("`at` is no time in Unix seconds")
    what, payload = _payload(entry)
    return Received(
        source=_text(entry, "source"),
        port=_text(entry, "port"),
        at=float(at),
        what=what,
        payload=payload,
        device_id=_text(entry, "device_id"),
        channel=_text(entry, "channel") or "up",
        retained=entry.get("retained") is True,
    )


def _check_version(entry: dict[str, object]) -> None:
    version = entry[HEADER]
    if not isinstance(version, int) or version > VERSION:
        raise ValueError(f"a capture of version {version}; this boardpulse reads up to {VERSION}: install a newer one")


def _payload(entry: dict[str, object]) -> tuple[int, bytes | str]:
    if "hex" in entry:
        digits = _text(entry, "hex")
        try:
            return FRAME, bytes.fromhex(digits)
        except ValueError:
            raise ValueError("`hex` is not hexadecimal digits, two for each byte") from None
    for word, what in _KINDS.items():
        if word in entry:
            return what, _text(entry, word)
    raise ValueError("none of hex, text, bad, up, down")


def _text(entry: dict[str, object], key: str) -> str:
    value = entry.get(key, "")
    if not isinstance(value, str):
        raise ValueError(f"`{key}` is no text")
    return value


def read(file: IO[str], name: str) -> Iterator[Received]:
    """What a capture holds, in order. CaptureError names the file and the line that is wrong.

    A line that was cut short, as by a crash, is passed over at the end and before the header of the run that followed.
    """
    number = 0
    broken: CaptureError | None = None
    while line := file.readline(MAX_LINE):
        number += 1
        if broken is not None and HEADER not in line:
            raise broken
        broken = None
        if number == 1 and HEADER not in line:
            raise CaptureError(f'{name}: not a capture: its first line lacks "{HEADER}"')
        try:
            received = from_line(line)
        except ValueError as error:
            if not line.endswith("\n") and len(line) < MAX_LINE:
                return
            broken = CaptureError(f"{name}, line {number}: {error}")
            continue
        if received is not None:
            yield received
    if broken is not None:
        raise broken
    if not number:
        raise CaptureError(f"{name}: not a capture: it is empty")


class CaptureWriter:
    """Appends to a capture. Each line is written whole and at once, so that a kill costs at most the line under way."""

    def __init__(self, path: Path, created: float, by: str) -> None:
        self._file = path.open("a", encoding="utf-8", buffering=1)
        self.frames = 0
        self.others = 0
        if _is_cut(path):
            self._file.write("\n")
        self._write(header(created, by))

    def write(self, received: Received) -> None:
        """Append one thing."""
        self._write(to_line(received))
        if received.what == FRAME:
            self.frames += 1
        else:
            self.others += 1

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _write(self, line: str) -> None:
        self._file.write(line + "\n")


def _is_cut(path: Path) -> bool:
    """Whether the last line lacks its end. False also where that cannot be seen, as of a pipe."""
    if not path.is_file() or not path.stat().st_size:
        return False
    with path.open("rb") as file:
        file.seek(-1, os.SEEK_END)
        return file.read(1) != b"\n"
