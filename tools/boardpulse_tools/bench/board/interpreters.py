"""The interpreters that a board is measured on. Each runs a program in parts, and collects garbage between them."""

import json
import subprocess
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib.resources import as_file, files
from pathlib import Path

from boardpulse_tools.components import MICROPYTHON, NODE, WASM, WASM_VERSIONS, find, wasm_module
from boardpulse_tools.processes import ProcessError

TIMEOUT_S = 600
# Enough for the garbage of a part, none of which is collected before its end under Node. What is larger takes longer to
# count, which the heap's sensor does with every sample.
HEAP_32 = 1_000_000
HEAP_64 = "2M"


@dataclass(frozen=True, slots=True)
class Part:
    """Code that runs `times` times, with a collection after each; asyncio's tasks run for `loop_ms` before it. All
    parts of a program share their names."""

    code: str
    times: int = 1
    loop_ms: int = 0


@dataclass(frozen=True, slots=True)
class Output:
    """What a program has printed as `name value`, and which .mpy files it has loaded, where that can be seen."""

    numbers: Mapping[str, float]
    opened: tuple[str, ...] = ()


class Interpreter(ABC):
    """A MicroPython. `bits` is its word."""

    bits: int

    @abstractmethod
    def run(self, flash: Mapping[str, bytes], parts: Sequence[Part]) -> Output:
        """Run a program with these files in its file system. ProcessError when it fails."""


class Unix(Interpreter):
    """MicroPython's unix port, 64-bit."""

    bits = 64

    def __init__(self, program: Path) -> None:
        self.program = program

    def run(self, flash: Mapping[str, bytes], parts: Sequence[Part]) -> Output:
        """In a process of its own."""
        lines = ["import gc, sys", "sys.path[:] = ['.frozen', 'lib', '']"]
        for part in parts:
            lines += [f"for _ in range({part.times}):", f"    exec({with_loop(part)!r})", "    gc.collect()"]
        with tempfile.TemporaryDirectory(prefix="boardpulse-bench-") as name:
            folder = unpacked(flash, Path(name))
            (folder / "parts.py").write_text("\n".join(lines))
            return output([str(self.program), "-X", f"heapsize={HEAP_64}", "parts.py"], cwd=folder)


class WebAssembly(Interpreter):
    """MicroPython's WebAssembly build under Node, 32-bit as boards are."""

    bits = 32

    def __init__(self, node: Path, module: Path, heap: int) -> None:
        self.node = node
        self.module = module
        self.heap = heap

    def run(self, flash: Mapping[str, bytes], parts: Sequence[Part]) -> Output:
        """In a process of its own."""
        text = json.dumps([asdict(part) for part in parts])
        script = files(__package__).joinpath("run_webassembly.mjs")
        with tempfile.TemporaryDirectory(prefix="boardpulse-bench-") as name, as_file(script) as runner:
            folder = unpacked(flash, Path(name))
            return output([str(self.node), str(runner), str(self.module), str(folder), str(self.heap)], text)


def unix() -> Unix | None:
    """The unix port, where this machine has it."""
    program = find(MICROPYTHON)
    return None if program is None else Unix(program)


def webassembly(version: str = WASM_VERSIONS[-1], heap: int = HEAP_32) -> WebAssembly | None:
    """The 32-bit build of a version, where this machine has it."""
    node = find(NODE)
    return None if node is None or find(WASM) is None else WebAssembly(node, wasm_module(version), heap)


_LOOP = """\
async def run_tasks():
    await asyncio.sleep_ms({ms})
asyncio.run(run_tasks())
del run_tasks
"""


def with_loop(part: Part) -> str:
    """The code of a part, behind asyncio's tasks if they are to run. It has imported asyncio."""
    return _LOOP.format(ms=part.loop_ms) + part.code if part.loop_ms else part.code


def unpacked(flash: Mapping[str, bytes], folder: Path) -> Path:
    """The folder, with these files in it."""
    for name, data in flash.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return folder


def output(command: Sequence[str], text: str = "", cwd: Path | None = None) -> Output:
    """What a command prints. ProcessError, with the end of what it said, when it fails."""
    run = subprocess.run(command, input=text, capture_output=True, text=True, timeout=TIMEOUT_S, check=False, cwd=cwd)
    if run.returncode != 0:
        raise ProcessError(f"{Path(command[0]).name} failed: {(run.stdout + run.stderr)[-2000:]}")
    return parsed(run.stdout)


def parsed(text: str) -> Output:
    """The lines of a program's output."""
    pairs = [line.split(" ", 1) for line in text.splitlines() if " " in line]
    opened = tuple(value for name, value in pairs if name == "opened")
    return Output({name: float(value) for name, value in pairs if name != "opened"}, opened)
