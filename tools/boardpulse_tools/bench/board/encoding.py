"""The time to encode a sample of ten metrics and frame it for a UART, beside json.dumps of the same sample.

Both run in turns on one interpreter, many times each, and the medians of the turns are compared. What the firmware does
is what it does with each sample that it has taken: room in the outbox, CBOR, CRC-32, COBS. What JSON does is to make
a text of a dictionary that exists: no framing, no checksum, no buffer.
"""

from collections.abc import Mapping
from statistics import median

from boardpulse_tools.bench import trace
from boardpulse_tools.bench.board.fixture import flash
from boardpulse_tools.bench.board.interpreters import Interpreter, Part
from boardpulse_tools.bench.peer_encodings import BOOTED_UNIX_MS, DEVICE
from boardpulse_tools.processes import ProcessError
from shared_schema._generated import METRICS

TURNS = 9
REPEATS = 100  # in a turn
FRAME_ROOM = 96  # bytes of the outbox for one of these frames

_FIRST = next(trace.batches(trace.load(), 1))
VALUES = {name: column[0] for name, column in _FIRST.columns.items()}
_KEYS = {metric[1]: metric[0] for metric in METRICS}
SERIES = tuple(_KEYS[trace.CATALOGUE_NAMES[name]] for name in VALUES)

# Linked with the firmware, whose own names are no others than in its sources.
PROBE = """
from boardpulse.emit import emit


def encode(node, times):
    group = node.sampler.groups[0]
    while times:
        group.n = 1
        emit(node, group)
        times -= 1


def forget(node):
    outbox = node.outbox
    outbox.sent = outbox.count
    outbox.acknowledge_below(outbox.next_seq)
"""

_PREPARE = """
import gc, json, time
from bench_board import Board, Fixed
from bench_streams import Line
import boardpulse
stream = Line()
board = Board(("own",), stream, Fixed({series}, {values}))
config = {{"board": "bench", "link": {{"type": "uart"}}, "interval_ms": 86400000, "outbox_bytes": {outbox_bytes}}}
node = boardpulse.start(config, board)
boardpulse.step()
from bench_probe import encode, forget
sample = {sample}
turn = 0
def dumps(times):
    while times:
        json.dumps(sample)
        times -= 1
"""

_TURN = """
forget(node)
turn += 1
start = time.ticks_us()
encode(node, {repeats})
print("encode_us_%d" % turn, time.ticks_diff(time.ticks_us(), start))
gc.collect()
start = time.ticks_us()
dumps({repeats})
print("json_us_%d" % turn, time.ticks_diff(time.ticks_us(), start))
"""

_CHECK = """
forget(node)
frames = stream.frames
written = stream.bytes
encode(node, 3)
boardpulse.step()
print("frames", stream.frames - frames)
print("frame_bytes", (stream.bytes - written) / 3)
print("json_bytes", len(json.dumps(sample)))
"""


def probe_flash(arch: str | None = None) -> dict[str, bytes]:
    """The files of a board on which encoding can be timed alone."""
    return flash(sensors=(), link="uart", arch=arch, probe=PROBE)


def timed(
    interpreter: Interpreter, files: Mapping[str, bytes], turns: int = TURNS, repeats: int = REPEATS
) -> dict[str, float]:
    """Microseconds for a sample each way, the median of `turns` of `repeats` samples; their ratio, and the bytes that
    come out."""
    prepared = _PREPARE.format(
        series=SERIES,
        values=tuple(VALUES.values()),
        sample=as_json_exporter(),
        outbox_bytes=FRAME_ROOM * (repeats + 1),
    )
    turn = Part(_TURN.format(repeats=repeats), times=turns)
    found = interpreter.run(files, [Part(prepared), turn, Part(_CHECK)]).numbers
    if found["frames"] != 3:
        raise ProcessError("what was encoded did not come out on the line")
    encode, dumps = (median(found[f"{name}_us_{i + 1}"] for i in range(turns)) / repeats for name in ("encode", "json"))
    return {
        "encode_us": encode,
        "json_us": dumps,
        "ratio": encode / dumps,
        "frame_bytes": found["frame_bytes"],
        "json_bytes": found["json_bytes"],
    }


def as_json_exporter() -> dict[str, object]:
    """The sample as a JSON exporter sends it: device, time, and a value by each metric's name."""
    return {"device_id": DEVICE, "ts": BOOTED_UNIX_MS + _FIRST.uptime_ms[0], **VALUES}
