"""All numbers of `boardpulse bench board`. Each is measured by itself: one that fails leaves the others as they are."""

import subprocess
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from os import cpu_count
from typing import Any

from boardpulse_tools.bench.board import allocation, encoding, first_frame, flash_size, heap
from boardpulse_tools.bench.board.fixture import BOARD
from boardpulse_tools.bench.board.interpreters import Interpreter, unix, webassembly
from boardpulse_tools.components import MICROPYTHON, NODE, WASM, find
from boardpulse_tools.image import ImageError, build_image
from boardpulse_tools.processes import ProcessError

FIRST_FRAMES = 9
REPEATS_64 = 500
# Under Node the clock counts whole milliseconds, and nothing is collected within a turn.
REPEATS_32, TURNS_32, ENCODING_HEAP_32 = 1000, 5, 8_000_000

Numbers = dict[str, float]
Measure = Callable[[], Numbers]


@dataclass
class Results:
    """What was measured, by a name, and why the rest could not be."""

    measured: dict[str, Numbers] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)
    board: str = ""  # what was found at the port

    def add(self, jobs: Mapping[str, Measure], workers: int = 1) -> None:
        """Measure, so many at a time, and keep each outcome under its name, in their order."""
        with ThreadPoolExecutor(workers) as pool:
            outcomes = list(pool.map(_outcome, jobs.values()))
        for name, outcome in zip(jobs, outcomes, strict=True):
            if isinstance(outcome, str):
                self.failed[name] = outcome
            else:
                self.measured[name] = outcome

    def value(self, name: str, key: str) -> float | None:
        """One number; None where it could not be measured."""
        return self.measured.get(name, {}).get(key)

    def as_json(self) -> dict[str, Any]:
        """Everything, for the report."""
        return {**self.measured, "port": self.board or None, "failed": self.failed}


def measure_all(cycles: int, port: str | None = None) -> Results:
    """Everything that this machine can measure, and with a port what can be measured on the board there."""
    results = Results()
    results.add(counted(cycles), workers=cpu_count() or 1)
    results.add(timed())
    for component in (MICROPYTHON, NODE, WASM):
        if find(component) is None:
            results.failed[component.name] = f"missing. To get it: {component.how_to_get}"
    if port is not None:
        _add_port(results, port)
    return results


def counted(cycles: int) -> dict[str, Measure]:
    """What is counted in bytes, and does not depend on how busy the machine is."""
    jobs: dict[str, Measure] = {"flash": flash_sizes}
    if (on_32 := webassembly()) is not None:
        jobs |= {f"heap_{name}_32": partial(_heap, on_32, name) for name in heap.SETUPS}
        jobs |= _cycles(on_32, cycles) | {"allocation_mqtt_32": partial(_allocation, on_32, "mqtt", 0)}
    if (on_64 := unix()) is not None:
        jobs |= _cycles(on_64, cycles)
    return jobs


def timed() -> dict[str, Measure]:
    """What is measured in time, and therefore alone."""
    jobs: dict[str, Measure] = {}
    if (on_64 := unix()) is not None:
        jobs["encode_64"] = partial(_encode, on_64, REPEATS_64)
        jobs["first_frame"] = lambda: first_frame.measure(on_64, _files(on_64, "uart"), FIRST_FRAMES)
    if (roomy := webassembly(heap=ENCODING_HEAP_32)) is not None:
        jobs["encode_32"] = partial(_encode, roomy, REPEATS_32, TURNS_32)
    return jobs


def _add_port(results: Results, port: str) -> None:
    """What is small and quick enough for any board."""
    from boardpulse_tools.bench.board.port import Port

    try:
        board = Port(port)
    except ProcessError as error:
        results.failed["port"] = str(error)
        return
    results.board = board.name
    results.add({"heap_uart_port": partial(_heap, board, "uart"), "encode_port": partial(_encode, board)})


def flash_sizes() -> Numbers:
    """Bytes of the firmware in the image of a board that has everything."""
    image = build_image(BOARD).files
    return {"all_bytes": flash_size.total(image, image)}


def _outcome(measure: Measure) -> Numbers | str:
    """The numbers, or why there are none."""
    try:
        return measure()
    except (ProcessError, ImageError, subprocess.TimeoutExpired) as error:
        return f"{type(error).__name__}: {error}"


def _cycles(on: Interpreter, cycles: int) -> dict[str, Measure]:
    return {
        f"allocation_uart_{on.bits}": partial(_allocation, on, "uart", 0),
        f"allocation_uart_clock_set_{on.bits}": partial(_allocation, on, "uart", allocation.A_TIME),
        f"growth_{on.bits}": lambda: allocation.growth(on, _files(on, "uart"), cycles),
    }


def _allocation(on: Interpreter, link: str, unix_s: int) -> Numbers:
    return allocation.bytes_per_cycle(on, _files(on, link), link=link, unix_s=unix_s)


def _heap(on: Interpreter, name: str) -> Numbers:
    return heap.taken(on, _files(on, name), heap.SETUPS[name])


def _encode(on: Interpreter, repeats: int = encoding.REPEATS, turns: int = encoding.TURNS) -> Numbers:
    return encoding.timed(on, encoding.probe_flash(_arch(on)), turns, repeats)


def _files(on: Interpreter, name: str) -> dict[str, bytes]:
    return heap.flash_of(heap.SETUPS[name], _arch(on))


def _arch(on: Interpreter) -> str | None:
    """What an image is built for: the unix port may have native code, bytecode runs on all that is 32-bit."""
    return "x64" if on.bits == 64 else None
