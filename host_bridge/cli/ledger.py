"""boardpulse ledger."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Mapping
from typing import Any

import click

from host_bridge.cli import exit_codes
from host_bridge.cli.devices import advice, ask, url_option
from host_bridge.cli.tables import no_such, show_table

KINDS = ("samples", "event", "crash")
ADDENDS = ("received", "recovered", "lost", *KINDS)  # what expected is the sum of, with what is in flight
NUMBERS = ("expected", *ADDENDS, "in_flight", "repeated", "too_old", "thinned_samples")
HEADINGS = (
    "Expected",
    "Received",
    "Recovered",
    "Lost",
    "Dropped samples",
    "Dropped events",
    "Dropped crashes",
    "In flight",
    "Repeated",
    "Too old",
    "Thinned samples",
)
# The bridge counts on while it draws its answer, so that a sum may be off by the frame of this moment.
TRIES = 5
PAUSE_S = 0.2
COUNTS = ("ok", "off")  # states of the history in which frames are counted

Row = dict[str, int]


@click.command()
@click.argument("device", required=False)
@url_option
@click.option("--json", "as_json", is_flag=True, help="The numbers as JSON.")
@click.pass_context
def ledger(ctx: click.Context, device: str | None, url: str, as_json: bool) -> None:
    """Show for each board what became of every frame that it made, and whether it adds up.

    Expected = received + recovered + lost + dropped on the board (samples, events, crash reports) + in flight, which
    is on its way or waits in the board's outbox. Repeated frames and those that were too old are not among the
    expected ones. Thinned samples are missing from frames that arrived, as the board's outbox was full.

    Exit code 1: it does not add up, or the bridge cannot keep, and so does not count, what comes; 3: no bridge answers.
    """
    try:
        rows, history = settled_rows(url, device)
    except (OSError, ValueError) as error:
        click.echo(advice(url, error), err=True)
        ctx.exit(exit_codes.NO_BRIDGE)
    total = in_all(rows.values())
    wrong = [name for name, row in rows.items() if difference(row)]
    if as_json:
        click.echo(json.dumps(as_values(rows, total), indent=2, ensure_ascii=False))
    elif rows:
        listed = [(name, *cells(row)) for name, row in rows.items()]
        show_table(("Device", *HEADINGS, "Adds up"), [*listed, ("in all", *cells(total))], right=HEADINGS)
    else:
        click.echo("The bridge has not heard any board yet.")
    for name in wrong:
        click.echo(explanation(name, rows[name]), err=True)
    if history not in COUNTS:
        click.echo(f"The bridge keeps and counts nothing at present: {history}", err=True)
    if wrong or history not in COUNTS:
        ctx.exit(exit_codes.FAILED)


def settled_rows(url: str, device: str | None) -> tuple[dict[str, Row], str]:
    """The ledgers by device id, and the state of the history; asked for again while one seems wrong."""
    for tries_left in reversed(range(TRIES)):
        fleet = ask(url)
        rows = read(fleet["devices"], device)
        if not any(map(difference, rows.values())) or not tries_left:
            break
        time.sleep(PAUSE_S)
    return rows, str(fleet.get("history", "ok"))


def read(devices: Iterable[Mapping[str, Any]], wanted: str | None) -> dict[str, Row]:
    """The ledgers of all devices, or of one. Ends the command where there is no such device."""
    frames = {str(device["device_id"]): device["frames"] for device in devices}
    if wanted is not None:
        if wanted not in frames:
            raise click.ClickException(no_such("board", wanted, frames))
        frames = {wanted: frames[wanted]}
    return {name: row_of(counts) for name, counts in frames.items()}


def row_of(frames: Mapping[str, Any]) -> Row:
    """One device's ledger in the names of NUMBERS. ValueError where the bridge does not tell all of it."""
    values = {**frames, **frames.get("dropped_by_kind", {})}
    missing = [name for name in NUMBERS if not isinstance(values.get(name), int)]
    if missing:
        raise ValueError(f"the bridge there does not tell {', '.join(missing)}: it is of another version")
    return {name: values[name] for name in NUMBERS}


def in_all(rows: Iterable[Row]) -> Row:
    """The sums over all devices."""
    total = dict.fromkeys(NUMBERS, 0)
    for row in rows:
        for name in NUMBERS:
            total[name] += row[name]
    return total


def difference(row: Row) -> int:
    """How many frames are unaccounted for; negative where more are accounted for than were expected."""
    return row["expected"] - sum(row[name] for name in ADDENDS) - row["in_flight"]


def cells(row: Row) -> list[str]:
    """A row as text."""
    wrong = difference(row)
    return [*(f"{row[name]:,}" for name in NUMBERS), f"no: {wrong:+,}" if wrong else "yes"]


def as_values(rows: dict[str, Row], total: Row) -> dict[str, Any]:
    """All of it for JSON."""
    devices = [{"device_id": name, **values_of(row)} for name, row in rows.items()]
    adds_up = not any(map(difference, rows.values()))
    return {"devices": devices, "total": values_of(total), "adds_up": adds_up}


def values_of(row: Row) -> dict[str, Any]:
    """One ledger for JSON."""
    dropped = {kind: row[kind] for kind in KINDS}
    plain = {name: value for name, value in row.items() if name not in KINDS}
    return {**plain, "dropped_on_device": dropped, "adds_up": not difference(row)}


def explanation(name: str, row: Row) -> str:
    """What is wrong with a ledger, in a sentence."""
    found = sum(row[key] for key in ADDENDS)
    flying = f" and {row['in_flight']:,} in flight" if row["in_flight"] else " while nothing is in flight"
    return (
        f"The ledger of {name} does not add up: {row['expected']:,} frames were expected and {found:,} are accounted "
        f"for{flying}. That is a fault of the bridge: please report it, with the output of --json."
    )
