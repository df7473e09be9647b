"""Options that several commands have: a configuration file, and what stands on the command line over it."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import click

from host_bridge import config as configuration
from host_bridge.config import DEFAULT_PORTS, LOG_FORMATS, LOG_LEVELS, Config
from host_bridge.options import MqttOptions
from shared_schema.errors import ConfigError

F = TypeVar("F", bound=Callable[..., Any])

PASSWORD_VARIABLE = "BOARDPULSE_MQTT_PASSWORD"  # noqa: S105 - the variable's name
USERNAME_VARIABLE = "BOARDPULSE_MQTT_USERNAME"


def source_options(command: F) -> F:
    """--serial, --baudrate and --mqtt."""
    for option in (
        click.option("--mqtt", "mqtt", metavar="URL", help=f"A broker, such as mqtt://localhost. User and password: "
                     f"{USERNAME_VARIABLE}, {PASSWORD_VARIABLE}."),
        click.option("--baudrate", type=click.IntRange(300, 10_000_000), help="Of the serial ports. [default: 115200]"),
        click.option("--serial", "serial", metavar="PORT", multiple=True,
                     help="A port, a pattern such as '/dev/ttyACM*', or socket://host:port. May be given again."),
    ):  # fmt: skip
        command = option(command)
    return command


def log_options(command: F) -> F:
    """--log-level and --log-format."""
    command = click.option("--log-format", type=click.Choice(LOG_FORMATS), help="[default: auto]")(command)
    return click.option("--log-level", type=click.Choice(LOG_LEVELS), help="[default: info]")(command)


listen_option = click.option(
    "--listen", metavar="HOST:PORT", help="Where /metrics is served. [default: 127.0.0.1:9782]"
)


def load_config(path: Path | None) -> Config:
    """The configuration in a file, or that of an empty one. Ends the command with every mistake of the file."""
    if path is None:
        return configuration.parse({}, Path())
    try:
        return configuration.load(path)
    except ConfigError as error:
        problems = configuration.explain(error)
        raise click.ClickException(f"{path} has mistakes:\n{problems}") from error


def with_sources(config: Config, serial: tuple[str, ...], baudrate: int | None, mqtt: str | None) -> Config:
    """The configuration with the sources of the command line: if any is named there, the file's are left out."""
    if serial or mqtt:
        ports = replace(config.serial, ports=_checked_ports(serial))
        config = replace(config, serial=ports, mqtt=_broker(mqtt, config.mqtt) if mqtt else None)
    if baudrate:
        config = replace(config, serial=replace(config.serial, baudrate=baudrate))
    if not config.serial.ports and config.mqtt is None:
        config = replace(config, serial=replace(config.serial, ports=DEFAULT_PORTS))
    return config


def with_http_and_log(config: Config, listen: str | None, level: str | None, log_format: str | None) -> Config:
    """The configuration with what the command line says about them."""
    if listen:
        try:
            config = replace(config, http=configuration.parse_listen(listen))
        except ValueError as error:
            raise click.UsageError(f"--listen {listen}: expected {error}") from error
    log = replace(config.log, level=level or config.log.level, format=log_format or config.log.format)
    return replace(config, log=log)


def _checked_ports(ports: tuple[str, ...]) -> tuple[str, ...]:
    for port in ports:
        if not configuration.is_port(port):
            raise click.UsageError(f"--serial {port}: expected {configuration.PORTS_RIGHT}")
    return ports


def _broker(url: str, configured: MqttOptions | None) -> MqttOptions:
    try:
        host, port, tls = configuration.parse_mqtt_url(url)
    except ValueError as error:
        raise click.UsageError(
            f"--mqtt: expected {error}; user and password: {USERNAME_VARIABLE}, {PASSWORD_VARIABLE}"
        ) from error
    username = os.environ.get(USERNAME_VARIABLE, configured.username if configured else "")
    password = os.environ.get(PASSWORD_VARIABLE, configured.password if configured else "")
    if password and not username:
        raise click.UsageError(
            f"{PASSWORD_VARIABLE} is set and {USERNAME_VARIABLE} is not: MQTT takes no password alone"
        )
    options = configured or MqttOptions(host)
    return replace(options, host=host, port=port, tls=tls, username=username, password=password)
