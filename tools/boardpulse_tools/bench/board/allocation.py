"""Heap that cycles take in the steady state, and what is left of it after many: on a board whose ticks wrap meanwhile.

A cycle is a second of a node with five sensors at one sample a frame, and one at ten: sample, encode, frame, write to
a stream, read the acknowledgement.
"""

from collections.abc import Mapping

from boardpulse_tools.bench.board.fixture import SENSORS
from boardpulse_tools.bench.board.interpreters import Interpreter, Part

CYCLES = 1000
A_TIME = 1_790_000_000  # a wall clock that is set
WARM_UP_CYCLES = 100
# Until the outbox has been full for so long that thinning has come round to the same steps again and again: on 32 bits
# the heap keeps its level from some 1,800 cycles on. And halfway between two of the hellos that tell of its drops: they
# are longer the more there were, and live until they are sent.
FILL_CYCLES = 2005
MOST_RUNS = 3
PART_CYCLES = 100  # without a collection under Node: the hello that tells of drops leaves garbage

_PREPARE = """
import gc
from bench_board import Board, Now, Wave, control_time, grow_old, mark, marks, pass_ms
from bench_streams import Broker, Line
control_time({ms_to_wrap})
stream = {stream}()
import boardpulse
board = Board({sensors} + ("own",), stream, Wave(), {unix_s})
boardpulse.start({{"board": "bench", "link": {link}, "sensors": {{"own": {{"batch": 10}}}}}}, board)
wait = boardpulse.step()
grow_old(boardpulse.step)
def run(cycles, acknowledged):
    wait = 10
    while cycles:
        pass_ms(1000, wait * 1000 + 300)
        if acknowledged:
            stream.acknowledge()
        wait = boardpulse.step()
        cycles -= 1
"""

_WARM_UP = """
if {uart}:
    stream.prepare_acks(({cycles} + {warm_up}) * 13 // 10)
run({warm_up}, True)
"""

_MEASURE = """
frames = stream.frames
ms = Now.ms
gc.collect()
gc.disable()
mark(0)
run({cycles}, True)
mark(1)
gc.enable()
assert Now.ms < ms, "the ticks have not wrapped"
frames = stream.frames - frames
print("frames_per_cycle", frames / {cycles})
print("bytes_per_cycle", (marks[1] - marks[0]) / {cycles})
"""

# The same text for all parts: what is compiled takes heap too.
_LOOK = """
looks[i] = gc.mem_alloc()
i += 1
run({cycles}, False)
"""

_PREPARE_LOOKS = """
from array import array
looks = array("I", [0] * {looks})
i = 0
run({cycles}, False)
"""

_SUM_UP = """
def middle(part):
    return sorted(part)[len(part) // 2]
print("growth_bytes", middle(looks[-{quarter}:]) - middle(looks[:{quarter}]))
print("frames", stream.following)
"""

_LINKS = {"uart": ("Line", '{"type": "uart"}'), "mqtt": ("Broker", '{"type": "mqtt", "host": "127.0.0.1"}')}


def _prepare(link: str, ms_to_wrap: int, unix_s: int) -> Part:
    stream, options = _LINKS[link]
    return Part(_PREPARE.format(stream=stream, link=options, ms_to_wrap=ms_to_wrap, unix_s=unix_s, sensors=SENSORS))


def bytes_per_cycle(
    interpreter: Interpreter, flash: Mapping[str, bytes], *, link: str = "uart", unix_s: int = 0
) -> dict[str, float]:
    """Heap bytes that a cycle takes, in the mean of CYCLES, and frames that it sends. Nothing is collected meanwhile,
    so that nothing escapes. `unix_s` is what the board's wall clock says, 0 for one that was never set."""
    names = {"cycles": CYCLES, "warm_up": WARM_UP_CYCLES, "uart": link == "uart"}
    prepare = _prepare(link, (WARM_UP_CYCLES + CYCLES // 2) * 1000, unix_s)
    parts = [prepare, Part(_WARM_UP.format(**names)), Part(_MEASURE.format(**names))]
    return dict(interpreter.run(flash, parts).numbers)


def growth(interpreter: Interpreter, flash: Mapping[str, bytes], cycles: int) -> dict[str, float]:
    """Heap bytes after `cycles` without any acknowledgement, less those before, garbage collected; the outbox is full
    all the time and drops a frame for each new one.

    Garbage is collected every 100 cycles. Before and after are the medians of what is taken then, over the first and
    the last quarter: MicroPython takes any word for a pointer, so that a number now and then keeps a piece of garbage
    alive for as long as it stands there. Which one is chance, as the boot id is; what grows does so in every run.
    Therefore a run in which the heap has grown is repeated, and the least of three counts.
    """
    runs: list[dict[str, float]] = []
    while len(runs) < MOST_RUNS and (not runs or runs[-1]["growth_bytes"] > 0):
        runs.append(_growth_of_one_run(interpreter, flash, cycles))
    return {**min(runs, key=lambda run: run["growth_bytes"]), "runs": len(runs)}


def _growth_of_one_run(interpreter: Interpreter, flash: Mapping[str, bytes], cycles: int) -> dict[str, float]:
    looks = cycles // PART_CYCLES
    parts = [
        _prepare("uart", cycles * 500, 0),
        Part(_PREPARE_LOOKS.format(looks=looks, cycles=FILL_CYCLES)),
        Part(_LOOK.format(cycles=PART_CYCLES), times=looks),
        Part(_SUM_UP.format(quarter=looks // 4)),
    ]
    return dict(interpreter.run(flash, parts).numbers)
