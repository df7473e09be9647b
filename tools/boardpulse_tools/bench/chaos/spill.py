"""A board that is killed while it spills to flash, again and again."""

from collections import Counter
from typing import Any

from boardpulse_tools.bench import spill_kill
from boardpulse_tools.bench.chaos.run import Run

ROUNDS, SHORT_ROUNDS = 200, 20
TURN = 10  # rounds on one flash


def measure(run: Run) -> dict[str, Any]:
    """Records that are not as they were written, and starts that failed."""
    rounds = SHORT_ROUNDS if run.short else ROUNDS
    chance = run.chance("spill")
    counts: Counter[str] = Counter()
    for done in range(0, rounds, TURN):
        run.pause(0)
        folder = run.folder / f"turn-{done // TURN}"
        folder.mkdir()
        counts.update(spill_kill.run(min(TURN, rounds - done), chance.randint(1, 1 << 30), folder))
        run.say(f"board killed {done + TURN} times of {rounds}")
    return dict(counts)
