"""What the numbers have to keep to, and how they are shown."""

from dataclasses import dataclass

from boardpulse_tools.bench.board import allocation
from boardpulse_tools.bench.board.results import Results
from boardpulse_tools.bench.report import NO_VALUE, Goal, Table

ALL_CYCLES = 100_000


@dataclass(frozen=True, slots=True)
class Limit:
    """A goal: the greatest of these measured numbers, each (name of the result, key), may be at most `most`."""

    name: str
    most: float
    numbers: tuple[tuple[str, str], ...]

    def goal(self, results: Results) -> Goal:
        """The goal with its value; none where one of the numbers is missing."""
        values = [results.value(*number) for number in self.numbers]
        known = [value for value in values if value is not None]
        return Goal(self.name, round(max(known), 3) if len(known) == len(values) else None, self.most)


LIMITS = (
    Limit("alloc_bytes_per_cycle_64", 0, (("allocation_uart_64", "bytes_per_cycle"),)),
    Limit("alloc_bytes_per_cycle_32", 0, (("allocation_uart_32", "bytes_per_cycle"),)),
    Limit("growth_bytes_100k_cycles", 0, (("growth_64", "growth_bytes"), ("growth_32", "growth_bytes"))),
    Limit("heap_uart_32_bytes", 20_480, (("heap_uart_32", "net"),)),
    Limit("heap_mqtt_32_bytes", 30_720, (("heap_mqtt_32", "net"),)),
    Limit("heap_minimal_32_bytes", 12_288, (("heap_minimal_32", "net"),)),
    Limit("mpy_all_bytes", 24_576, (("flash", "all_bytes"),)),
    Limit("mpy_minimal_bytes", 12_288, (("heap_minimal_32", "mpy"),)),
    Limit("encode_vs_json_ratio", 2.0, (("encode_64", "ratio"),)),
    Limit("first_frame_ms", 100, (("first_frame", "median"),)),
)

_STAGES = ("asyncio", "import", "start", "run", "steps", "outbox", "net", "wrapped", "mpy")

_INTERPRETERS = (
    "32 is MicroPython's WebAssembly build under Node, 64 its unix port: the interpreters of boards, on this machine. "
    "wrapped: what of net the WebAssembly build's own Python modules around os, io and binascii take, which boards "
    "have in C. In cycles, ticks are the bench's: they wrap at 2^30 in the middle of the run, and the uptime is beyond "
    "2^30 ms."
)
_STREAMS = (
    "The stream takes everything at once. Over MQTT it stands in for a broker, and answers as MQTT 3.1.1 demands: the "
    "WebAssembly build has no sockets. clock_set: the board's wall clock is set, as NTP sets it."
)


def goals(results: Results) -> list[Goal]:
    """All goals, met or not."""
    return [limit.goal(results) for limit in LIMITS]


def tables(results: Results) -> list[Table]:
    """What was measured, for people."""
    return [_heap(results), _allocation(results), _encoding(results), _first_frame(results)]


def _shown(value: float | None, digits: int = 0) -> str:
    return NO_VALUE if value is None else f"{value:,.{digits}f}"


def _rows(results: Results, prefix: str, keys: tuple[str, ...], digits: int = 0) -> list[tuple[str, ...]]:
    names = [name for name in results.measured if name.startswith(prefix)]
    return [(name.removeprefix(prefix), *(_shown(results.value(name, key), digits) for key in keys)) for name in names]


def _heap(results: Results) -> Table:
    title = "Heap bytes by what takes them, net of the outbox's buffer and arrays; bytes of the .mpy files loaded"
    return Table(title, ("setup", *_STAGES), _rows(results, "heap_", _STAGES))


def _allocation(results: Results) -> Table:
    title = f"Heap bytes and frames of a cycle, in the mean of {allocation.CYCLES:,}"
    return Table(
        title, ("link", "bytes", "frames"), _rows(results, "allocation_", ("bytes_per_cycle", "frames_per_cycle"), 1)
    )


def _encoding(results: Results) -> Table:
    keys = ("encode_us", "json_us", "ratio", "frame_bytes", "json_bytes")
    return Table(
        "A sample of ten metrics: encoded and framed, and as JSON",
        ("word", "frame, µs", "json.dumps, µs", "ratio", "frame, bytes", "JSON, bytes"),
        _rows(results, "encode_", keys, 1),
    )


def _first_frame(results: Results) -> Table:
    keys = ("median", "max", "in_main_median")
    return Table(
        "Milliseconds to the first byte of the first frame",
        ("", "from the start of the process", "longest", "from main.py's first line"),
        _rows(results, "first_", keys, 1),
    )


def notes(results: Results, cycles: int) -> list[str]:
    """What must be known to judge the numbers."""
    said = [_INTERPRETERS, _STREAMS]
    if results.board:
        said.append(f"port: {results.board}")
    if cycles < ALL_CYCLES:
        said.append(f"Shortened: growth_bytes_100k_cycles is of {cycles:,} cycles.")
    return said + [f"Not measured: {name}: {why}" for name, why in results.failed.items()]
