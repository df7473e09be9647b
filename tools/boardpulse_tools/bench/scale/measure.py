"""Runs all of it: cost in rounds that alternate between sizes, memory in a process of its own for each, then starts."""

import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from boardpulse_tools.bench import programs
from boardpulse_tools.bench.fleet_load import SERIES
from boardpulse_tools.bench.scale import start
from boardpulse_tools.bench.scale.memory import FULL, LOOKS
from boardpulse_tools.bench.stats import summary

TRACED = 1_000  # devices: tracemalloc makes everything slow


@dataclass(frozen=True, slots=True)
class Form:
    """How much is done. messages: of one round of a size, and of the long look at memory, by the largest size;
    history_frames: that a starting bridge finds."""

    name: str
    sizes: tuple[int, ...]
    rounds: int
    messages: int
    long_messages: int
    starts: int
    history_frames: int


LONG = Form("long", (100, 1_000, 10_000), 7, 50_000, 10_000_000, 5, 300_000)
SHORT = Form("short", (100, 1_000, 10_000), 5, 20_000, 400_000, 3, 20_000)


def measure(form: Form, tell: Callable[[str], None]) -> dict[str, Any]:
    """Results by size, in microseconds, bytes and seconds."""
    tell("cost of a message")
    costs = cost(form)
    sizes: dict[str, Any] = {}
    for devices in form.sizes:
        tell(f"memory and start of {devices:,} devices")
        messages = form.long_messages if devices == max(form.sizes) else max(form.messages, LOOKS)
        with tempfile.TemporaryDirectory(prefix="boardpulse-bench-") as folder:
            started = start.measure(Path(folder), devices, form.starts, form.history_frames)
        sizes[str(devices)] = {**costs[devices], "memory": memory(devices, messages), "start": started}
    return {
        "form": form.name,
        "rounds": form.rounds,
        "sizes": sizes,
        "places": programs.run("scale.memory", TRACED, 0, "trace"),
    }


def cost(form: Form) -> dict[int, dict[str, Any]]:
    """Processor time by size: microseconds of a message, milliseconds of a sweep and of a page that has changed."""
    answers: dict[int, list[dict[str, float]]] = {devices: [] for devices in form.sizes}
    with ExitStack() as stack:
        asked = {devices: stack.enter_context(programs.Asked("scale.cost", devices)) for devices in form.sizes}
        for number in range(form.rounds + 1):
            for devices, program in asked.items():
                answer = program.ask(form.messages)
                if number:  # the first warms up
                    answers[devices].append(answer)
    return {devices: _cost(found, form.messages) for devices, found in answers.items()}


def _cost(answers: list[dict[str, float]], messages: int) -> dict[str, Any]:
    return {
        "handle_us": summary([one["handle_s"] / messages * 1e6 for one in answers]),
        "engine_us": summary([one["engine_s"] / messages * 1e6 for one in answers]),
        "sweep_ms": summary([one["sweep_s"] * 1000 for one in answers]),
        "draw_ms": summary([one["draw_s"] * 1000 for one in answers]),
        "page_bytes": answers[-1]["page_bytes"],
    }


def memory(devices: int, messages: int) -> dict[str, Any]:
    """Bytes a device: of the fleet alone, with its page, and at most over the messages; and how it grew meanwhile, over
    as many hours for the devices as `passed_s` says."""
    found = programs.run("scale.memory", devices, messages)
    empty, looks = found["empty"], found["looks"]
    return {
        "messages": messages // LOOKS * LOOKS,
        "series": devices * SERIES,
        "fleet_bytes_per_device": (found["filled"] - empty) / devices,
        "page_bytes_per_device": (found["drawn"] - empty) / devices,
        "most_bytes_per_device": (max(found["drawn"], *looks) - empty) / devices,
        "memory_growth": growth(empty, looks),
        "growth_bytes_per_message": _slope(looks) / (messages // LOOKS),
        "spacing_s": found["spacing_s"],
        "passed_s": found["passed_s"],
        "rss_bytes": looks,
    }


def growth(empty: int, looks: list[int]) -> float:
    """What the devices take in the end ÷ what they took when a quarter of the messages was taken."""
    return (looks[-1] - empty) / (looks[FULL] - empty)


def _slope(looks: list[int]) -> float:
    """Bytes from one look to the next over the second half of them, by least squares: by then nothing is new."""
    half = looks[len(looks) // 2 :]
    middle, mean = (len(half) - 1) / 2, sum(half) / len(half)
    return sum((i - middle) * (value - mean) for i, value in enumerate(half)) / sum(
        (i - middle) ** 2 for i in range(len(half))
    )
