"""boardpulse bridge."""

from __future__ import annotations

from pathlib import Path

import click

from host_bridge.app import Bridge, StartError, run
from host_bridge.cli.options import (
    listen_option,
    load_config,
    log_options,
    source_options,
    with_http_and_log,
    with_sources,
)
from host_bridge.sinks import logs


@click.command()
@click.option("--config", "path", type=click.Path(path_type=Path), help="A bridge.toml; see bridge.example.toml.")
@listen_option
@source_options
@log_options
def bridge(
    path: Path | None,
    listen: str | None,
    serial: tuple[str, ...],
    baudrate: int | None,
    mqtt: str | None,
    log_level: str | None,
    log_format: str | None,
) -> None:
    """Take boards' frames from serial ports and a broker, and serve them to Prometheus.

    Without --config, --serial and --mqtt it takes the boards that are plugged in: /dev/ttyACM* and /dev/ttyUSB*.
    SIGTERM and Ctrl-C end it within two seconds; SIGHUP makes it read the thresholds of --config again.
    """
    config = with_sources(load_config(path), serial, baudrate, mqtt)
    config = with_http_and_log(config, listen, log_level, log_format)
    writer = logs.configure(config.log)
    try:
        run(Bridge(config), path)
    except StartError as error:
        raise click.ClickException(str(error)) from error
    finally:
        writer.close()
