"""Runs the loads in turn, each without cProfile and then with it, and the program that looks at memory."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from contextlib import closing
from cProfile import Profile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from boardpulse_tools.bench import programs
from boardpulse_tools.bench.profile.grouping import grouped
from boardpulse_tools.bench.profile.loads import KeptMessages, Load, Messages, Pages, Took
from boardpulse_tools.bench.stats import summary


@dataclass(frozen=True, slots=True)
class Form:
    """How much is done. messages, pages: of one run, of which a round has two."""

    name: str
    rounds: int
    devices: int
    messages: int
    pages: int


LONG = Form("long", 5, 1_000, 20_000, 10)
SHORT = Form("short", 2, 100, 2_000, 20)

MESSAGE, BATCH, KEPT, PAGE = "message", "message_batch", "message_history", "page"
SCALES = {MESSAGE: 1e6, BATCH: 1e6, KEPT: 1e6, PAGE: 1e3}  # microseconds a message, milliseconds a page
SAMPLES = 10  # of a message of BATCH


@dataclass(slots=True)
class _Taken:
    """What the runs of a load took."""

    plain: list[Took] = field(default_factory=list)
    profiled: list[Took] = field(default_factory=list)
    profile: Profile = field(default_factory=Profile)


def measure(form: Form, tell: Callable[[str], None]) -> dict[str, Any]:
    """Results: costs and shares by load, and the memory of a device."""
    loads = profiles(form, tell)
    tell("memory")
    return {
        "form": form.name,
        "rounds": form.rounds,
        "devices": form.devices,
        "loads": loads,
        "memory": programs.run("profile.memory", form.devices),
    }


def profiles(form: Form, tell: Callable[[str], None] = lambda _: None) -> dict[str, Any]:
    """By load: what one unit costs, without cProfile and with it, and where it goes."""
    with tempfile.TemporaryDirectory(prefix="boardpulse-bench-") as folder:
        kept = KeptMessages(form.devices, form.messages, Path(folder))
        with closing(kept):
            loads: dict[str, Load] = {
                MESSAGE: Messages(form.devices, form.messages),
                BATCH: Messages(form.devices, form.messages, SAMPLES),
                KEPT: kept,
                PAGE: Pages(form.devices, form.pages),
            }
            return _in_rounds(loads, form.rounds, tell)


def _in_rounds(loads: dict[str, Load], rounds: int, tell: Callable[[str], None]) -> dict[str, Any]:
    taken = {name: _Taken() for name in loads}
    for load in loads.values():
        load.run(None)  # warms up
    for number in range(rounds):
        tell(f"round {number + 1} of {rounds}")
        for name, load in loads.items():
            taken[name].plain.append(load.run(None))
            taken[name].profiled.append(load.run(taken[name].profile))
    for load in loads.values():
        load.check()
    return {name: _told(name, load.units, taken[name]) for name, load in loads.items()}


def _told(name: str, units: int, taken: _Taken) -> dict[str, Any]:
    scale = SCALES[name] / units
    return {
        "units": units * len(taken.profiled),
        "cpu": summary([one.cpu_s * scale for one in taken.plain]),
        "elapsed": summary([one.elapsed_s * scale for one in taken.plain]),
        "profiled_cpu": summary([one.cpu_s * scale for one in taken.profiled]),
        **grouped(taken.profile, units * len(taken.profiled)),
    }
