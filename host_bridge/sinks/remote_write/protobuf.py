"""prometheus.WriteRequest of remote write 1.0, by hand: four messages with seven fields.

Messages, field numbers and the order of labels and samples:
https://prometheus.io/docs/specs/prw/remote_write_spec/#protocol
Encoding: https://protobuf.dev/programming-guides/encoding/
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping
from operator import itemgetter

# Field number << 3 | wire type: 0 varint, 1 eight bytes, 2 bytes with their length before them.
WRITE_REQUEST_TIMESERIES = b"\x0a"  # WriteRequest.timeseries = 1
TIMESERIES_LABELS = b"\x0a"  # TimeSeries.labels = 1
TIMESERIES_SAMPLES = b"\x12"  # TimeSeries.samples = 2
LABEL_NAME = b"\x0a"  # Label.name = 1
LABEL_VALUE = b"\x12"  # Label.value = 2
SAMPLE_VALUE = b"\x09"  # Sample.value = 1, a double
SAMPLE_TIMESTAMP = b"\x10"  # Sample.timestamp = 2, an int64

SAMPLE_BYTES = 22  # at most: tag, length, value with its tag, timestamp with its tag


def varint(number: int) -> bytes:
    """An integer from -2**63 to 2**64 - 1, seven bits a byte; one below zero as its two's complement of 64 bits."""
    number &= 0xFFFF_FFFF_FFFF_FFFF
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def encode_labels(labels: Mapping[str, str]) -> bytes:
    """The labels of a TimeSeries, in the order of their names, as the protocol demands."""
    out = []
    for name, value in sorted(labels.items()):
        label = _text(LABEL_NAME, name) + _text(LABEL_VALUE, value)
        out.append(TIMESERIES_LABELS + varint(len(label)) + label)
    return b"".join(out)


def encode_request(samples: Iterable[tuple[int, bytes, float]]) -> bytes:
    """A WriteRequest of (Unix milliseconds, encoded labels, value); those of a series in the order of their times."""
    by_series: dict[bytes, list[tuple[int, bytes, float]]] = {}
    for sample in samples:
        by_series.setdefault(sample[1], []).append(sample)
    out = []
    for labels, of_series in by_series.items():
        of_series.sort(key=itemgetter(0))
        body = labels + b"".join(map(_sample, of_series))
        out.append(WRITE_REQUEST_TIMESERIES + varint(len(body)) + body)
    return b"".join(out)


def _sample(sample: tuple[int, bytes, float]) -> bytes:
    body = SAMPLE_VALUE + struct.pack("<d", sample[2]) + SAMPLE_TIMESTAMP + varint(sample[0])
    return TIMESERIES_SAMPLES + varint(len(body)) + body


def _text(tag: bytes, text: str) -> bytes:
    data = text.encode()
    return tag + varint(len(data)) + data
