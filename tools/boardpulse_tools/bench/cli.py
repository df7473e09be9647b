"""`boardpulse bench …`."""

import signal
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import click

from boardpulse_tools.bench.report import Report, as_json, as_text, table_text
from boardpulse_tools.processes import ProcessError

DEFAULT_SAMPLES = 300


@click.group()
def bench() -> None:
    """Measure, and compare with the goals: exit code 1 when one is not met."""


@bench.command()
@click.option("--json", "json_wanted", is_flag=True, help="One JSON object instead of tables.")
@click.option(
    "--samples",
    type=click.IntRange(20, 100_000),
    default=DEFAULT_SAMPLES,
    show_default=True,
    help="Samples to time on each link.",
)
def wire(json_wanted: bool, samples: int) -> None:
    """Bytes on the wire, beside other encodings, and the time from a board's sample to /metrics."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the processes that a bench starts end with it
    try:
        report = wire_report(samples)
    except ModuleNotFoundError as error:
        raise click.ClickException(
            f"{error.name} is missing. To get it: pip install 'boardpulse[bench,demo]'"
        ) from error
    except ProcessError as error:
        raise click.ClickException(str(error)) from error
    finish(report, json_wanted)


@bench.command()
@click.option("--json", "json_wanted", is_flag=True, help="One JSON object instead of tables.")
@click.option("--port", help="Measure heap and encoding on the MicroPython at this serial port, too.")
@click.option(
    "--cycles",
    type=click.IntRange(2_000, 100_000),
    default=100_000,
    show_default=True,
    help="Cycles in which the heap may not grow.",
)
def board(json_wanted: bool, port: str | None, cycles: int) -> None:
    """What the firmware takes on a board: heap, flash, and time, on MicroPython of 32 and 64 bits."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    finish(board_report(cycles, port), json_wanted)


@bench.command()
@click.option("--json", "json_wanted", is_flag=True, help="One JSON object instead of tables.")
@click.option("--short", is_flag=True, help="Few kills and short outages, as in CI: three minutes.")
@click.option("--only", multiple=True, metavar="NAME", help="One scenario; may be given again. Default: all.")
@click.option("--seed", type=int, help="Repeat the random moments of a run that said this seed.")
def chaos(json_wanted: bool, short: bool, only: tuple[str, ...], seed: int | None) -> None:
    """Whether anything vanishes: kills, outages, noise, full outboxes, against what boards themselves wrote down."""
    from boardpulse_tools.bench.chaos import command

    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    if unknown := [name for name in only if name not in command.NAMES]:
        raise click.BadParameter(f"{unknown[0]} is none of {', '.join(command.NAMES)}", param_hint="--only")
    seed = command.any_seed() if seed is None else seed
    click.echo(f"seed {seed}", err=True)
    tell = partial(click.echo, err=True) if sys.stderr.isatty() else lambda _: None
    finish(command.chaos_report(seed, short, only, tell), json_wanted)


@bench.command()
@click.option("--json", "json_wanted", is_flag=True, help="One JSON object instead of tables.")
@click.option("--peers", is_flag=True, help="Measure mqtt-exporter and mqtt2prometheus, too, and get them.")
@click.option("--clients", is_flag=True, help="Measure bare subscribers of other MQTT libraries, too, and get them.")
@click.option("--short", is_flag=True, help="Small streams, to see that it works: eight seconds a subject and round.")
@click.option("--rounds", type=click.IntRange(1, 1_000), default=5, show_default=True, help="Of which medians are.")
def ingest(json_wanted: bool, peers: bool, clients: bool, short: bool, rounds: int) -> None:
    """What a message costs the bridge, beside a bare paho subscriber and the peers."""
    from boardpulse_tools.bench.ingest import command

    with ended_in_order():
        report = command.ingest_report(rounds, peers, short, teller(), clients)
    finish(report, json_wanted)


@bench.command()
@click.option("--json", "json_wanted", is_flag=True, help="One JSON object instead of tables.")
@click.option("--peers", is_flag=True, help="Scrape mqtt-exporter and mqtt2prometheus, too.")
@click.option("--short", is_flag=True, help="Without 120,000 series: 20 seconds.")
@click.option("--rounds", type=click.IntRange(1, 1_000), default=5, show_default=True, help="Of which medians are.")
def exposition(json_wanted: bool, peers: bool, short: bool, rounds: int) -> None:
    """How long scrapes take, beside prometheus_client and the peers, and how long ingest pauses meanwhile."""
    from boardpulse_tools.bench.exposition import command

    with ended_in_order():
        sizes = command.SHORT_SIZES if short else command.SIZES
        report = command.exposition_report(sizes, rounds, peers, teller())
    finish(report, json_wanted)


@bench.command()
@click.option("--json", "json_wanted", is_flag=True, help="One JSON object instead of tables.")
@click.option("--short", is_flag=True, help="400,000 messages instead of ten million: two minutes.")
def scale(json_wanted: bool, short: bool) -> None:
    """How cost, memory, scrapes and the start grow from 100 to 10,000 devices."""
    from boardpulse_tools.bench.scale import command, measure

    with ended_in_order():
        report = command.scale_report(measure.SHORT if short else measure.LONG, teller())
    finish(report, json_wanted)


@bench.command()
@click.option("--json", "json_wanted", is_flag=True, help="One JSON object instead of tables.")
@click.option("--short", is_flag=True, help="One round of two seconds each instead of three of ten.")
def uart(json_wanted: bool, short: bool) -> None:
    """Whether eight lines at 921,600 baud, saturated at once, lose a frame, and what they cost."""
    from boardpulse_tools.bench.uart import command

    with ended_in_order():
        seconds, rounds = (command.SHORT_SECONDS, 1) if short else (command.SECONDS, command.ROUNDS)
        report = command.uart_report(seconds, rounds, teller())
    finish(report, json_wanted)


@bench.command()
@click.option("--json", "json_wanted", is_flag=True, help="One JSON object instead of tables.")
@click.option("--short", is_flag=True, help="Few messages of few boards, to see that it works: three seconds.")
def profile(json_wanted: bool, short: bool) -> None:
    """Where in the bridge the time of a message and of a page goes, and the memory of a device."""
    from boardpulse_tools.bench.profile import command, measure

    with ended_in_order():
        report = command.profile_report(measure.SHORT if short else measure.LONG, teller())
    finish(report, json_wanted)


@bench.command()
@click.option("--short", is_flag=True, help="Few rounds and small loads, to see that it works: five minutes.")
@click.option("--only", multiple=True, metavar="NAME", help="One bench; the others as stored. May be given again.")
@click.option(
    "--out", type=click.Path(path_type=Path), help="Folder to write to. [default: docs, or build/performance]"
)
@click.option(
    "--from", "source", type=click.Path(path_type=Path), help="Measure nothing: take the reports stored here."
)
def performance(short: bool, only: tuple[str, ...], out: Path | None, source: Path | None) -> None:
    """Run ingest, exposition, scale, uart and profile, and write performance.md with pictures from what they report.

    The reports are stored beside it, in performance/. With --short, build/performance is where it goes by itself.
    """
    try:
        from boardpulse_tools.bench.performance import command
    except ModuleNotFoundError as error:
        raise click.ClickException(f"{error.name} is missing. To get it: pip install 'boardpulse[bench]'") from error

    if unknown := [name for name in only if name not in command.NAMES]:
        raise click.BadParameter(f"{unknown[0]} is none of {', '.join(command.NAMES)}", param_hint="--only")
    if source is not None and (short or only):
        raise click.UsageError("--from measures nothing: it takes neither --short nor --only.")
    with ended_in_order():
        done = command.performance(out, only, short, source, partial(click.echo, err=True))
    click.echo(done.message)
    raise SystemExit(done.exit_code)


@bench.command()
@click.argument("reports", type=click.Path(path_type=Path), nargs=-1, required=True)
@click.option("--baseline", type=click.Path(path_type=Path), help="Stored ratios, to compare with.")
@click.option("--store", is_flag=True, help="Put the ratios of the report into --baseline, instead of comparing.")
@click.option("--tolerance", type=click.FloatRange(min=0), help="Share by which a value may be worse. [default: 0.1]")
@click.option("--json", "json_wanted", is_flag=True, help="One JSON object instead of a table.")
def compare(
    reports: tuple[Path, ...], baseline: Path | None, store: bool, tolerance: float | None, json_wanted: bool
) -> None:
    """Compare two reports of one bench (their --json), BEFORE and AFTER, or one and more with --baseline.

    Exit code 1 when a goal got worse by more than the tolerance, or is measured no more. Of several runs with
    --baseline, a ratio has to be worse in each: a machine that was busy in one of them closes no gate.
    """
    from boardpulse_tools.bench import compare as comparison

    if (baseline is None and (store or len(reports) != 2)) or (store and len(reports) != 1):
        raise click.UsageError("Compare two reports, or some with --baseline; --store needs one, and --baseline.")
    try:
        if baseline is None:
            before, after = map(comparison.read_goals, reports)
            changes = comparison.compare(before, after, comparison.TOLERANCE if tolerance is None else tolerance)
        else:
            runs = [comparison.read_ratios(report) for report in reports]
            if store:
                click.echo("stored: " + ", ".join(comparison.store(baseline, runs[0], tolerance)))
                return
            changes = comparison.gate(comparison.read_baseline(baseline), runs, tolerance)
    except comparison.CompareError as error:
        raise click.UsageError(str(error)) from error
    click.echo(comparison.as_json(changes) if json_wanted else table_text(comparison.table(changes)))
    raise SystemExit(1 if any(change.regressed for change in changes) else 0)


def board_report(cycles: int, port: str | None) -> Report:
    """Everything that this machine can measure; what it cannot is a goal that is not met, with a note."""
    from boardpulse_tools.bench.board import goals, results

    measured = results.measure_all(cycles, port)
    return Report(
        results=measured.as_json(),
        goals=goals.goals(measured),
        tables=goals.tables(measured),
        notes=goals.notes(measured, cycles),
    )


def wire_report(samples: int) -> Report:
    """Sizes over the recorded hour, then latencies over both links."""
    from boardpulse_tools.bench import latency, sizes, trace

    measured = sizes.measure_all(trace.load())
    latencies = {}
    for link in ("uart", "mqtt"):
        with tempfile.TemporaryDirectory(prefix="boardpulse-bench-") as folder:
            latencies[link] = latency.measure(link, Path(folder), samples)
    return Report(
        results={"sizes": measured, "latency_ms": latencies},
        goals=[*sizes.goals(measured), *latency.goals(latencies)],
        tables=[sizes.table(measured), latency.table(latencies)],
        notes=[sizes.note(measured), *latency.notes(latencies)],
    )


@contextmanager
def ended_in_order() -> Iterator[None]:
    """Have the processes that a bench starts end with it; one that cannot do its part ends it with a message."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        yield
    except ProcessError as error:
        raise click.ClickException(str(error)) from error


def teller() -> Callable[[str], None]:
    """Who hears how far a bench is: whoever sits at a terminal."""
    return partial(click.echo, err=True) if sys.stderr.isatty() else lambda _: None


def finish(report: Report, json_wanted: bool) -> None:
    """Print the report, and end with its exit code."""
    click.echo(as_json(report) if json_wanted else as_text(report))
    raise SystemExit(report.exit_code)
