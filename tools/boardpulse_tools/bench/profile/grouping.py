"""From what cProfile has counted to parts of the bridge and their dearest functions."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from cProfile import Profile
from dataclasses import dataclass
from pathlib import Path
from types import CodeType
from typing import Any

import host_bridge
import shared_schema
from boardpulse_tools.bench.profile.parts import PARTS, REST, part_of

DEAREST = 10
_FOLDERS = tuple(
    (f"{Path(package.__file__ or '').parent}/", f"{package.__name__}/") for package in (host_bridge, shared_schema)
)


@dataclass(frozen=True, slots=True)
class Spent:
    """What one function took by itself. `part` None: its module has none."""

    module: str
    function: str
    part: str | None
    seconds: float
    calls: int


def module_of(file: str) -> str | None:
    """The path of a module of the bridge in its checkout; None for any other."""
    for folder, name in _FOLDERS:
        if file.startswith(folder):
            return name + file[len(folder) :]
    return None


def spent(profile: Profile) -> tuple[list[Spent], float]:
    """The bridge's functions, the dearest first, and the seconds of everything.

    A function has what it takes by itself, in what is defined inside of it (as comprehensions are), and in what it
    calls of Python's library or of generated code. Its calls are those of itself.
    """
    entries = {id(entry.code): entry for entry in profile.getstats()}  # equal code may be of two modules
    seconds: defaultdict[tuple[str, str], float] = defaultdict(float)
    calls: Counter[tuple[str, str]] = Counter()
    for entry in entries.values():
        code = entry.code
        module = _module(code)
        if module is None:
            continue
        name, _, inside = (code.co_qualname if isinstance(code, CodeType) else code).partition(".<locals>")
        seconds[module, name] += entry.inlinetime + sum(_foreign(call, entries, ()) for call in entry.calls or ())
        calls[module, name] += 0 if inside else entry.callcount
    found = [Spent(*key, part_of(*key), took, calls[key]) for key, took in seconds.items()]
    total = sum(entry.inlinetime for entry in entries.values())
    return sorted(found, key=lambda one: one.seconds, reverse=True), total


def _foreign(call: Any, entries: Mapping[int, Any], above: tuple[int, ...]) -> float:
    """Seconds in a function that is not of the bridge, and in those that it calls, on behalf of one caller: of the
    latter its share of all that the function took. What calls itself there is nobody's."""
    if _module(call.code) is not None or id(call.code) in above:
        return 0.0
    entry = entries[id(call.code)]
    below = sum(_foreign(one, entries, (*above, id(call.code))) for one in entry.calls or ())
    share = call.totaltime / entry.totaltime if entry.totaltime else 0.0
    return float(call.inlinetime + share * below)


def _module(code: CodeType | str) -> str | None:
    return module_of(code.co_filename) if isinstance(code, CodeType) else None


def grouped(profile: Profile, units: int) -> dict[str, Any]:
    """Shares of the parts, which add up to 1, the dearest functions, and modules without a part; calls for each of
    `units`. What is in no part, the bench's own loop among it, is REST."""
    functions, total = spent(profile)
    seconds: defaultdict[str, float] = defaultdict(float)
    for one in functions:
        seconds[one.part or REST] += one.seconds
    seconds[REST] += total - sum(seconds.values())
    return {
        "parts": {part: seconds[part] / total for part in PARTS if part in seconds},
        "dearest": [
            {
                "function": f"{one.module}: {one.function}",
                "part": one.part or REST,
                "share": one.seconds / total,
                "calls": one.calls / units,
            }
            for one in functions[:DEAREST]
        ],
        "without_part": sorted({one.module for one in functions if one.part is None}),
    }
