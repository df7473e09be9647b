"""What the page says about each bench: how it is read, and its tables."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from boardpulse_tools.bench.exposition import goals as exposition
from boardpulse_tools.bench.ingest import results as ingest
from boardpulse_tools.bench.profile import results as profile
from boardpulse_tools.bench.report import Table
from boardpulse_tools.bench.scale import goals as scale
from boardpulse_tools.bench.uart import command as uart

Results = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Section:
    """Of one bench. `reading`: how to read its tables, which `tables` makes from the results of its report."""

    bench: str
    title: str
    reading: str
    tables: Callable[[Results], Sequence[Table]]


def _ingest(results: Results) -> list[Table]:
    return ingest.tables(results["subjects"])


def _exposition(results: Results) -> list[Table]:
    return exposition.tables({int(series): size for series, size in results["sizes"].items()}, results["stall"])


def _scale(results: Results) -> list[Table]:
    growth, *costs = scale.growth_tables(results["sizes"])
    return [growth, scale.curves(results["sizes"]), *costs]


def _uart(results: Results) -> list[Table]:
    return uart.tables(results["scenarios"])


SECTIONS = (
    Section(
        "ingest",
        "What a message costs",
        "The goals divide medians of CPU: that of the bridge by that of another in the same run. A message has ten "
        "metrics, so that µs/sample is a tenth of it, or a hundredth where a frame has ten samples. Messages/s are "
        "what is taken of the flood, which comes as fast as the broker can. Memory is the peak of the whole process. A "
        "latency contains one scrape of the whole fleet.",
        _ingest,
    ),
    Section(
        "exposition",
        "What a scrape takes",
        "The rows `all`, `some` and `none` are the bridge's page when all values, a tenth of them, or none have "
        "changed since the scrape before; the goals are about `all`. The rows with `_gzip` are compressed, as for a "
        "Prometheus on another machine. The other rows are pages of as many series by others, changed throughout.",
        _exposition,
    ),
    Section(
        "scale",
        "How it grows",
        "Flat is what is wanted of a message and of the bytes a device; a page and a start may grow as the fleet does. "
        "B a message is how memory goes on growing once every device is known: the slope over the second half of the "
        "messages, over which hours pass for the boards, so that all that is kept for a time is full. Sweep is a "
        "look at every device, each ten seconds; in between those alone are looked at of which time may have changed "
        "something.",
        _scale,
    ),
    Section(
        "uart",
        "Eight serial lines at once",
        "Lost is what was written to a line and is not in the ledger of its board. The CPU share is of one core.",
        _uart,
    ),
    Section(
        "profile",
        "Where the time and the memory go",
        "What it costs is what one process takes that does nothing else: a bridge at work has its source and its other "
        "threads besides, and shares its caches with other processes. The shares say what is dear beside what; how "
        "much that is, the costs without cProfile say.",
        profile.tables,
    ),
)
