"""boardpulse history."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import replace
from itertools import islice
from pathlib import Path

import click

from host_bridge.cli import history_listing, history_output
from host_bridge.cli.history_cells import full_name
from host_bridge.cli.moments import local, read_moment
from host_bridge.cli.options import load_config
from host_bridge.cli.tables import no_such
from host_bridge.sinks.history.errors import StoreError
from host_bridge.sinks.history.query import History
from host_bridge.sinks.history.series_data import SeriesData

TABLE, CSV, JSON = "table", "csv", "json"
LINES_AT_ONCE = 1000  # that are written together
PREFIX = "device_"
LOG_TO_DO = (
    "What to do: look into the system's log for errors of the disk; the next start of the bridge keeps a copy of that "
    "log and goes on with what stands before the damage"
)
TO_DO = "What to do: stop the bridge, move the file away and keep it; a new one is begun then"

Labels = dict[str, str]
Span = history_output.Span


def read_labels(_ctx: click.Context, _parameter: click.Parameter, pairs: Sequence[str]) -> Labels:
    """The values of --label."""
    wrong = [pair for pair in pairs if not pair.partition("=")[0] or "=" not in pair]
    if wrong:
        raise click.BadParameter(f"{wrong[0]!r}: expected name=value, such as sensor_location=cpu")
    return {name: value.strip('"') for name, _, value in (pair.partition("=") for pair in pairs)}


@click.command()
@click.argument("device", required=False)
@click.argument("metric", required=False)
@click.option(
    "--since",
    callback=read_moment,
    metavar="TIME",
    default="1h",
    show_default=True,
    help="A time ago (90s, 15m, 2h, 7d) or ISO 8601.",
)
@click.option("--until", callback=read_moment, metavar="TIME", default="now", show_default=True, help="The same.")
@click.option(
    "--label", "labels", metavar="NAME=VALUE", multiple=True, callback=read_labels, help="May be given again."
)
@click.option(
    "--events", is_flag=True, help="What the board has reported: log lines, alarms, crashes with their traceback."
)
@click.option("--format", "form", type=click.Choice((TABLE, CSV, JSON)), default=TABLE, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="The same as --format json.")
@click.option("--limit", type=click.IntRange(min=1), help="The newest so many, of each series.")
@click.option(
    "--path", type=click.Path(path_type=Path, readable=False), help="The file. [default: where a bridge keeps it]"
)
@click.option("--config", type=click.Path(path_type=Path), help="The bridge.toml that says where it is.")
def history(
    device: str | None,
    metric: str | None,
    since: int,
    until: int,
    labels: Labels,
    events: bool,
    form: str,
    as_json: bool,
    limit: int | None,
    path: Path | None,
    config: Path | None,
) -> None:
    """Show what boards have measured: the samples of METRIC, at the time at which they were taken.

    Without METRIC it lists the series of DEVICE, without DEVICE the boards. The bridge may be running or not.

    Exit code 1: there is no such board, metric or label, or no history, or it is damaged.
    """
    form = JSON if as_json else form
    check_usage(device, metric, labels, events, (since, until))
    try:
        with closing(History.open(file_of(path, config))) as store:
            try:
                show(store, device, metric, labels, (since, until), events, form, limit)
            except click.ClickException as error:
                lacks = damage(store)
                raise click.ClickException(f"{error.message} But {lacks}") if lacks else error from None
            if lacks := damage(store):
                raise click.ClickException(lacks)
    except StoreError as error:
        raise click.ClickException(str(error)) from error


def damage(store: History) -> str:
    """Why what was shown may not be all, and what to do; empty: nothing is known to be damaged."""
    if found := store.damage():
        return f"{store.path} is damaged, and this may not be all of it: {found}. {TO_DO}"
    if lost := store.commits_lost():
        return (
            f"{store.path}-wal is damaged, and this is not all of it: {lost} commits in it cannot be read. {LOG_TO_DO}"
        )
    return ""


def show(
    store: History,
    device: str | None,
    metric: str | None,
    labels: Labels,
    span: Span,
    events: bool,
    form: str,
    limit: int | None,
) -> None:
    """Print what was asked for."""
    if device is None:
        emit(history_listing.devices(store, form))
        return
    known = [row.device_id for row in store.devices()]
    if device not in known:
        raise click.ClickException(no_such("board", device, known))
    if events:
        show_events(store, device, span, form, limit)
    elif metric is None:
        emit(history_listing.series(store, device, form))
    else:
        show_samples(store, device, name_of(store, device, metric, labels), labels, span, form, limit)


def check_usage(device: str | None, metric: str | None, labels: Labels, events: bool, span: Span) -> None:
    """What does not go together is wrong usage."""
    if events and (device is None or metric is not None):
        raise click.UsageError("--events goes with a DEVICE and without a METRIC")
    if labels and metric is None:
        raise click.UsageError("--label goes with a METRIC")
    if span[0] > span[1]:
        raise click.UsageError(f"--since ({local(span[0])}) is after --until ({local(span[1])})")


def file_of(path: Path | None, config: Path | None) -> Path:
    """The file that --path or --config names, or the default one."""
    if path is not None and config is not None:
        raise click.UsageError("either --path or --config, not both")
    if path is not None:
        return path
    options = load_config(config).history
    if options is None:
        raise click.ClickException(f"{config} turns history off: [history] enabled = false")
    return options.path


def name_of(store: History, device: str, metric: str, labels: Labels) -> str:
    """The metric's full name. Ends the command where the device has no such series."""
    kept = store.series(device)
    names = {series.name for series in kept}
    name = metric if metric in names else PREFIX + metric
    if name not in names:
        raise click.ClickException(no_such(f"metric of {device} called", metric, names))
    own = [series for series in kept if series.name == name]
    if not any(labels.items() <= dict(series.labels).items() for series in own):
        wanted = full_name(replace(own[0], labels=tuple(labels.items())))
        raise click.ClickException(no_such(f"series of {device} called", wanted, {full_name(one) for one in own}))
    return name


def show_samples(
    store: History, device: str, metric: str, labels: Labels, span: Span, form: str, limit: int | None
) -> None:
    """Print a metric's samples, or say when there are any."""
    found = store.samples(device, metric, *span, labels)
    if limit is not None:
        found = [SeriesData(data.series, data.times[-limit:], data.values[-limit:]) for data in found]
    if form == CSV:
        emit(history_output.comma_separated(device, found))
    elif form == JSON:
        emit(history_output.as_objects(device, metric, span, found))
    else:
        emit(history_output.table(found))
    if not found:
        extents = [one for one in store.extents(device) if one.series.name == metric]
        extents = [one for one in extents if labels.items() <= dict(one.series.labels).items()]
        ends = [(one.first_ms, one.last_ms) for one in extents]
        say_nothing(f"{device} has no sample of {metric}", span, ends)


def show_events(store: History, device: str, span: Span, form: str, limit: int | None) -> None:
    """Print a board's events, or say when there are any."""
    found = store.events(device, *span)[-(limit or 0) :]
    if form == CSV:
        emit(history_output.events_comma_separated(found))
    elif form == JSON:
        emit(history_output.events_as_objects(device, span, found))
    else:
        emit(history_output.event_lines(found))
    if not found:
        kept = store.events(device)
        say_nothing(f"{device} has no event", span, [(kept[0].at, kept[-1].at)] if kept else [])


def say_nothing(what: str, span: Span, ends: Sequence[Span]) -> None:
    """That a range is empty, and which is not."""
    there = ", and none at any other time"
    if ends:
        there = f"; there are some from {local(min(ends)[0])} to {local(max(last for _, last in ends))}"
    click.echo(f"{what} from {local(span[0])} to {local(span[1])}{there}.", err=True)


def emit(lines: Iterable[str]) -> None:
    """Print lines, many at once."""
    remaining = iter(lines)
    while together := list(islice(remaining, LINES_AT_ONCE)):
        click.echo("\n".join(together))
