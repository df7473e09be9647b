"""Families, series and their values, as the exposition reads them.

The engine's thread writes values, the thread that renders reads them, without a lock: every change that a reader may
see is one assignment. `index` and `drawn` belong to the renderer.
"""

from __future__ import annotations

from collections import deque

from host_bridge.core.catalogue import Metric
from shared_schema import messages as m


class Family:
    """What series of one name share. `users` counts its live series."""

    __slots__ = ("bounds", "help", "label_names", "name", "type", "unit", "users")

    def __init__(self, metric: Metric) -> None:
        self.name = metric.name
        self.type = metric.type
        self.unit = metric.unit
        self.help = metric.help
        self.label_names = metric.labels
        self.bounds = metric.bounds
        self.users = 0


class Series:
    """One series. value: integer in 10**scale, NaN, infinity, a histogram's columns as a tuple; None: not on the page.

    Counters: `last` is the total within the boot, `base` what earlier boots left; value = base + last.
    """

    __slots__ = (
        "base",
        "drawn",
        "family",
        "greatest",
        "index",
        "label_values",
        "labels",
        "last",
        "least",
        "scale",
        "value",
        "watches",
    )

    def __init__(self, family: Family, metric: Metric, labels: str, label_values: tuple[str, ...]) -> None:
        self.family = family
        self.scale = metric.scale
        self.least = metric.least
        self.greatest = metric.greatest
        self.label_values = label_values
        self.labels = labels  # as they stand between the braces
        self.value: int | float | tuple[int, ...] | None = None
        self.last: int = 0
        self.base: int = 0
        self.watches: tuple[Watcher, ...] = ()
        self.index = -1
        self.drawn: object = None


class Watcher:
    """What wants to see every new value of a series."""

    __slots__ = ()

    def observe(self, value: int | float | None, uptime_ms: int) -> None:
        """`value` in the series' scale, None when the sample is missing; uptime grows within a boot."""
        raise NotImplementedError


class HistogramSeries(Series):
    """A histogram. Its value: for each bucket the observations in it, +Inf last, then the sum."""

    __slots__ = ("bases", "bounds", "lasts")

    def __init__(self, family: Family, metric: Metric, labels: str, label_values: tuple[str, ...]) -> None:
        super().__init__(family, metric, labels, label_values)
        self.bounds = metric.bounds
        self.lasts: tuple[int, ...] = (0,) * (len(metric.bounds) + 2)
        self.bases: tuple[int, ...] = self.lasts


class Block:
    """Series that change together, and the unit of redrawing. `shown`: whether its values may be on the page.

    `gone` are series that the renderer is to forget. The engine's thread sets it when it makes the block, never later.
    """

    __slots__ = ("dirty", "gone", "series", "shown")

    def __init__(self, series: list[Series], gone: list[Series] | None = None) -> None:
        self.series = series
        self.gone = gone or []
        self.dirty = False
        self.shown = True

    def refresh(self) -> None:
        """Called by the renderer before it reads the series."""


class Dirty:
    """The blocks that the renderer has to look at again. A block stands in it once at most."""

    __slots__ = ("_append", "_queue")

    def __init__(self) -> None:
        self._queue: deque[Block] = deque()
        self._append = self._queue.append

    def mark(self, block: Block) -> None:
        """Engine's side; after the values have changed."""
        if not block.dirty:
            block.dirty = True
            self._append(block)

    def take(self) -> Block | None:
        """Renderer's side: the next block, unmarked before its values are read, so that no change is missed."""
        try:
            block = self._queue.popleft()
        except IndexError:
            return None
        block.dirty = False
        return block

    def __len__(self) -> int:
        return len(self._queue)


def label_text(names: tuple[str, ...], values: tuple[str, ...]) -> str:
    """`,name="value"` for each name; values left out at the end are empty, and empty labels are not written."""
    return "".join(f',{name}="{escape(value)}"' for name, value in zip(names, values, strict=False) if value)


def escape(value: str) -> str:
    """A label's value as it stands between quotes, in both formats."""
    return value.replace("\\", "\\\\").replace("\n", "\\n").replace('"', '\\"')


def weight(metric: Metric) -> int:
    """How many series Prometheus makes of it."""
    return len(metric.bounds) + 3 if metric.type == m.HISTOGRAM else 1
