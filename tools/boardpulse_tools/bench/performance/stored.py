"""Reports in a folder, one JSON file a bench: what the page is written from, and `bench compare` reads."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from boardpulse_tools.bench.performance.benches import NAMES
from boardpulse_tools.processes import ProcessError

Reports = Mapping[str, Mapping[str, Any]]  # by the bench's name

_PARTS = ("machine", "results", "goals")


class StoredError(ProcessError):
    """A file is not the report of a bench. The message says which, and why."""


def path(folder: Path, name: str) -> Path:
    """Where the report of a bench is."""
    return folder / f"{name}.json"


def load(folder: Path) -> dict[str, dict[str, Any]]:
    """The reports that are there, in the order of the benches. StoredError when one is none."""
    return {name: _read(path(folder, name)) for name in NAMES if path(folder, name).exists()}


def _read(file: Path) -> dict[str, Any]:
    try:
        report = json.loads(file.read_text())
        missing = [part for part in _PARTS if not isinstance(report[part], dict)]
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise StoredError(f"{file} is no report of a bench: {error!r}") from error
    if missing:
        raise StoredError(f"{file} is no report of a bench: {missing[0]} is not an object")
    found: dict[str, Any] = report
    return found


def save(folder: Path, name: str, report: Mapping[str, Any]) -> None:
    """Write the report, without the single values of which it has summaries."""
    folder.mkdir(parents=True, exist_ok=True)
    path(folder, name).write_text(json.dumps(trimmed(report), indent=1, ensure_ascii=False) + "\n")


def trimmed(report: Mapping[str, Any]) -> dict[str, Any]:
    """The same without the thousands of latencies that ingest notes for each round."""
    subjects = report["results"].get("subjects")
    if subjects is None:
        return dict(report)
    kept = {name: _without_latencies(one) for name, one in subjects.items()}
    return {**report, "results": {**report["results"], "subjects": kept}}


def _without_latencies(subject: Mapping[str, Any]) -> dict[str, Any]:
    if "rounds" not in subject:
        return dict(subject)
    rounds = [{key: value for key, value in one.items() if key != "latencies_ms"} for one in subject["rounds"]]
    return {**subject, "rounds": rounds}
