"""boardpulse capture."""

from __future__ import annotations

import queue
import signal
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path
from secrets import token_hex
from types import FrameType
from typing import TYPE_CHECKING

import click

from host_bridge.cli import exit_codes
from host_bridge.cli.options import source_options, with_sources
from host_bridge.config import Config
from host_bridge.core.received import Received
from host_bridge.options import LogOptions
from host_bridge.sinks import logs
from host_bridge.sources.capture_file import CaptureWriter
from host_bridge.version import version

if TYPE_CHECKING:
    from host_bridge.app import PausableSource

MAX_QUEUED = 10_000
SHOW_EVERY_S = 0.5


@click.command()
@click.argument("path", metavar="FILE", type=click.Path(path_type=Path, dir_okay=False))
@source_options
@click.option("--seconds", type=click.FloatRange(min=0.1), help="End by itself after this time.")
@click.option("--frames", type=click.IntRange(min=1), help="End by itself after so many frames.")
@click.pass_context
def capture(
    ctx: click.Context,
    path: Path,
    serial: tuple[str, ...],
    baudrate: int | None,
    mqtt: str | None,
    seconds: float | None,
    frames: int | None,
) -> None:
    """Append what boards send to FILE, until Ctrl-C.

    On a broker it listens beside a bridge and takes nothing from it. A serial port it has for itself, and acknowledges
    nothing: the board keeps its frames, and the bridge gets them afterwards.

    Exit code 1: no frame came.
    """
    config = with_sources(Config(), serial, baudrate, mqtt)
    lines = logs.configure(LogOptions(level="warning", format="pretty"))
    with _ended_by_signal() as ended:
        try:
            writer = CaptureWriter(path, time.time(), f"boardpulse {version()}")
        except OSError as error:
            raise click.ClickException(f"{path} cannot be written: {error.strerror}") from error
        count = _Capture(writer, _sources(config)).run(ended, seconds, frames)
    lines.close()
    click.echo(f"{path}: {count} frames and {writer.others} other lines.", err=True)
    if not count:
        ctx.exit(exit_codes.FAILED)


class _ended_by_signal:  # noqa: N801 - used as a function
    """An event that Ctrl-C and SIGTERM set."""

    def __enter__(self) -> threading.Event:
        self._ended = threading.Event()
        self._before = {number: signal.signal(number, self._end) for number in (signal.SIGINT, signal.SIGTERM)}
        return self._ended

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _end(self, _number: int, _frame: FrameType | None) -> None:
        self._ended.set()


def _sources(config: Config) -> list[PausableSource]:
    """The sources; at a broker under a name of our own and without a session, so that the bridge is not disturbed."""
    from host_bridge.sources.mqtt import MqttSource
    from host_bridge.sources.serial import SerialSource

    sources: list[PausableSource] = []
    if config.serial.ports:
        sources.append(SerialSource(config.serial))
    if config.mqtt is not None:
        guest = replace(config.mqtt, client_id=f"boardpulse.capture.{token_hex(4)}", clean_session=True)
        sources.append(MqttSource(guest))
    return sources


class _Capture:
    """Moves what sources deliver into the file; the sources' threads only queue."""

    def __init__(self, writer: CaptureWriter, sources: list[PausableSource]) -> None:
        self._writer = writer
        self._sources = sources
        self._queue: queue.Queue[Received] = queue.Queue(MAX_QUEUED)
        self._shown_at = 0.0

    def run(self, ended: threading.Event, seconds: float | None, frames: int | None) -> int:
        """Capture until it is time to end; the number of frames."""
        until = None if seconds is None else time.monotonic() + seconds
        for source in self._sources:
            source.start(self._deliver)
        try:
            while not self._done(ended, until, frames):
                self._take()
                self._show()
        finally:
            for source in self._sources:
                source.stop()
            while not self._queue.empty() and (frames is None or self._writer.frames < frames):
                self._take()
            self._writer.close()
            self._show_end()
        return self._writer.frames

    def _done(self, ended: threading.Event, until: float | None, frames: int | None) -> bool:
        late = until is not None and time.monotonic() >= until
        return ended.is_set() or late or (frames is not None and self._writer.frames >= frames)

    def _deliver(self, received: Received) -> bool:
        try:
            self._queue.put_nowait(received)
        except queue.Full:
            return False
        return True

    def _take(self) -> None:
        try:
            received = self._queue.get(timeout=0.1)
        except queue.Empty:
            return
        self._writer.write(received)
        for source in self._sources:
            if source.name == received.source and received.token is not None:
                source.acknowledge(received.token)

    def _show(self) -> None:
        if sys.stderr.isatty() and time.monotonic() - self._shown_at >= SHOW_EVERY_S:
            self._shown_at = time.monotonic()
            click.echo(f"\r{self._writer.frames} frames · Ctrl-C ends it", err=True, nl=False)

    def _show_end(self) -> None:
        if sys.stderr.isatty():
            click.echo("\r" + " " * 40 + "\r", err=True, nl=False)
