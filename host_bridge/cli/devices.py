"""boardpulse devices."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from typing import Any

import click

from host_bridge.cli import exit_codes
from host_bridge.cli.tables import show_table
from host_bridge.options import DEFAULT_HTTP_PORT
from host_bridge.web.page import COLUMNS, NUMBERS, texts

DEFAULT_URL = f"http://127.0.0.1:{DEFAULT_HTTP_PORT}"
TIMEOUT_S = 5.0
MAX_ANSWER_BYTES = 256 << 20

_COLOURS = {"online": "green", "late": "yellow", "stale": "red", "offline": "red"}

url_option = click.option("--url", default=DEFAULT_URL, show_default=True, help="Where the bridge serves its page.")


@click.command()
@url_option
@click.option("--json", "as_json", is_flag=True, help="Everything that the bridge tells, as JSON.")
@click.pass_context
def devices(ctx: click.Context, url: str, as_json: bool) -> None:
    """List the boards that a running bridge knows.

    Exit code 3: no bridge answers.
    """
    try:
        fleet = ask(url)
    except (OSError, ValueError) as error:
        click.echo(advice(url, error), err=True)
        ctx.exit(exit_codes.NO_BRIDGE)
    if as_json:
        click.echo(json.dumps(fleet, indent=2, ensure_ascii=False))
    elif fleet["devices"]:
        show(fleet)
    else:
        click.echo("The bridge has not heard any board yet.")


def ask(url: str) -> dict[str, Any]:
    """What /api/devices says. OSError or ValueError when nobody, or no bridge, answers."""
    if not url.startswith(("http://", "https://")):
        raise ValueError("the URL begins with http:// or https://")
    request = urllib.request.Request(url.rstrip("/") + "/api/devices")  # noqa: S310 - the scheme is checked
    with urllib.request.urlopen(request, timeout=TIMEOUT_S) as answer:  # noqa: S310
        fleet = json.loads(answer.read(MAX_ANSWER_BYTES))
    if not isinstance(fleet, dict) or not isinstance(fleet.get("devices"), list):
        raise ValueError("what answers there is no bridge")
    return fleet


def advice(url: str, error: Exception) -> str:
    """What to do when no bridge answers."""
    reason = getattr(error, "reason", None) or error
    return (
        f"No bridge answers at {url} ({reason}).\nStart one with `boardpulse bridge`, or `boardpulse demo` to try it "
        "out; if it listens elsewhere, say so with --url."
    )


def show(fleet: dict[str, Any]) -> None:
    """The table of the page, on a terminal."""
    rows = ((str(device["state"]), *texts(device, fleet["now"])) for device in fleet["devices"])
    show_table(COLUMNS, rows, right=NUMBERS, style=lambda state: _COLOURS.get(state, "dim"))
