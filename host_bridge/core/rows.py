"""Rows of the page: the values of one device that stand next to each other, and word of their changes.

The engine's thread writes values, the thread that draws the page reads them, without a lock: every change that a reader
may see is one assignment, and what has changed is marked after it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

from host_bridge.core.columns import Column

# An integer in 10**scale, NaN, infinity, a histogram's columns (buckets, +Inf, sum); None: not on the page.
Value = int | float | tuple[int, ...] | None
# On a row also what stands behind the device's labels, of lines whose labels are not the same for all devices.
Cell = Value | str

NO_ROWS: tuple[Row, ...] = ()


class Drawable:
    """What the page has to look at again when it was marked."""

    __slots__ = ("dirty",)

    def __init__(self) -> None:
        self.dirty = False

    def refresh(self) -> tuple[Sequence[Row], Sequence[Row]]:
        """For the page's thread: rows to draw, anew or for the first time, and rows that have gone."""
        raise NotImplementedError


class Row(Drawable):
    """A device's values, one for each column. Where rows have the same columns, their lines are drawn together.

    labels   the device's, as they stand first in each line
    values   replaced as a whole, or in their places; never longer or shorter
    shown    whether they may be on the page
    place    the page's: where the row stands, with others; None: not on it. Marked instead of the row, it has all of
             them looked at
    """

    __slots__ = ("labels", "place", "shown", "values")

    def __init__(self, labels: str, values: Sequence[Cell]) -> None:
        super().__init__()
        self.labels = labels
        self.values = values
        self.shown = True
        self.place: Drawable | None = None

    @property
    def columns(self) -> tuple[Column, ...]:
        """Of the values."""
        raise NotImplementedError

    def refresh(self) -> tuple[Sequence[Row], Sequence[Row]]:
        """Itself."""
        return (self,), NO_ROWS


class Exchange(Drawable):
    """Rows that come in the place of others: no page has both, and none has neither."""

    __slots__ = ("_come", "_gone")

    def __init__(self, come: Sequence[Row], gone: Sequence[Row]) -> None:
        super().__init__()
        self._come = come
        self._gone = gone

    def refresh(self) -> tuple[Sequence[Row], Sequence[Row]]:
        """Both."""
        return self._come, self._gone


class Dirty:
    """What the page has to look at again. Nothing stands in it twice."""

    __slots__ = ("_append", "_queue")

    def __init__(self) -> None:
        self._queue: deque[Drawable] = deque()
        self._append = self._queue.append

    def mark(self, drawable: Drawable) -> None:
        """Engine's side; after the values have changed."""
        if not drawable.dirty:
            drawable.dirty = True
            self._append(drawable)

    def take(self) -> Drawable | None:
        """The page's side: the next, unmarked before its values are read, so that no change is missed."""
        try:
            drawable = self._queue.popleft()
        except IndexError:
            return None
        drawable.dirty = False
        return drawable

    def __len__(self) -> int:
        return len(self._queue)
