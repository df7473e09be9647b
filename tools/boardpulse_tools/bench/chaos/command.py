"""From the command's options to its report."""

import random
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from boardpulse_tools.bench.chaos import goals, scenarios
from boardpulse_tools.bench.chaos.run import Run
from boardpulse_tools.bench.report import Report

MAX_SEED = 999_999
NAMES = scenarios.NAMES


def any_seed() -> int:
    """A seed for who names none."""
    return random.SystemRandom().randint(1, MAX_SEED)


def chaos_report(seed: int, short: bool, only: tuple[str, ...], tell: Callable[[str], None]) -> Report:
    """Run the scenarios, all if none is named, and judge them. `tell` hears how far they are."""
    chosen = frozenset(only or scenarios.NAMES)
    began = datetime.now(UTC)
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="boardpulse-chaos-") as folder:
        run = Run(Path(folder), seed, short, tell)
        results, failed = scenarios.run_all(run, chosen)
    took = time.monotonic() - started
    notes = [f"{began:%Y-%m-%d %H:%M} UTC, seed {seed}, {'short' if short else 'long'} form, {took:.0f} s."]
    return Report(
        results={
            "date": began.isoformat(timespec="seconds"),
            "seed": seed,
            "form": "short" if short else "long",
            "seconds": round(took, 1),
            "scenarios": results,
            "failed": failed,
        },
        goals=goals.goals(results, chosen),
        tables=goals.tables(results),
        notes=notes + [f"Not measured: {name}: {why}" for name, why in failed.items()],
    )
