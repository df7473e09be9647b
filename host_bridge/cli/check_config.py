"""boardpulse check-config."""

from __future__ import annotations

import json
from pathlib import Path

import click

from host_bridge import config as configuration
from host_bridge.cli import exit_codes
from host_bridge.config import Config, shown
from shared_schema.errors import ConfigError


@click.command("check-config")
@click.argument("path", metavar="FILE", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Problems as JSON.")
@click.pass_context
def check_config(ctx: click.Context, path: Path, as_json: bool) -> None:
    """Say everything that is wrong with a bridge.toml, at once.

    Exit code 0: nothing is; 1: something is.
    """
    try:
        config = configuration.load(path)
        problems = []
    except ConfigError as error:
        config, problems = None, error.problems
    if as_json:
        rows = [{"path": where, "value": shown(value), "expected": right} for where, value, right in problems]
        click.echo(json.dumps({"file": str(path), "problems": rows}, indent=2))
    elif config is not None:
        click.echo(f"{path} is right: {summary(config)}.")
    else:
        for where, value, right in problems:
            click.echo(f"{where} = {shown(value)}: expected {right}")
        click.echo(f"{path}: {len(problems)} mistake{'' if len(problems) == 1 else 's'}.", err=True)
    if problems:
        ctx.exit(exit_codes.FAILED)


def summary(config: Config) -> str:
    """What a bridge with this configuration does, in a line."""
    sources = [*config.serial.ports, *([config.mqtt.url] if config.mqtt else [])] or list(configuration.DEFAULT_PORTS)
    count = len(config.settings.thresholds)
    rules = f"{count} threshold{'' if count == 1 else 's'}"
    history = f"history in {config.history.path}" if config.history else "no history"
    write = config.remote_write
    sent = f"remote write ({write.mode}) to {write.safe_url}; " if write else ""
    return f"boards on {', '.join(sources)}; {rules}; {history}; {sent}pages on {config.http.host}:{config.http.port}"
