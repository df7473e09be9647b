"""Every encoding that sizes are compared of carries the whole trace: decoded again, each value and time is there."""

import json
import subprocess
import sys
from decimal import Decimal
from importlib.resources import files
from pathlib import Path
from typing import Any

import cbor2
import pytest

from boardpulse_tools.bench import own_encoding, sparkplug
from boardpulse_tools.bench.peer_encodings import BOOTED_UNIX_MS
from boardpulse_tools.bench.sizes import ENCODINGS, Encoding, encoded
from boardpulse_tools.bench.trace import CATALOGUE_NAMES, INTERVAL_MS, Samples, load
from shared_schema import columns
from shared_schema._generated import METRICS
from shared_schema.framing import decode_chunk
from shared_schema.parse import parse

SPELLED_UNITS = {"bytes": ("bytes", 0), "centicelsius": ("celsius", -2), "milliwatts": ("watts", -3)} | {
    "millivolts": ("volts", -3),
    "microseconds": ("seconds", -6),
    "dbm": ("dbm", 0),
    "permille": ("ratio", -3),
    "megahertz": ("hertz", 6),
}
Decoded = dict[str, list[tuple[int, int]]]  # metric: (milliseconds since the boot, value)


@pytest.fixture(scope="module")
def trace() -> Samples:
    """The whole hour."""
    return load()


def expected(samples: Samples) -> Decoded:
    return {name: list(zip(samples.uptime_ms, column, strict=True)) for name, column in samples.columns.items()}


def decode_own(payload: bytes) -> Decoded:
    frame = parse(cbor2.loads(payload))
    times = [frame.uptime + offset for offset in columns.offsets(frame.times, INTERVAL_MS)]
    names = list(CATALOGUE_NAMES)
    pairs = zip(names, frame.columns, strict=True)
    return {name: list(zip(times, columns.expand(column, len(times)), strict=True)) for name, column in pairs}


def decode_json(payload: bytes) -> Decoded:
    objects = json.loads(payload)
    out: Decoded = {}
    for one in objects if isinstance(objects, list) else [objects]:
        time = one.pop("ts") - BOOTED_UNIX_MS
        for name, value in one.items():
            out.setdefault(name, []).append((time, value))
    return out


def decode_senml(payload: bytes) -> Decoded:
    """Resolved as RFC 8428 §4.6 says: base name and base time go on until they change."""
    out: Decoded = {}
    base_name, base_time = "", Decimal(0)
    for record in cbor2.loads(payload):
        base_name = record.get(-2, base_name)
        base_time = record.get(-3, base_time)
        name = (base_name + record.get(0, "")).removeprefix("board-1:")
        time = (base_time + record.get(6, 0)) * 1000 - BOOTED_UNIX_MS
        out.setdefault(name, []).append((int(time), record[2]))
    return out


def signed(value: int) -> int:
    return value - (1 << 32) if value >> 31 else value


def decode_sparkplug(payload: bytes) -> Decoded:
    out: Decoded = {}
    names = list(CATALOGUE_NAMES)
    for metric in sparkplug.payload_class().FromString(payload).metrics:
        if metric.HasField("dataset_value"):
            return decode_dataset(metric.dataset_value)
        out.setdefault(names[metric.alias], []).append((metric.timestamp - BOOTED_UNIX_MS, signed(metric.int_value)))
    return out


def decode_dataset(table: Any) -> Decoded:
    out: Decoded = {}
    for row in table.rows:
        time = row.elements[0].long_value - BOOTED_UNIX_MS
        for name, element in zip(table.columns[1:], row.elements[1:], strict=True):
            out.setdefault(name, []).append((time, signed(element.int_value)))
    return out


DECODERS = {
    "boardpulse": decode_own,
    "json": decode_json,
    "senml_cbor": decode_senml,
    "sparkplug_b": decode_sparkplug,
    "sparkplug_b_dataset": decode_sparkplug,
}


CASES = [(encoding, n) for encoding in ENCODINGS for n in (1, 10, 60)]


@pytest.mark.parametrize(("encoding", "n"), CASES, ids=lambda value: getattr(value, "name", str(value)))
def test_each_encoding_gives_back_every_value_and_time(trace: Samples, encoding: Encoding, n: int) -> None:
    decode = DECODERS[encoding.name]
    count = 0
    for samples, payload in encoded(encoding, trace, n):
        assert decode(payload) == expected(samples)
        count += samples.count
    assert count == trace.count == 3600


def test_the_trace_is_what_its_script_makes(tmp_path: Path) -> None:
    folder = Path(str(files("boardpulse_tools.bench").joinpath("data")))
    subprocess.run([sys.executable, folder / "make_board_trace.py", tmp_path], check=True, timeout=30)
    assert (tmp_path / "board_trace.csv").read_bytes() == (folder / "board_trace.csv").read_bytes()


def test_the_trace_is_in_the_units_of_the_catalogue() -> None:
    """Its integers are what a board sends: no encoding is helped by rounding."""
    catalogue = {metric[1]: (metric[3], metric[4]) for metric in METRICS}
    for column, name in CATALOGUE_NAMES.items():
        assert catalogue[name] == SPELLED_UNITS[column.rsplit("_", 1)[1]]


def test_the_trace_keeps_to_the_ranges_of_the_catalogue(trace: Samples) -> None:
    ranges = {metric[1]: (metric[5], metric[6]) for metric in METRICS}
    for column, name in CATALOGUE_NAMES.items():
        low, high = ranges[name]
        assert low <= min(trace.columns[column])
        assert max(trace.columns[column]) <= high


def test_the_form_on_a_uart_holds_the_same_frame(trace: Samples) -> None:
    _, frame = next(encoded(ENCODINGS[0], trace, 1))
    line = own_encoding.on_uart(frame)
    assert line[0] == line[-1] == 0
    assert decode_chunk(line[1:-1]) == frame


def test_the_declaration_names_the_ten_metrics() -> None:
    hello = parse(cbor2.loads(own_encoding.hello(10)))
    names = {metric[0]: metric[1] for metric in METRICS}
    assert [names[series.key] for series in hello.groups[0].series] == list(CATALOGUE_NAMES.values())
