"""Heap that the firmware takes, from nothing imported to a node that has sent its hello and run for a while.

Counted are modules, asyncio and all objects, the link's buffers too, and what makes the sensors in board.py. Not
counted are the bench's own pins and stream, which are there before, and of the outbox its buffer and its arrays: what
they take is what the same start takes more with an outbox of twice the size.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from boardpulse_tools.bench.board import flash_size
from boardpulse_tools.bench.board.fixture import MINIMAL_SENSORS, SENSORS, flash
from boardpulse_tools.bench.board.interpreters import Interpreter, Part

OUTBOX_BYTES = 16_384  # the default of outbox_bytes
STEPS = 50
INTERVAL_MS = 10
LOOP_MS = 1200  # in which asyncio does more than STEPS steps

_PREPARE = """
import gc
from bench_board import Board, mark, marks
from bench_streams import Broker, Line
stream = {stream}()
board = Board({sensors}, stream)
config = {{"board": "bench", "link": {link}, "interval_ms": {interval_ms}, "outbox_bytes": {outbox_bytes}}}
"""

_STEPS = """
import time
i = 0
while i < {steps}:
    time.sleep_ms({interval_ms})
    boardpulse.step()
    i += 1
"""

_SUM_UP = """
assert stream.reads >= {steps} and stream.frames > 1, "%d steps, %d frames" % (stream.reads, stream.frames)
{names}
"""

_SAY = 'print("{name}", marks[{now}] - marks[{before}])'


@dataclass(frozen=True, slots=True)
class Setup:
    """A configuration that is measured. Without asyncio, the program calls step()."""

    link: str
    stream: str
    options: str
    sensors: tuple[str, ...]
    asyncio: bool = True


SETUPS = {
    "uart": Setup("uart", "Line", '{"type": "uart"}', SENSORS),
    "uart_main": Setup("uart", "Line", '{"type": "uart"}', SENSORS, asyncio=False),  # as main.py runs it
    "mqtt": Setup("mqtt", "Broker", '{"type": "mqtt", "host": "127.0.0.1"}', SENSORS),
    "mqtt_main": Setup("mqtt", "Broker", '{"type": "mqtt", "host": "127.0.0.1"}', SENSORS, asyncio=False),
    "minimal": Setup("uart", "Line", '{"type": "uart"}', MINIMAL_SENSORS, asyncio=False),
}


def flash_of(setup: Setup, arch: str | None = None) -> dict[str, bytes]:
    """The files of a board that is configured so: its image has the link and the sensors that it uses."""
    return flash(setup.sensors, setup.link, arch)


def stages(setup: Setup) -> list[tuple[str, Part]]:
    """What is done one after another, with names for what each takes."""
    loading = [("asyncio", Part("import asyncio"))] if setup.asyncio else []
    start = [
        ("import", Part("import boardpulse")),
        ("start", Part("boardpulse.start(config, board)\nNone")),
    ]
    if not setup.asyncio:
        return [*start, ("steps", Part(_STEPS.format(steps=STEPS, interval_ms=INTERVAL_MS)))]
    return [
        *loading,
        *start,
        ("run", Part("asyncio.create_task(boardpulse.run())\nNone")),
        ("steps", Part("None", loop_ms=LOOP_MS)),
    ]


# What boards have in C, and the WebAssembly build wraps in Python modules of its own, which take heap.
WRAPPED = "import binascii, io, os"


def program(setup: Setup, outbox_bytes: int, before: str = "None") -> list[Part]:
    """The parts: each stage, and after its collection a note of what is taken. `before` runs before all that is
    counted."""
    prepared = _PREPARE.format(
        stream=setup.stream,
        sensors=setup.sensors,
        link=setup.options,
        interval_ms=INTERVAL_MS,
        outbox_bytes=outbox_bytes,
    )
    names = [name for name, _ in stages(setup)]
    parts = [Part(prepared), Part(before), Part("mark(0)")]
    for i, (_, part) in enumerate(stages(setup)):
        parts += [part, Part(f"mark({i + 1})")]
    said = [_SAY.format(name=name, now=i + 1, before=i) for i, name in enumerate(names)]
    said.append(_SAY.format(name="all", now=len(names), before=0))
    return [*parts, Part(_SUM_UP.format(steps=STEPS, names="\n".join(said)))]


def taken(interpreter: Interpreter, files: Mapping[str, bytes], setup: Setup) -> dict[str, float]:
    """Heap bytes by stage; `outbox` of its buffer and arrays, `all` with them, `net` without. `wrapped` is how much of
    that the interpreter's own modules take which boards have in C. `mpy` is the size of the firmware's files that were
    loaded, also of those that are not kept."""
    once = interpreter.run(files, program(setup, OUTBOX_BYTES))
    twice = interpreter.run(files, program(setup, 2 * OUTBOX_BYTES))
    loaded_before = interpreter.run(files, program(setup, OUTBOX_BYTES, WRAPPED))
    outbox = twice.numbers["all"] - once.numbers["all"]
    wrapped = once.numbers["all"] - loaded_before.numbers["all"]
    loaded = {"mpy": flash_size.total(files, once.opened)} if once.opened else {}
    return {**once.numbers, "outbox": outbox, "net": once.numbers["all"] - outbox, "wrapped": wrapped, **loaded}
