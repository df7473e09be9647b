"""A program that measures memory for `bench scale`: `python -m boardpulse_tools.bench.scale.memory DEVICES MESSAGES`.

Prints one JSON object: bytes of the process (resident) before there are devices, with them, with their page drawn, and
at even distances over MESSAGES further frames, each twentieth of which is followed by a page. Over these so much time
passes for the boards and the bridge that whatever is kept for a time is full by a quarter of them. With a third
argument, `trace`, it prints what tracemalloc says instead: bytes in all, and the places that hold most of them.
"""

import gc
import json
import sys
import tracemalloc
from pathlib import Path
from typing import Any

from boardpulse_tools.bench.scale.fleet import MadeFleet, settled_rss
from boardpulse_tools.bench.scale.passing import FILLED_BY, Passing, spacing_s

LOOKS = 20
FULL = LOOKS // FILLED_BY - 1  # the look by which whatever is kept for a time is full
# Frames of each device before memory is looked at. By a quarter of the long form a device has sent 260, so that what
# counts them has left the integers that Python has once for all, up to 256: five such counters are 0.2 KB a device.
ROUNDS = 10
TOP = 15
_ROOT = Path(__file__).resolve().parents[4]


def measure(devices: int, messages: int) -> dict[str, Any]:
    """Bytes, as the module says."""
    warm = MadeFleet(1)
    warm.greet()
    warm.run(10)
    warm.draw()
    passing = Passing(devices, spacing_s(devices, messages))
    made = MadeFleet(devices, passing=passing)
    empty = settled_rss()
    made.greet()
    made.run(ROUNDS * devices)
    filled = settled_rss()
    made.draw()
    drawn = settled_rss()
    looks = []
    for _ in range(LOOKS):
        made.run(messages // LOOKS)
        made.draw()
        looks.append(settled_rss())
    made.check(ROUNDS * devices + messages // LOOKS * LOOKS)
    said = {"spacing_s": passing.spacing_s, "passed_s": passing.monotonic()}
    return {"empty": empty, "filled": filled, "drawn": drawn, "looks": looks, **said}


def trace(devices: int) -> dict[str, Any]:
    """Bytes of Python's own memory by place, for the fleet alone and then for its page."""
    made = MadeFleet(devices)
    tracemalloc.start(1)
    made.greet()
    made.run(ROUNDS * devices)
    fleet = _snapshot()
    made.draw()
    page = _snapshot()
    return {"fleet": _places(fleet, devices), "page": _places(page, devices)}


def _snapshot() -> tracemalloc.Snapshot:
    gc.collect()
    return tracemalloc.take_snapshot().filter_traces([tracemalloc.Filter(False, tracemalloc.__file__)])


def _places(snapshot: tracemalloc.Snapshot, devices: int) -> dict[str, Any]:
    statistics = snapshot.statistics("lineno")
    top = [
        {"place": _place(one.traceback[0]), "bytes": one.size / devices, "blocks": one.count / devices}
        for one in statistics[:TOP]
    ]
    return {"bytes": sum(one.size for one in statistics) / devices, "top": top}


def _place(frame: tracemalloc.Frame) -> str:
    path = Path(frame.filename)
    return f"{path.relative_to(_ROOT) if path.is_relative_to(_ROOT) else path.name}:{frame.lineno}"


if __name__ == "__main__":
    numbers = [int(argument) for argument in sys.argv[1:3]]
    print(json.dumps(trace(numbers[0]) if sys.argv[3:] == ["trace"] else measure(*numbers)))
