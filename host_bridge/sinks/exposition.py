"""The page of the boards' series: text that is kept, and redrawn only where values have changed.

Every series has one piece of text in its family's list; a histogram's piece has all of its lines. Both formats share
the pieces: they differ in the families' headings alone.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from math import nan

from host_bridge.core.numerals import canonical, decimal
from host_bridge.core.series import Block, Dirty, Family, HistogramSeries, Lines, Series, Value
from shared_schema import messages as m

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
OPENMETRICS_CONTENT_TYPE = "application/openmetrics-text; version=1.0.0; charset=utf-8"


_UNDRAWN: Value = ()  # the value of no series


class _FamilyText:
    """One family's headings and pieces. text: all of them, as of the last page; free: places of series that went."""

    __slots__ = ("changed", "free", "headings", "pieces", "text", "used")

    def __init__(self, family: Family) -> None:
        name, kind = family.name, m.METRIC_TYPES[family.type]
        heading = f"# HELP {name} {escape_help(family.help)}\n# TYPE {name} {kind}\n"
        bare = name.removesuffix("_total") if family.type == m.COUNTER else name
        unit = f"# UNIT {bare} {family.unit}\n" if family.unit else ""
        heading_openmetrics = f"# HELP {bare} {escape_help(family.help, quotes=True)}\n# TYPE {bare} {kind}\n{unit}"
        self.headings = heading.encode(), heading_openmetrics.encode()
        self.pieces: list[str] = []
        self.free: list[int] = []
        self.used = 0
        self.text = b""
        self.changed = False

    def place(self) -> int:
        """A place for a new series."""
        self.used += 1
        if self.free:
            return self.free.pop()
        self.pieces.append("")
        return len(self.pieces) - 1

    def put(self, index: int, piece: str) -> None:
        """Set the piece at `index`."""
        self.pieces[index] = piece
        self.changed = True

    def clear(self, index: int) -> None:
        """The series at `index` has gone."""
        self.put(index, "")
        self.free.append(index)
        self.used -= 1


class Exposition:
    """Draws the page. Any thread may call render(); the engine goes on meanwhile."""

    def __init__(self, dirty: Dirty) -> None:
        self._dirty = dirty
        self._families: dict[Family, _FamilyText] = {}
        self._order: list[Family] = []
        self._lock = threading.Lock()  # among renderers only

    def render(self, openmetrics: bool = False) -> bytes:
        """All families in the order of their names; without `# EOF`, since the bridge's own metrics may follow."""
        with self._lock:
            self._update()
            parts: list[bytes] = []
            for family in self._order:
                text = self._families[family]
                if text.text:
                    parts.append(text.headings[openmetrics])
                    parts.append(text.text)
        return b"".join(parts)

    def catch_up(self) -> None:
        """Redraw what has changed without making a page: for the engine, when nobody scrapes and changes pile up."""
        with self._lock:
            self._update()

    def _update(self) -> None:
        # As many as there are now: blocks that change meanwhile must not keep the page waiting.
        for _ in range(len(self._dirty)):
            block = self._dirty.take()
            if block is None:
                break
            if isinstance(block, Lines):
                self._draw_lines(block)
            elif isinstance(block, Block):
                self._draw(block)
        families = len(self._order)
        for family, text in list(self._families.items()):
            if text.changed:
                text.text = "".join(text.pieces).encode()
                text.changed = False
                if not text.used:
                    del self._families[family]
                    families = -1
        if families != len(self._families):  # once, however many there are: boards may invent names by the thousand
            self._order = sorted(self._families, key=lambda family: family.name)

    def _draw(self, block: Block) -> None:
        if block.gone:
            self._erase(block.gone)
            block.gone = []
        serieses, before = block.series, block.drawn
        values: list[Value] = block.values.copy() if block.shown else [None] * len(serieses)
        if len(before) != len(values):
            before = [_UNDRAWN] * len(values)
        block.drawn = values
        families = self._families
        for place, value in enumerate(values):  # most are as they were, and of these no series is touched
            if value == before[place]:
                continue
            series = serieses[place]
            if type(value) is int and series.index >= 0:  # as nearly always: without a call for each
                family = series.family
                text = families[family]
                scale = series.metric.scale
                number = value if scale == 0 else decimal(value, scale)
                text.pieces[series.index] = f"{family.name}{{{series.labels}}} {number}\n"
                text.changed = True
            else:
                self._put(series, value)

    def _draw_lines(self, about: Lines) -> None:
        values, gone = about.refresh()
        for family, index in gone:
            self._families[family].clear(index)
        before: Sequence[float | None] = about.drawn
        indexes = about.indexes
        if len(before) != len(values):
            before = [nan] * len(values)  # which nothing is equal to
        about.drawn = values
        lines = about.lines()
        for place, value in enumerate(values):
            if value != before[place]:
                line = lines[place]
                text = self._text(line.family)
                if indexes[place] < 0:
                    indexes[place] = text.place()
                shown = "" if value is None else decimal(value, line.scale)
                text.put(
                    indexes[place], f"{line.family.name}{{{about.labels}{line.labels}}} {shown}\n" if shown else ""
                )

    def _text(self, family: Family) -> _FamilyText:
        text = self._families.get(family)
        if text is None:
            text = self._families[family] = _FamilyText(family)
        return text

    def _put(self, series: Series, value: Value) -> None:
        family = series.family
        text = self._text(family)
        if series.index < 0:
            series.index = text.place()
        if value is None:
            piece = ""
        elif isinstance(value, tuple):
            piece = histogram_lines(series, value)
        else:
            piece = f"{family.name}{{{series.labels}}} {decimal(value, series.scale)}\n"
        text.put(series.index, piece)

    def _erase(self, gone: Sequence[Series]) -> None:
        for series in gone:
            text = self._families.get(series.family)
            if series.index >= 0 and text is not None:
                text.clear(series.index)
                series.index = -1


def histogram_lines(series: Series, value: tuple[int, ...]) -> str:
    """Cumulative buckets, count and sum of a histogram whose columns are not cumulative."""
    assert isinstance(series, HistogramSeries)  # noqa: S101  # only these have tuples for values
    name, labels = series.family.name, series.labels
    lines: list[str] = []
    below = 0
    for bound, observations in zip(series.bounds, value, strict=False):
        below += observations
        lines.append(f'{name}_bucket{{{labels},le="{canonical(bound, series.scale)}"}} {below}\n')
    below += value[-2]
    lines.append(f'{name}_bucket{{{labels},le="+Inf"}} {below}\n')
    lines.append(f"{name}_sum{{{labels}}} {decimal(value[-1], series.scale)}\n")
    lines.append(f"{name}_count{{{labels}}} {below}\n")
    return "".join(lines)


def escape_help(text: str, quotes: bool = False) -> str:
    """A help text on one line; OpenMetrics escapes quotes there, too."""
    text = text.replace("\\", "\\\\").replace("\n", "\\n")
    return text.replace('"', '\\"') if quotes else text
