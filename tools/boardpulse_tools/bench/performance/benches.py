"""The benches of the page, each run as a user runs it: a process of its own, one after another."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from boardpulse_tools.components import checkout
from boardpulse_tools.processes import ProcessError

STOP_S = 30.0  # for a bench to end what it has started
MEASURED_CODE = ("host_bridge", "shared_schema", "tools/boardpulse_tools")
MEASURED = (0, 1)  # exit codes: every goal is met; one is not


@dataclass(frozen=True, slots=True)
class Bench:
    """A command below `boardpulse bench`, with its options in the long form and what the short one adds."""

    name: str
    options: tuple[str, ...] = ()
    short: tuple[str, ...] = ("--short",)

    def arguments(self, short: bool) -> list[str]:
        """What stands behind `boardpulse`."""
        return ["bench", self.name, *self.options, *(self.short if short else ()), "--json"]


BENCHES = (
    Bench("ingest", ("--peers",), ("--short", "--rounds", "1")),
    Bench("exposition", ("--peers",)),
    Bench("scale"),
    Bench("uart"),
    Bench("profile"),
)
NAMES = tuple(bench.name for bench in BENCHES)


def measure(bench: Bench, short: bool) -> dict[str, Any]:
    """Its report, with `run`: what was run, when, for how long and at which commit. ProcessError when it has none."""
    began, started, head = datetime.now(UTC), time.monotonic(), commit()
    arguments = bench.arguments(short)
    code, printed = _printed([sys.executable, "-m", "host_bridge", *arguments])
    try:
        report = json.loads(printed) if code in MEASURED else None
    except ValueError:
        report = None
    if not isinstance(report, dict):
        raise ProcessError(f"boardpulse {' '.join(arguments)} ended with code {code} and without a report")
    run = {
        "command": " ".join(["boardpulse", *arguments]),
        "form": "short" if short else "long",
        "began": began.isoformat(timespec="seconds"),
        "seconds": round(time.monotonic() - started),
        "commit": head,
    }
    return {"run": run, **report}


def _printed(command: list[str]) -> tuple[int, str]:
    """Exit code and standard output; the complaints go where ours go. It ends when we do, and in order."""
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True) as child:
        try:
            printed, _ = child.communicate()
        except BaseException:
            child.terminate()
            try:
                child.communicate(timeout=STOP_S)
            except subprocess.TimeoutExpired:
                child.kill()
            raise
    return child.returncode, printed


def commit() -> str | None:
    """The commit that is checked out, with +changes when what is measured differs from it; None where there is none."""
    head = _git("rev-parse", "--short=9", "HEAD")
    if head is None or head.returncode:
        return None
    changes = _git("diff", "--quiet", "HEAD", "--", *MEASURED_CODE)
    return head.stdout.strip() + ("+changes" if changes is not None and changes.returncode else "")


def _git(*arguments: str) -> subprocess.CompletedProcess[str] | None:
    try:
        return subprocess.run(["git", "-C", str(checkout()), *arguments], capture_output=True, text=True, check=False)
    except OSError:
        return None
