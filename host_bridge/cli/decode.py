"""boardpulse decode."""

from __future__ import annotations

import io
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import click

from host_bridge.cli import exit_codes
from host_bridge.cli.describe import Describer, Description
from host_bridge.cli.listing import lines
from host_bridge.sources import capture_file
from shared_schema.framing import BAD, FRAME, Deframer

MAX_INPUT_BYTES = 64 << 20  # of bytes that are no capture; captures are read line by line
CAPTURE_START = 128  # the header's name is among the first bytes
_HEX_NOISE = re.compile(r"0x|[\s:,]", re.IGNORECASE)


@click.command()
@click.argument("inputs", metavar="[HEX | FILE | -]...", nargs=-1)
@click.option("--json", "as_json", is_flag=True, help="One JSON object a frame.")
@click.pass_context
def decode(ctx: click.Context, inputs: tuple[str, ...], as_json: bool) -> None:
    """Show what is in frames.

    An input is hexadecimal digits, a file, or - for standard input (the default). A file is a capture, bytes as they
    stood on a UART, one bare frame, or lines of hexadecimal digits. A hello names the columns of the samples after it.

    Exit code 1: something was no frame.
    """
    describer = Describer()
    refused = False
    for given in inputs or ("-",):
        empty = True
        for description in describe(given, describer):
            empty = False
            refused = refused or description["kind"] == "refused"
            click.echo(json.dumps(description, ensure_ascii=False) if as_json else "\n".join(lines(description)))
        if empty:
            refused = True
            click.echo(f"{'standard input' if given == '-' else given}: no frame in it.", err=True)
    if refused:
        ctx.exit(exit_codes.FAILED)


def describe(given: str, describer: Describer) -> Iterator[Description]:
    """What one input holds."""
    if given == "-":
        yield from describe_bytes(sys.stdin.buffer.read(MAX_INPUT_BYTES), "standard input", describer)
        return
    path = Path(given)
    frame = from_hex(given)
    if frame is not None and not _is_file(path):
        yield from describe_binary(frame, describer)
        return
    try:
        with path.open("rb") as file:
            data = file.read(CAPTURE_START)
            if not is_capture(data):
                data += file.read(MAX_INPUT_BYTES)
        if not is_capture(data):
            yield from describe_bytes(data, given, describer)
            return
        with path.open(encoding="utf-8", errors="replace") as capture:
            yield from describe_capture(capture, given, describer)
    except OSError as error:
        shown = (given if len(given) <= 60 else given[:59] + "…") or "''"
        raise click.ClickException(f"{shown} is neither hexadecimal digits nor a file ({error.strerror})") from error


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # longer than a name may be: a frame
        return False


def describe_bytes(data: bytes, name: str, describer: Describer) -> Iterator[Description]:
    """What a file or standard input holds."""
    if is_capture(data):
        yield from describe_capture(io.StringIO(data.decode("utf-8", "replace")), name, describer)
        return
    text = data.decode("ascii", "replace")
    frames = [from_hex(line) for line in text.splitlines() if line.strip()]
    if frames and all(frame is not None for frame in frames):
        for frame in frames:
            yield from describe_binary(frame or b"", describer)
    else:
        yield from describe_binary(data, describer)


def is_capture(data: bytes) -> bool:
    """Whether these are the first bytes of a capture."""
    return capture_file.HEADER.encode() in data[:CAPTURE_START]


def describe_capture(file: IO[str], name: str, describer: Describer) -> Iterator[Description]:
    """The entries of a capture."""
    try:
        for received in capture_file.read(file, name):
            yield describer.received(received)
    except capture_file.CaptureError as error:
        raise click.ClickException(str(error)) from error


def describe_binary(data: bytes, describer: Describer) -> Iterator[Description]:
    """One bare frame, or bytes as they stood on a UART, where zeros stand around each frame."""
    whole = describer.frame(data) if data else None
    if whole is not None and (whole["kind"] != "refused" or b"\0" not in data):
        yield whole
        return
    deframer = Deframer()
    for what, payload in [*deframer.feed(data), *deframer.flush()]:
        if what == FRAME and isinstance(payload, bytes):
            yield describer.frame(payload)
        elif what == BAD:
            yield {"kind": "refused", "reason": payload}
        else:
            yield {"kind": "console", "text": payload}


def from_hex(text: str) -> bytes | None:
    """The bytes that hexadecimal digits stand for, however they are separated; None when it is something else."""
    try:
        return bytes.fromhex(_HEX_NOISE.sub("", text)) or None
    except ValueError:
        return None
