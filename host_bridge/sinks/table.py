"""A table of the page: rows of the same columns, drawn a column at a time, some rows at once.

A line by itself takes a microsecond or two; in a column, where name, labels, type and scale are looked at once for all
rows, it takes a tenth of one. So a chunk in which anything has changed has those of its columns drawn as a whole that
have a new value; what it costs to draw its other rows along is less than it would be to leave them out.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from host_bridge.core.columns import Column
from host_bridge.core.numerals import canonical, decimal
from host_bridge.core.rows import NO_ROWS, Cell, Drawable, Row
from shared_schema import messages as m

CHUNK_ROWS = 64  # rows drawn at once: enough to share the work for a column, few enough where one row has changed
_SCALES = frozenset((-6, -3, -2, -1, *range(1, 10)))  # drawn as columns where no value is below zero
# Up to three digits with their leading zeros: looked up in a third of the time that it takes to write them.
_DIGITS = {digits: [b"%0*d" % (digits, number) for number in range(10**digits)] for digits in (1, 2, 3)}


class Chunk(Drawable):
    """Rows that are drawn together. `texts` are the lines of each column; empty: none has a value."""

    __slots__ = ("_drawn", "_pieces", "rows", "table", "texts")

    def __init__(self, table: Table) -> None:
        super().__init__()
        self.table = table
        self.rows: list[Row] = []
        self.texts = [b""] * len(table.columns)
        self._pieces: dict[int, list[str]] = {}  # of histograms, which are dear to draw: the lines of each row
        self._drawn: list[tuple[Cell, ...]] = []  # the columns' values on the page; empty: of other rows

    def refresh(self) -> tuple[Sequence[Row], Sequence[Row]]:
        """No row comes or goes by it: it is drawn."""
        return NO_ROWS, NO_ROWS

    def draw(self) -> None:
        """Draw the columns that have changed."""
        columns, before = self.table.columns, self._drawn
        nothing: list[Cell] = [None] * len(columns)
        now = list(zip(*[row.values if row.shown else nothing for row in self.rows], strict=True))
        if not before:
            self._pieces.clear()
        labels = [
            row.labels.encode(errors="replace") for row in self.rows
        ]  # not kept: for a fleet that would be megabytes
        for place, values in enumerate(now):
            if not before or values != before[place]:
                column = columns[place]
                if column.family.type == m.HISTOGRAM:
                    self.texts[place] = self._histograms(place, column, values)
                else:
                    self.texts[place] = lines(column, labels, values)
        self._drawn = now

    def _histograms(self, place: int, column: Column, values: Sequence[Cell]) -> bytes:
        pieces, rows = self._pieces.get(place), self.rows
        if pieces is None:
            self._pieces[place] = [line(column, row.labels, value) for row, value in zip(rows, values, strict=True)]
        else:
            for at, (value, before) in enumerate(zip(values, self._drawn[place], strict=True)):
                if value != before:
                    pieces[at] = line(column, rows[at].labels, value)
        return "".join(self._pieces[place]).encode(errors="replace")

    def add(self, row: Row) -> None:
        """One more."""
        self.rows.append(row)
        row.place = self
        self._drawn = []

    def remove(self, row: Row) -> None:
        """One less."""
        at = self.rows.index(row)
        del self.rows[at]
        row.place = None
        self._drawn = []


class Table:
    """Rows of the same columns, in chunks."""

    __slots__ = ("_room", "chunks", "columns")

    def __init__(self, columns: tuple[Column, ...]) -> None:
        self.columns = columns
        self.chunks: dict[Chunk, None] = {}  # in the order of the page
        self._room: dict[Chunk, None] = {}  # those of them that have room

    def add(self, row: Row) -> Chunk:
        """Put a row into a chunk, which is to be drawn."""
        chunk = next(iter(self._room), None)
        if chunk is None:
            chunk = Chunk(self)
            self.chunks[chunk] = self._room[chunk] = None
        chunk.add(row)
        if len(chunk.rows) == CHUNK_ROWS:
            del self._room[chunk]
        return chunk

    def remove(self, row: Row, chunk: Chunk) -> None:
        """Take a row out of its chunk, which is to be drawn."""
        chunk.remove(row)
        self._room[chunk] = None
        if not chunk.rows:
            del self.chunks[chunk], self._room[chunk]


def lines(column: Column, labels: Sequence[bytes], values: Sequence[Any]) -> bytes:
    """A column's lines: the cells of devices with these labels. Those that are None have no line."""
    scale = column.scale
    if scale == 0 or scale in _SCALES:
        with suppress(TypeError, ValueError, OverflowError):  # nearly always all are integers: to look first is dearer
            if scale == 0 or min(values) >= (1 if scale > 0 else 0):  # zero is written without a positive scale's zeros
                return _many(column, labels, values)
    text = "".join([line(column, own.decode(), value) for own, value in zip(labels, values, strict=True)])
    return text.encode(errors="replace")  # a port may be called what UTF-8 cannot say


def _many(column: Column, labels: Sequence[bytes], values: Sequence[int]) -> bytes:
    """With one `%` for all of them: a loop of Python takes twice as long."""
    form, cells = _cells(column.scale, values)
    each = len(cells) + 1
    shown: list[object] = [None] * (each * len(values))
    shown[::each] = labels
    for place, cell in enumerate(cells, 1):
        shown[place::each] = cell
    text = (column.form + form) * len(values) % tuple(shown)
    return bytes(memoryview(text))  # `%` takes more memory than it needs, and what it gives back nobody else can use


def _cells(scale: int, values: Sequence[int]) -> tuple[bytes, list[Sequence[object]]]:
    """How the end of a line is written, and what is put into it: one or several things of each value."""
    if scale >= 0:
        return b"%d" + b"0" * scale + b"\n", [values]
    digits = _DIGITS[min(-scale, 3)]
    if scale >= -3:
        unit = 10**-scale
        return b"%d.%b\n", [[value // unit for value in values], [digits[value % unit] for value in values]]
    millions = [value // 1_000_000 for value in values]
    return b"%d.%b%b\n", [
        millions,
        [digits[value // 1000 % 1000] for value in values],
        [digits[value % 1000] for value in values],
    ]


def line(column: Column, own: str, value: Cell) -> str:
    """One value's line, or lines; a text is all that stands behind the device's labels."""
    if value is None:
        return ""
    if isinstance(value, str):
        return f"{column.head}{own}{value}\n"
    if isinstance(value, tuple):
        return histogram_lines(column, own, value)
    return f"{column.head}{own}{column.tail}{decimal(value, column.scale)}\n"


def histogram_lines(column: Column, own: str, value: tuple[int, ...]) -> str:
    """Cumulative buckets, count and sum of a histogram whose columns are not cumulative."""
    name, labels, scale = column.family.name, own + column.labels, column.scale
    out: list[str] = []
    below = 0
    for bound, observations in zip(column.metric.bounds, value, strict=False):
        below += observations
        out.append(f'{name}_bucket{{{labels},le="{canonical(bound, scale)}"}} {below}\n')
    below += value[-2]
    out.append(f'{name}_bucket{{{labels},le="+Inf"}} {below}\n')
    out.append(f"{name}_sum{{{labels}}} {decimal(value[-1], scale)}\n")
    out.append(f"{name}_count{{{labels}}} {below}\n")
    return "".join(out)
