"""The same run as a test, for a laboratory that collects results of pytest: PORT=/dev/ttyACM0 pytest tests/hil

It is one test, because what a board lacks is no skipped test, which fails in CI, but a row of the report.
"""

import json
import os
from collections.abc import Callable

from tests.hil.run import Options, Run


def test_board(record_property: Callable[[str, object], None]) -> None:
    """No check of the report fails on the board at PORT. The environment has what `make hil` takes."""
    env = os.environ
    link = json.loads(env.get("SECOND_LINK") or "{}")
    frames = int(env.get("FRAMES") or 100)
    run = Run(Options(env["PORT"], env.get("SECOND_PORT", ""), link, frames, board=env.get("BOARD") or None), print)
    run.run()
    for row in run.report.rows:
        record_property(row.check, f"{row.result} {row.measured} {row.why}")
    table = run.report.as_table()
    print(table)
    assert run.report.passed, f"\n{table}"
