"""The command line. Each command is a module that is loaded when it is used, so that `--help` takes no time."""

from __future__ import annotations

import importlib
from importlib.util import find_spec
from typing import NamedTuple

import click

EPILOG = """Exit codes: 0 done; 1 failed, or a goal not met; 2 wrong usage; 3 no bridge answers."""


class Lazy(NamedTuple):
    """Where a command is, and the line about it in the help of the group."""

    target: str  # module:attribute
    help: str


COMMANDS = {
    "bridge": Lazy("host_bridge.cli.bridge:bridge", "Take boards' frames and serve them to Prometheus."),
    "demo": Lazy("boardpulse_tools.demo:demo", "Run a bridge, a broker and two boards on this machine."),
    "devices": Lazy("host_bridge.cli.devices:devices", "List the boards that a running bridge knows."),
    "history": Lazy("host_bridge.cli.history:history", "Show what boards have measured: tables, CSV or JSON."),
    "ledger": Lazy("host_bridge.cli.ledger:ledger", "Show what became of every frame, and whether it adds up."),
    "decode": Lazy("host_bridge.cli.decode:decode", "Show what is in frames: hex, a file, a capture."),
    "capture": Lazy("host_bridge.cli.capture:capture", "Write what boards send into a file."),
    "replay": Lazy("host_bridge.cli.replay:replay", "Play a capture into a bridge of its own, or print it."),
    "check-config": Lazy(
        "host_bridge.cli.check_config:check_config", "Say everything that is wrong with a bridge.toml."
    ),
    "flash": Lazy("boardpulse_tools.flash.cli:flash", "Make a monitored device of a MicroPython board."),
    "unflash": Lazy("boardpulse_tools.flash.cli:unflash", "Take boardpulse off a board."),
    "bench": Lazy("boardpulse_tools.bench.cli:bench", "Measure, and compare with the project's goals."),
}


class LazyGroup(click.Group):
    """A group whose commands stand in COMMANDS."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """In the order of the table."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Load one command."""
        lazy = COMMANDS.get(cmd_name)
        return None if lazy is None else load(cmd_name, lazy)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """From the table, without loading anything."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, lazy.help) for name, lazy in COMMANDS.items()])


def load(name: str, lazy: Lazy) -> click.Command:
    """The command behind a row of the table."""
    module, _, attribute = lazy.target.partition(":")
    package = module.partition(".")[0]
    if find_spec(package) is None:
        raise click.ClickException(
            f"`{name}` is in the package {package}, which is not installed: pip install boardpulse"
        )
    command = getattr(importlib.import_module(module), attribute)
    if not isinstance(command, click.Command):
        raise TypeError(f"{lazy.target} is no click command")
    return command


def _print_version(ctx: click.Context, _parameter: click.Parameter, asked: bool) -> None:
    if asked and not ctx.resilient_parsing:
        from host_bridge.version import version

        click.echo(f"boardpulse {version()}")
        ctx.exit()


@click.group(cls=LazyGroup, epilog=EPILOG, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_print_version,
    help="Show the version and exit.",
)
def boardpulse() -> None:
    """Put a fleet of MicroPython boards on Prometheus."""
