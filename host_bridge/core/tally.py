"""What the bridge counts about itself, as plain integers. sinks/self_metrics.py exposes them."""

from __future__ import annotations

from shared_schema import messages as m

# Why a value becomes missing: SPEC.md section 17.
RANGE = "range"
INTEGER = "integer"
SPECIAL = "special"
DECREASING = "decreasing"
VALUE_REASONS = (RANGE, INTEGER, SPECIAL, DECREASING)

# Why a series is not exposed: a key that is not in the catalogue, more labels than it has there, a name that cannot be
# exposed or that means something else already, the same series twice in a declaration, the caps.
SERIES_REASONS = ("unknown", "labels", "name", "conflict", "repeated", "device_limit", "total_limit")


class Tally:
    """Written by the engine's thread alone, read by any."""

    def __init__(self) -> None:
        self.received: dict[str, list[int]] = {}  # source → frames by kind
        self.rejected: dict[tuple[str, str], int] = {}  # (source, reason) → frames
        self.values = dict.fromkeys(VALUE_REASONS, 0)  # single values that became missing
        self.series = dict.fromkeys(SERIES_REASONS, 0)  # series that are not exposed
        self.table_errors: dict[str, int] = {}  # state table → pairs that it does not know
        self.console_lines: dict[str, int] = {}  # source → lines
        self.let_go = 0  # held frames that were let go without acknowledgement
        self.devices_refused = 0

    def kinds(self, source: str) -> list[int]:
        """The counts of `source` by kind, to be counted up in place."""
        counts = self.received.get(source)
        if counts is None:
            counts = self.received[source] = [0] * (m.MAX_KIND + 1)
        return counts


class Reasons:
    """Counts by reason for one device, which are counted in all, too."""

    __slots__ = ("_in_all", "counts", "total")

    def __init__(self, in_all: dict[str, int]) -> None:
        self.counts: dict[str, int] = {}
        self.total = 0
        self._in_all = in_all

    def add(self, reason: str, n: int = 1) -> None:
        """Count `n` more."""
        self.total += n
        bump(self.counts, reason, n)
        bump(self._in_all, reason, n)


def bump(counts: dict[str, int], key: str, n: int = 1) -> None:
    """Count `n` more under `key`."""
    counts[key] = counts.get(key, 0) + n
