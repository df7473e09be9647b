"""The tables: what a message and a page cost, in which parts and functions, and what a device holds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from boardpulse_tools.bench.profile.measure import BATCH, KEPT, MESSAGE, PAGE, SAMPLES
from boardpulse_tools.bench.profile.parts import PARTS, REST
from boardpulse_tools.bench.report import Table

TITLES = {MESSAGE: "a message", BATCH: f"{SAMPLES} samples", KEPT: "a message, history on", PAGE: "a page"}
UNITS = {MESSAGE: "µs", BATCH: "µs", KEPT: "µs", PAGE: "ms"}
ROWS = 15  # of a table about memory; what is left is one row more
OTHERS = "the others"


def tables(results: Mapping[str, Any]) -> list[Table]:
    """All of them, from the results of a report."""
    loads, memory = results["loads"], results["memory"]
    return [
        _costs(loads),
        _parts(loads),
        *(_dearest(name, loads[name]) for name in TITLES),
        _modules(memory),
        _kinds(memory),
    ]


def _costs(loads: Mapping[str, Any]) -> Table:
    columns = ("", "CPU, median", "min", "max", "elapsed, median", "CPU with cProfile", "times as much")
    rows = []
    for name, title in TITLES.items():
        load = loads[name]
        cpu, profiled = load["cpu"], load["profiled_cpu"]["median"]
        shown = cpu["median"], cpu["min"], cpu["max"], load["elapsed"]["median"], profiled, profiled / cpu["median"]
        rows.append((f"{title}, {UNITS[name]}", *(f"{value:.1f}" for value in shown)))
    return Table("What it costs without cProfile, and with it", columns, rows)


def _parts(loads: Mapping[str, Any]) -> Table:
    known = {part for name in TITLES for part in loads[name]["parts"]}
    # A report that was stored some time ago may know parts that have another name today.
    found = [*(part for part in PARTS[:-1] if part in known), *sorted(known - set(PARTS)), REST]
    rows = [(part, *(f"{loads[name]['parts'].get(part, 0.0) * 100:.1f}" for name in TITLES)) for part in found]
    return Table("Share of each part, % of the time that cProfile counts", ("part", *TITLES.values()), rows)


def _dearest(name: str, load: Mapping[str, Any]) -> Table:
    rows = [
        (one["function"].removeprefix("host_bridge/"), f"{one['share'] * 100:.1f}", _number(one["calls"]))
        for one in load["dearest"]
    ]
    return Table(f"The ten dearest functions of {TITLES[name]}", ("function", "%", "calls"), rows)


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 1000 else f"{value:.4g}"


def _modules(memory: Mapping[str, Any]) -> Table:
    """Of the module that made it."""
    nothing = {"bytes": 0.0, "blocks": 0.0}
    fleet, page = memory["fleet"], memory["page"]
    names = sorted({*fleet, *page}, key=lambda name: float(page.get(name, nothing)["bytes"]), reverse=True)
    numbers = [
        [place.get(name, nothing)[what] for place in (fleet, page) for what in ("bytes", "blocks")] for name in names
    ]
    title = f"Memory of a device by the module that made it: {sum(row[2] for row in numbers):,.0f} bytes with its page"
    return Table(title, ("module", "fleet: bytes", "blocks", "with its page: bytes", "blocks"), _cut(names, numbers))


def _kinds(memory: Mapping[str, Any]) -> Table:
    kinds = memory["kinds"]
    numbers = [[one["bytes"], one["objects"]] for one in kinds.values()]
    title = f"The same by what it is: {sum(row[0] for row in numbers):,.0f} bytes with its page"
    return Table(title, ("kind", "bytes", "objects"), _cut(list(kinds), numbers))


def _cut(names: list[str], numbers: list[list[float]]) -> list[tuple[str, ...]]:
    """The first ROWS, and the sum of what is left."""
    left = [sum(column) for column in zip(*numbers[ROWS:], strict=True)]
    cut = [*zip(names[:ROWS], numbers[:ROWS], strict=True), *([(OTHERS, left)] if left else [])]
    # Bytes and pieces take turns.
    return [
        (name, *(f"{value:,.1f}" if place % 2 else f"{value:,.0f}" for place, value in enumerate(row)))
        for name, row in cut
    ]
