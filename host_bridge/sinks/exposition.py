"""The page of the boards' series: text that is kept, and drawn anew only where values have changed.

Rows that have the same columns stand in one table (table.py). A family's lines are those of its columns in all tables.
Both formats share them: they differ in the families' headings alone.
"""

from __future__ import annotations

import threading

from host_bridge.core.columns import Column, Family
from host_bridge.core.rows import Dirty, Drawable, Row
from host_bridge.sinks.table import Chunk, Table
from shared_schema import messages as m

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
OPENMETRICS_CONTENT_TYPE = "application/openmetrics-text; version=1.0.0; charset=utf-8"


class _FamilyText:
    """One family's headings, and where its lines stand: tables and columns of these."""

    __slots__ = ("headings", "places")

    def __init__(self, family: Family) -> None:
        name, kind = family.name, m.METRIC_TYPES[family.type]
        heading = f"# HELP {name} {escape_help(family.help)}\n# TYPE {name} {kind}\n"
        bare = name.removesuffix("_total") if family.type == m.COUNTER else name
        unit = f"# UNIT {bare} {family.unit}\n" if family.unit else ""
        heading_openmetrics = f"# HELP {bare} {escape_help(family.help, quotes=True)}\n# TYPE {bare} {kind}\n{unit}"
        self.headings = heading.encode(), heading_openmetrics.encode()
        self.places: dict[tuple[Table, int], None] = {}

    def add_to(self, parts: list[bytes], openmetrics: bool) -> None:
        """The heading and the lines, if there are any."""
        heading = len(parts)
        parts.append(self.headings[openmetrics])
        for table, place in self.places:
            parts += [text for chunk in table.chunks if (text := chunk.texts[place])]
        if len(parts) == heading + 1:
            parts.pop()


class Exposition:
    """Draws the page. Any thread may ask for it; the engine goes on meanwhile."""

    def __init__(self, dirty: Dirty) -> None:
        self._dirty = dirty
        self._tables: dict[tuple[Column, ...], Table] = {}
        self._families: dict[Family, _FamilyText] = {}
        self._order: list[_FamilyText] = []
        self._ordered = True
        self._changed: dict[Chunk, None] = {}  # what is to be drawn; more than what changed last if that failed
        self._lock = threading.Lock()  # among renderers only

    def pieces(self, openmetrics: bool = False) -> list[bytes]:
        """The page: all families in the order of their names; without `# EOF`, since the bridge's own metrics may
        follow. In pieces as they are kept, so that a page of many megabytes is not put together only to be sent."""
        parts: list[bytes] = []
        with self._lock:
            self._update()
            for family in self._order:
                family.add_to(parts, openmetrics)
        return parts

    def render(self, openmetrics: bool = False) -> bytes:
        """The same in one piece."""
        return b"".join(self.pieces(openmetrics))

    def catch_up(self) -> None:
        """Redraw what has changed without making a page: for the engine, when nobody scrapes and changes pile up."""
        with self._lock:
            self._update()

    def _update(self) -> None:
        take = self._dirty.take
        # As many as there are now: rows that change meanwhile must not keep the page waiting.
        for _ in range(len(self._dirty)):
            drawable = take()
            if drawable is None:
                break
            if isinstance(drawable, Chunk):
                self._changed[drawable] = None
            else:
                self._exchange(drawable)
        for chunk in list(self._changed):
            chunk.draw()
            del self._changed[chunk]
        if not self._ordered:  # once, however many there are: boards may invent names by the thousand
            names = sorted(self._families, key=lambda family: family.name)
            self._order = [self._families[family] for family in names]
            self._ordered = True

    def _put(self, row: Row) -> None:
        place = row.place
        self._changed[place if isinstance(place, Chunk) else self._add(row)] = None

    def _exchange(self, drawable: Drawable) -> None:
        try:
            come, gone = drawable.refresh()
        except Exception:
            self._dirty.mark(drawable)  # an own bug: no later page is to hide it
            raise
        for row in gone:
            if isinstance(row.place, Chunk):
                self._changed[row.place] = None
                self._remove(row, row.place)
        for row in come:
            self._put(row)

    def _add(self, row: Row) -> Chunk:
        columns = row.columns
        table = self._tables.get(columns)
        if table is None:
            table = self._tables[columns] = Table(columns)
            for place, column in enumerate(columns):
                self._text(column.family).places[table, place] = None
        return table.add(row)

    def _remove(self, row: Row, chunk: Chunk) -> None:
        table = chunk.table
        table.remove(row, chunk)
        if not table.chunks:
            del self._tables[table.columns]
            for place, column in enumerate(table.columns):
                places = self._families[column.family].places
                del places[table, place]
                if not places:
                    del self._families[column.family]
                    self._ordered = False

    def _text(self, family: Family) -> _FamilyText:
        text = self._families.get(family)
        if text is None:
            text = self._families[family] = _FamilyText(family)
            self._ordered = False
        return text


def escape_help(text: str, quotes: bool = False) -> str:
    """A help text on one line; OpenMetrics escapes quotes there, too."""
    text = text.replace("\\", "\\\\").replace("\n", "\\n")
    return text.replace('"', '\\"') if quotes else text
