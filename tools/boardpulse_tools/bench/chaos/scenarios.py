"""All scenarios by name, and running them: two at a time, and by itself what is measured in time."""

from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from http.client import HTTPException
from typing import Any

from boardpulse_tools.bench import overflow
from boardpulse_tools.bench.chaos import kill, noisy_line, outage, outages, spill
from boardpulse_tools.bench.chaos.run import HaltedError, Run
from boardpulse_tools.bench.history import history_numbers
from boardpulse_tools.processes import ProcessError

Measure = Callable[[Run], dict[str, Any]]

WORKERS = 2

TOGETHER: dict[str, Measure] = {
    "kill": kill.measure,
    "broker": outages.measure,
    "overflow": overflow.measure,
    "noise": noisy_line.measure,
    "spill": spill.measure,
    "backfill": outage.measure,
}
ALONE: dict[str, Measure] = {
    "history": lambda run: dict(history_numbers(folder=run.folder)),
}
NAMES = (*TOGETHER, *ALONE)


def run_all(run: Run, chosen: Iterable[str]) -> tuple[dict[str, dict[str, Any]], dict[str, str]]:
    """Outcomes by name, and why the others have none."""
    names = [name for name in NAMES if name in set(chosen)]
    results: dict[str, dict[str, Any]] = {}
    failed: dict[str, str] = {}
    for group, workers in ((TOGETHER, WORKERS), (ALONE, 1)):
        measures = {name: group[name] for name in names if name in group}
        for name, outcome in _outcomes(run, measures, workers).items():
            if isinstance(outcome, str):
                failed[name] = outcome
            else:
                results[name] = outcome
    return results, failed


def _outcomes(run: Run, measures: dict[str, Measure], workers: int) -> dict[str, dict[str, Any] | str]:
    """Run them. Whatever ends us meanwhile halts them first, so that nothing that they have started is left behind."""
    with ThreadPoolExecutor(workers) as pool:
        futures: dict[str, Future[dict[str, Any] | str]] = {
            name: pool.submit(_outcome, measure, run.inside(name)) for name, measure in measures.items()
        }
        try:
            return {name: future.result() for name, future in futures.items()}
        except BaseException:
            run.halt.set()
            raise


def _outcome(measure: Measure, run: Run) -> dict[str, Any] | str:
    """The numbers, or why there are none."""
    if run.halt.is_set():
        return "not begun"
    run.folder.mkdir(parents=True, exist_ok=True)
    try:
        found = measure(run)
    except (ProcessError, HaltedError, HTTPException, OSError) as error:
        run.say(f"failed: {error}")
        return f"{type(error).__name__}: {error}"
    run.say("done")
    return found
