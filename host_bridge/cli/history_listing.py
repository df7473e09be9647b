"""What there is in a history: boards, and the series of one."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence

from host_bridge.cli.history_cells import TYPES, full_name
from host_bridge.cli.history_output import csv_line
from host_bridge.cli.moments import local, rfc3339
from host_bridge.cli.tables import lay_out
from host_bridge.sinks.history.extents import Extent
from host_bridge.sinks.history.query import History
from host_bridge.sinks.logs import escaped

Cell = str | int | None | Mapping[str, str]
Row = Mapping[str, Cell]
MOMENTS = ("first", "last")  # in milliseconds


def devices(store: History, form: str) -> Iterator[str]:
    """The boards, by id."""
    extents: dict[str, list[Extent]] = {}
    for extent in store.extents():
        extents.setdefault(extent.device_id, []).append(extent)
    rows = [
        {"device_id": row.device_id, "platform": row.platform, **_ends(extents.get(row.device_id, ()))}
        for row in store.devices()
    ]
    if not rows and form == "table":
        return iter(("No board has been heard yet.",))
    return _lines(("device_id", "platform", "series", *MOMENTS), rows, form)


def _ends(extents: Sequence[Extent]) -> dict[str, Cell]:
    return {
        "series": len(extents),
        "first": min((extent.first_ms for extent in extents), default=None),
        "last": max((extent.last_ms for extent in extents), default=None),
    }


def series(store: History, device_id: str, form: str) -> Iterator[str]:
    """The series of a board, by name."""
    rows: list[Row] = [
        {
            "metric": full_name(extent.series) if form == "table" else extent.series.name,
            "labels": dict(extent.series.labels),
            "type": TYPES[extent.series.type],
            "samples": extent.samples,
            "first": extent.first_ms,
            "last": extent.last_ms,
        }
        for extent in store.extents(device_id)
    ]
    if not rows and form == "table":
        return iter((f"Nothing is kept of {escaped(device_id)} but that it was there.",))
    labels = () if form == "table" else ("labels",)
    return _lines(("metric", *labels, "type", "samples", *MOMENTS), rows, form)


def _lines(columns: Sequence[str], rows: Sequence[Row], form: str) -> Iterator[str]:
    if form == "json":
        shown = [{column: _value(column, row[column]) for column in columns} for row in rows]
        yield json.dumps(shown, indent=2, ensure_ascii=False)
    elif form == "csv":
        yield csv_line(columns)
        for row in rows:
            yield csv_line(_text(_value(column, row[column])) for column in columns)
    else:
        cells = [[escaped(_shown(column, row[column])) for column in columns] for row in rows]
        yield from lay_out([column.replace("_", " ") for column in columns], cells, right=("series", "samples"))


def _value(column: str, cell: Cell) -> Cell:
    """For programs."""
    return rfc3339(cell) if column in MOMENTS and isinstance(cell, int) else cell


def _text(cell: Cell) -> str:
    if isinstance(cell, Mapping):
        return json.dumps(cell, ensure_ascii=False)
    return "" if cell is None else str(cell)


def _shown(column: str, cell: Cell) -> str:
    """For people."""
    if cell is None:
        return "–"
    if isinstance(cell, int):
        return local(cell) if column in MOMENTS else f"{cell:,}"
    return _text(cell)
