"""What a person, or a program, is told while and after a board is flashed."""

import sys
import time
from dataclasses import asdict, dataclass, field
from typing import TextIO

BAR_WIDTH = 30
EVERY_S = 0.1


@dataclass
class Result:
    """What became of one board. `outcome` is flashed, unchanged, planned, removed, failed or rolled back."""

    port: str
    outcome: str = "failed"
    board: str | None = None
    device_id: str | None = None
    micropython: str | None = None
    files_sent: int = 0
    files_copied_on_board: int = 0
    files_removed: list[str] = field(default_factory=list)
    bytes_sent: int = 0
    verified: str | None = None
    notes: list[str] = field(default_factory=list)
    error: str | None = None
    seconds: float = 0.0

    def as_dict(self) -> dict[str, object]:
        """For JSON."""
        return asdict(self)


class Reporter:
    """Plain lines; a bar where a person watches. `quiet` for programs."""

    def __init__(self, out: TextIO = sys.stdout, quiet: bool = False) -> None:
        self._out = out
        self._quiet = quiet
        self._bar = not quiet and out.isatty()
        self._total = self._done = 0
        self._shown_at = 0.0

    def say(self, line: str) -> None:
        """One line."""
        if not self._quiet:
            print(line, file=self._out, flush=True)

    def begin(self, total_bytes: int) -> None:
        """Bytes are about to be sent."""
        self._total, self._done = total_bytes, 0

    def moved(self, count: int) -> None:
        """So many more bytes are on the board."""
        self._done += count
        now = time.monotonic()
        if self._bar and self._total and now - self._shown_at >= EVERY_S:
            self._shown_at = now
            filled = min(BAR_WIDTH, BAR_WIDTH * self._done // self._total)
            bar = "#" * filled + "." * (BAR_WIDTH - filled)
            print(f"\r[{bar}] {self._done} of {self._total} bytes", end="", file=self._out, flush=True)

    def end(self) -> None:
        """All are sent: the bar goes."""
        if self._bar and self._total:
            print("\r" + " " * (BAR_WIDTH + 40) + "\r", end="", file=self._out, flush=True)


def table(results: list[Result]) -> str:
    """One line a board."""
    rows = [("PORT", "BOARD", "DEVICE", "OUTCOME", "SENT", "VERIFIED BY")]
    for one in results:
        sent = f"{one.files_sent} files, {one.bytes_sent} B"
        why = one.verified or (one.error or "").split(". ")[0].splitlines()[0:1]
        rows.append((one.port, one.board or "?", one.device_id or "?", one.outcome, sent, "".join(why)))
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )
