"""boardpulse replay."""

from __future__ import annotations

import json
import threading
import time
from pathlib import Path

import click

from host_bridge.cli.describe import Describer
from host_bridge.cli.listing import lines
from host_bridge.cli.options import listen_option, load_config, log_options, with_http_and_log
from host_bridge.config import Config
from host_bridge.sources import capture_file


@click.command()
@click.argument("path", metavar="FILE", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option(
    "--speed",
    type=click.FloatRange(min=0),
    default=1.0,
    show_default=True,
    help="How many times as fast as it was; 0: as fast as it goes.",
)
@click.option("--print", "only_print", is_flag=True, help="Print what is in it, in that rhythm, instead of serving it.")
@click.option("--json", "as_json", is_flag=True, help="With --print: one JSON object a line.")
@click.option("--config", "config_path", type=click.Path(path_type=Path), help="Thresholds and limits for the bridge.")
@click.option(
    "--exit", "exit_after", is_flag=True, help="End when the capture ends; otherwise the pages stay, until Ctrl-C."
)
@listen_option
@log_options
def replay(
    path: Path,
    speed: float,
    only_print: bool,
    as_json: bool,
    config_path: Path | None,
    exit_after: bool,
    listen: str | None,
    log_level: str | None,
    log_format: str | None,
) -> None:
    """Play the capture FILE into a bridge of its own, which serves /metrics; or print it.

    Exit code 1: FILE is no capture, or has a line that is none.
    """
    if only_print:
        print_capture(path, speed, as_json)
        return
    if as_json:
        raise click.UsageError("--json goes with --print")
    loaded = load_config(config_path)
    config = with_http_and_log(
        Config(settings=loaded.settings, http=loaded.http, log=loaded.log), listen, log_level, log_format
    )
    serve_capture(path, speed, config, exit_after)


def print_capture(path: Path, speed: float, as_json: bool) -> None:
    """What the capture holds, as it came."""
    describer = Describer()
    began, first = time.monotonic(), None
    try:
        with path.open(encoding="utf-8", errors="replace") as file:
            for received in capture_file.read(file, str(path)):
                first = received.at if first is None else first
                if speed > 0:
                    time.sleep(max(0.0, began + (received.at - first) / speed - time.monotonic()))
                description = describer.received(received)
                click.echo(json.dumps(description, ensure_ascii=False) if as_json else "\n".join(lines(description)))
    except (OSError, capture_file.CaptureError) as error:
        raise click.ClickException(str(error)) from error


def serve_capture(path: Path, speed: float, config: Config, exit_after: bool) -> None:
    """A bridge whose only source is the capture."""
    from host_bridge.app import Bridge, StartError, run
    from host_bridge.sinks import logs
    from host_bridge.sources.replay import ReplaySource

    writer = logs.configure(config.log)
    source = ReplaySource(path, speed)
    ended = threading.Event()
    source.when_finished = lambda: ended.set() if exit_after or source.error else None
    try:
        bridge = Bridge(config, source)
        click.echo(f"{bridge.url} shows {path} at {speed:g} times its speed; Ctrl-C ends it.", err=True)
        run(bridge, ended=ended)
    except StartError as error:
        raise click.ClickException(str(error)) from error
    finally:
        writer.close()
    if source.error:
        raise click.ClickException(source.error)
    click.echo(f"{source.played} entries were played.", err=True)
