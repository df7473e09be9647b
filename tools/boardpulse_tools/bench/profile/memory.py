"""A program that looks at memory for `bench profile`: `python -m boardpulse_tools.bench.profile.memory DEVICES`.

Prints one JSON object, bytes and pieces a device:

modules  by the module that made what is held, as tracemalloc tells, for the fleet alone and once its page was drawn
kinds    by what it is, once the page was drawn, found by a walk from fleet and exposition (sys.getsizeof)
"""

from __future__ import annotations

import gc
import json
import sys
import tracemalloc
from collections import Counter
from typing import Any

from boardpulse_tools.bench.profile.grouping import module_of
from boardpulse_tools.bench.profile.walk import Walk
from boardpulse_tools.bench.scale.fleet import MadeFleet

ROUNDS = 3  # frames of each device before memory is looked at
OTHERS = "Python's library, and the bench"


def measure(devices: int) -> dict[str, Any]:
    """As the module says."""
    warm = MadeFleet(1)
    warm.greet()
    warm.run(10)
    warm.draw()
    made = MadeFleet(devices)
    walk = Walk([made.fleet, made.exposition])  # knows what is there for no device
    tracemalloc.start(1)
    made.greet()
    made.run(ROUNDS * devices)
    fleet = _modules(devices)
    made.draw()
    page = _modules(devices)
    tracemalloc.stop()
    made.check(ROUNDS * devices)
    return {"devices": devices, "fleet": fleet, "page": page, "kinds": _kinds(walk, devices)}


def _modules(devices: int) -> dict[str, Any]:
    gc.collect()
    sizes: Counter[str] = Counter()
    blocks: Counter[str] = Counter()
    for one in tracemalloc.take_snapshot().statistics("filename"):
        file = one.traceback[0].filename
        if file == tracemalloc.__file__:
            continue
        name = module_of(file) or OTHERS
        sizes[name] += one.size
        blocks[name] += one.count
    return {name: {"bytes": size / devices, "blocks": blocks[name] / devices} for name, size in sizes.most_common()}


def _kinds(walk: Walk, devices: int) -> dict[str, Any]:
    found = walk.new()
    largest = sorted(found.items(), key=lambda item: item[1].bytes, reverse=True)
    return {kind: {"bytes": one.bytes / devices, "objects": one.objects / devices} for kind, one in largest}


if __name__ == "__main__":
    print(json.dumps(measure(int(sys.argv[1]))))
