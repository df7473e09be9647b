"""The same samples as JSON and as SenML in CBOR (RFC 8428), as their users would write it.

What is fair: every encoding carries the same integers in the same fixed-point units (floating-point numbers would be
longer in all of them), the true time of each sample to the millisecond, and what tells one metric from another. The
device is named by the MQTT topic, except in SenML, whose names have to be globally unique (RFC 8428 §4.5.1).
"""

import json
from collections.abc import Iterator
from decimal import Decimal

import cbor2

from boardpulse_tools.bench.trace import Samples

# When the board of the trace was started, in milliseconds since 1970: these encodings carry wall-clock time.
BOOTED_UNIX_MS = 1_790_000_000_000
DEVICE = "board-1"

# SenML's integer labels (RFC 8428 §6).
_BASE_NAME, _BASE_TIME, _NAME, _VALUE, _TIME = -2, -3, 0, 2, 6


def json_payload(samples: Samples) -> bytes:
    """One object a sample, its time and values by name, without spaces; more than one sample: an array of them."""
    objects = []
    for i, uptime_ms in enumerate(samples.uptime_ms):
        values = {name: column[i] for name, column in samples.columns.items()}
        objects.append({"ts": BOOTED_UNIX_MS + uptime_ms, **values})
    return json.dumps(objects[0] if len(objects) == 1 else objects, separators=(",", ":")).encode()


def senml_payload(samples: Samples) -> bytes:
    """A SenML pack. One sample: base name and base time once, then a record a metric.

    More: metric after metric, where the base name is the metric's whole name and a record is a time and a value, which
    is the shortest that SenML has.
    """
    start = samples.uptime_ms[0]
    records = list(_single(samples) if samples.count == 1 else _columnar(samples))
    records[0][_BASE_TIME] = _seconds(BOOTED_UNIX_MS + start)
    return cbor2.dumps([dict(sorted(record.items())) for record in records])


def _single(samples: Samples) -> Iterator[dict[int, object]]:
    for i, (name, column) in enumerate(samples.columns.items()):
        record: dict[int, object] = {_NAME: name, _VALUE: column[0]}
        if i == 0:
            record[_BASE_NAME] = f"{DEVICE}:"
        yield record


def _columnar(samples: Samples) -> Iterator[dict[int, object]]:
    start = samples.uptime_ms[0]
    for name, column in samples.columns.items():
        for i, value in enumerate(column):
            record: dict[int, object] = {_VALUE: value}
            if i == 0:
                record[_BASE_NAME] = f"{DEVICE}:{name}"
            else:
                record[_TIME] = _seconds(samples.uptime_ms[i] - start)
            yield record


def _seconds(milliseconds: int) -> int | Decimal:
    """Exact seconds: an integer, or a decimal fraction (six bytes or fewer, where a double takes nine)."""
    whole, rest = divmod(milliseconds, 1000)
    return whole if rest == 0 else Decimal(milliseconds).scaleb(-3)
