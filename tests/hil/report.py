"""What the engineer gets: a table with one row a check, or the same as JSON."""

import json
import shutil
import textwrap
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from itertools import zip_longest

STREAMED = ("ledger", "frames on SECOND_PORT")
PASS, FAIL, SKIP = "PASS", "FAIL", "SKIP"
HEAD = ("CHECK", "RESULT", "MEASURED", "LIMIT OR REASON")
GAP = "  "
LEAST = 50  # columns for what was measured and the reason


@dataclass(frozen=True, slots=True)
class Row:
    """One check. `why` is the limit where it was measured against one, the reason where it failed or was skipped."""

    check: str
    result: str
    measured: str = ""
    why: str = ""


@dataclass
class Report:
    """All rows in their order, and what was tested."""

    port: str
    rows: list[Row] = field(default_factory=list)
    machine: str = ""
    micropython: str = ""
    board: str = ""
    wrote: str = ""
    seconds: float = 0.0

    def add(self, *rows: Row) -> None:
        """Add rows."""
        self.rows += rows

    @property
    def passed(self) -> bool:
        """Whether frames came over one of the lines as they should, and nothing failed."""
        streamed = any(row.check in STREAMED and row.result == PASS for row in self.rows)
        return streamed and all(row.result != FAIL for row in self.rows)

    def as_json(self) -> str:
        """The same for programs."""
        return json.dumps({"passed": self.passed, **asdict(self)}, indent=2, ensure_ascii=False)

    def as_table(self, width: int | None = None) -> str:
        """The table, and a line that sums it up."""
        counts = ", ".join(
            f"{sum(row.result == result for row in self.rows)} {word}"
            for result, word in ((PASS, "passed"), (FAIL, "failed"), (SKIP, "skipped"))
        )
        return f"{_table(self.rows, width or shutil.get_terminal_size().columns)}\n{counts}, in {self.seconds:.1f} s"


def _table(rows: Sequence[Row], width: int) -> str:
    cells = [HEAD, *((row.check, row.result, row.measured, row.why) for row in rows)]
    narrow = [max(len(row[i]) for row in cells) for i in range(2)]
    rest = max(LEAST, width - sum(narrow) - 3 * len(GAP))
    measured = min(rest * 3 // 5, max(len(row[2]) for row in cells))
    widths = [*narrow, measured, rest - measured]
    lines = []
    for row in cells:
        columns = [textwrap.wrap(cell, wide) for cell, wide in zip(row, widths, strict=True)]
        for parts in zip_longest(*columns, fillvalue=""):
            lines.append(GAP.join(part.ljust(wide) for part, wide in zip(parts, widths, strict=True)).rstrip())
    return "\n".join(lines)
