"""What `boardpulse history` prints: samples and events as a table, CSV or JSON."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import click

from host_bridge.cli.history_cells import TYPES, as_json, full_name, headings, limits, samples
from host_bridge.cli.moments import local, rfc3339
from host_bridge.cli.tables import lay_out
from host_bridge.core.records import EventRecord
from host_bridge.sinks.history.series_data import SeriesData
from host_bridge.sinks.logs import MAX_VALUE, escaped

Span = tuple[int, int]  # from, to, in Unix milliseconds

# Columns of CSV that are no labels; a label of such a name, or of one that another label so gets, is label_….
OWN_COLUMNS = ("time", "device_id", "metric", "value", "sum", "count")
LABEL = "label_"
# What a spreadsheet reckons instead of showing it (OWASP, "CSV Injection"), also behind the apostrophes that we put.
_FORMULA = re.compile(r"'*[=+\-@\t\r\n＝＋－＠]")  # a spreadsheet takes these for the narrow ones
_NUMBER = re.compile(r"[+-](Inf|[0-9]+(\.[0-9]*)?([eE][+-]?[0-9]+)?)")


def table(found: Iterable[SeriesData]) -> Iterator[str]:
    """The lines of a table for each series: local times, values below each other."""
    for number, data in enumerate(found):
        if number:
            yield ""
        yield click.style(escaped(full_name(data.series)), bold=True)
        rows = [(local(at), *("–" if cell is None else cell for cell in cells)) for at, cells in samples(data)]
        own = headings(data.series)
        yield from lay_out(("time", *own), rows, right=own)


def comma_separated(device_id: str, found: Sequence[SeriesData]) -> Iterator[str]:
    """CSV with a head: a row a sample, a column for each label name and each heading that there is."""
    labels = tuple(dict.fromkeys(name for data in found for name, _ in data.series.labels))
    columns = tuple(dict.fromkeys(heading for data in found for heading in headings(data.series)))
    yield csv_line(("time", "device_id", "metric", *map(_label_column, labels), *(columns or ("value",))))
    for data in found:
        given, own = dict(data.series.labels), headings(data.series)
        fixed = (device_id, data.series.name, *(given.get(name, "") for name in labels))
        for at, cells in samples(data):
            values = dict(zip(own, cells, strict=True))
            yield csv_line((rfc3339(at), *fixed, *(values.get(column) or "" for column in columns)))


def _label_column(name: str) -> str:
    """By the name alone, so that the same label has the same column whatever else there is."""
    return LABEL + name if name in OWN_COLUMNS or name.startswith(LABEL) else name


def csv_line(cells: Iterable[str]) -> str:
    """One line of RFC 4180, without its end. What would steer a terminal is written as \\x…, however long; what
    a spreadsheet would take for a formula, and is no number, has an apostrophe before it."""
    line = io.StringIO()
    csv.writer(line, lineterminator="\n").writerow(map(_harmless, cells))  # which also has cells with \n quoted
    return line.getvalue().removesuffix("\n")


def _harmless(text: str) -> str:
    shown = "".join(escaped(text[start : start + MAX_VALUE]) for start in range(0, len(text), MAX_VALUE))
    return f"'{shown}" if _FORMULA.match(shown) and not _NUMBER.fullmatch(shown) else shown


def as_objects(device_id: str, metric: str, span: Span, found: Iterable[SeriesData]) -> Iterator[str]:
    """One JSON object, a line a sample. Numbers stand in it as they were sent, digit by digit."""
    head = {"device_id": device_id, "metric": metric, "since": rfc3339(span[0]), "until": rfc3339(span[1])}
    yield json.dumps(head, ensure_ascii=False).removesuffix("}") + ', "series": ['
    opened = ""
    for data in found:
        about: dict[str, Any] = {"labels": dict(data.series.labels), "type": TYPES[data.series.type]}
        if data.series.bounds:
            about["le"] = limits(data.series)
        yield opened + json.dumps(about, ensure_ascii=False).removesuffix("}") + ', "samples": ['
        yield from _separated(_sample(at, cells, bool(data.series.bounds)) for at, cells in samples(data))
        opened = "]}, "
    yield "]}]}" if opened else "]}"


def _sample(at: int, cells: Sequence[str | None], is_histogram: bool) -> str:
    tokens = [as_json(cell) for cell in cells]
    if not is_histogram:
        return f'{{"time": "{rfc3339(at)}", "value": {tokens[0]}}}'
    *buckets, total, count = tokens
    return f'{{"time": "{rfc3339(at)}", "buckets": [{", ".join(buckets)}], "sum": {total}, "count": {count}}}'


def _separated(parts: Iterable[str]) -> Iterator[str]:
    """Each with a comma behind it but the last."""
    before = None
    for part in parts:
        if before is not None:
            yield before + ","
        before = part
    if before is not None:
        yield before


def event_lines(events: Iterable[EventRecord]) -> Iterator[str]:
    """For people: when, how bad, what, and below it the traceback."""
    for event in events:
        times = f" ({event.repeats} times)" if event.repeats > 1 else ""
        fields = "".join(f" {key}={json.dumps(value, ensure_ascii=False)}" for key, value in event.fields.items())
        source = f" [{event.source}]" if event.source else ""
        first = f"{local(event.at)} {event.severity} {event.type}{source}: {event.message}{times}{fields}"
        yield escaped(first).replace("\n", " ")
        yield from (f"    {escaped(line)}" for line in event.traceback.splitlines())


EVENT_COLUMNS = (
    "time", "device_id", "severity", "type", "source", "message", "fields", "traceback", "repeats", "boot", "seq",
)  # fmt: skip


def events_comma_separated(events: Iterable[EventRecord]) -> Iterator[str]:
    """CSV with a head; fields as JSON in a cell."""
    yield csv_line(EVENT_COLUMNS)
    for event in events:
        values = event_values(event) | {"fields": json.dumps(event.fields, ensure_ascii=False)}
        yield csv_line(str(values[column]) for column in EVENT_COLUMNS)


def events_as_objects(device_id: str, span: Span, events: Iterable[EventRecord]) -> Iterator[str]:
    """One JSON object, a line an event."""
    head = {"device_id": device_id, "since": rfc3339(span[0]), "until": rfc3339(span[1])}
    yield json.dumps(head, ensure_ascii=False).removesuffix("}") + ', "events": ['
    yield from _separated(json.dumps(event_values(event), ensure_ascii=False) for event in events)
    yield "]}"


def event_values(event: EventRecord) -> dict[str, Any]:
    """An event for programs."""
    return {
        "time": rfc3339(event.at),
        "device_id": event.device_id,
        "severity": event.severity,
        "type": event.type,
        "source": event.source,
        "message": event.message,
        "fields": event.fields,
        "traceback": event.traceback,
        "repeats": event.repeats,
        "boot": event.boot,
        "seq": event.seq,
    }
