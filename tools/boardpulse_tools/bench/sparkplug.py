"""The same samples in Sparkplug B payloads (Eclipse Sparkplug 3.0, section 6), written by Google's protobuf library.

What is fair: names stand in the birth message only, data messages carry aliases and no data types, and each metric has
its own timestamp, which 3.0 demands in every NDATA and DDATA. Values are integers in the trace's units. A batch is
measured in both forms that the specification offers: metrics with their own times, which is how Sparkplug sends
history, and one DataSet with a row a sample, which names its columns each time and still is shorter.
"""

from functools import cache
from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

from boardpulse_tools.bench.peer_encodings import BOOTED_UNIX_MS
from boardpulse_tools.bench.trace import Samples

INT32, UINT64 = 3, 8
MAX_SEQ = 256
_PACKAGE = "boardpulse.bench.sparkplug_b"
_OPTIONAL, _REPEATED = 1, 3

# The part of the specification's schema that is used here: message, then (field, number, type, repeated). A type in
# capitals is protobuf's own; the rest are messages of this table.
_SCHEMA: dict[str, tuple[tuple[str, int, str, bool], ...]] = {
    "DataSetValue": (("int_value", 1, "UINT32", False), ("long_value", 2, "UINT64", False)),
    "Row": (("elements", 1, "DataSetValue", True),),
    "DataSet": (
        ("num_of_columns", 1, "UINT64", False),
        ("columns", 2, "STRING", True),
        ("types", 3, "UINT32", True),
        ("rows", 4, "Row", True),
    ),
    "Metric": (
        ("name", 1, "STRING", False),
        ("alias", 2, "UINT64", False),
        ("timestamp", 3, "UINT64", False),
        ("datatype", 4, "UINT32", False),
        ("is_historical", 5, "BOOL", False),
        ("int_value", 10, "UINT32", False),
        ("dataset_value", 17, "DataSet", False),
    ),
    "Payload": (
        ("timestamp", 1, "UINT64", False),
        ("metrics", 2, "Metric", True),
        ("seq", 3, "UINT64", False),
    ),
}


@cache
def payload_class() -> Any:
    """protobuf's class for a Sparkplug B payload, made from the table above."""
    file = descriptor_pb2.FileDescriptorProto(name=f"{_PACKAGE}.proto", package=_PACKAGE, syntax="proto2")
    for message, fields in _SCHEMA.items():
        described = file.message_type.add(name=message)
        for name, number, kind, repeated in fields:
            field = described.field.add(name=name, number=number, label=_REPEATED if repeated else _OPTIONAL)
            if kind in _SCHEMA:
                field.type, field.type_name = field.TYPE_MESSAGE, f".{_PACKAGE}.{kind}"
            else:
                field.type = getattr(field, f"TYPE_{kind}")
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName(f"{_PACKAGE}.Payload"))


def birth_payload(samples: Samples) -> bytes:
    """The DBIRTH that gives names their aliases, sent once a connection."""
    payload = _begin(samples, 0)
    for alias, (name, column) in enumerate(samples.columns.items()):
        metric = payload.metrics.add(name=name, alias=alias, timestamp=payload.timestamp, datatype=INT32)
        metric.int_value = _unsigned(column[0])
    return _bytes(payload)


def data_payload(samples: Samples, seq: int) -> bytes:
    """A DDATA with a metric for each value. Older ones than the newest are marked as history."""
    payload = _begin(samples, seq)
    for i, uptime_ms in enumerate(samples.uptime_ms):
        for alias, column in enumerate(samples.columns.values()):
            metric = payload.metrics.add(alias=alias, timestamp=BOOTED_UNIX_MS + uptime_ms)
            metric.int_value = _unsigned(column[i])
            if i < samples.count - 1:
                metric.is_historical = True
    return _bytes(payload)


def dataset_payload(samples: Samples, seq: int) -> bytes:
    """A DDATA with one DataSet: a row a sample, the time in its first column."""
    payload = _begin(samples, seq)
    metric = payload.metrics.add(alias=len(samples.columns), timestamp=payload.timestamp)
    table = metric.dataset_value
    table.num_of_columns = 1 + len(samples.columns)
    table.columns.extend(["ts", *samples.columns])
    table.types.extend([UINT64, *(INT32 for _ in samples.columns)])
    for i, uptime_ms in enumerate(samples.uptime_ms):
        row = table.rows.add()
        row.elements.add(long_value=BOOTED_UNIX_MS + uptime_ms)
        for column in samples.columns.values():
            row.elements.add(int_value=_unsigned(column[i]))
    return _bytes(payload)


def _begin(samples: Samples, seq: int) -> Any:
    return payload_class()(timestamp=BOOTED_UNIX_MS + samples.uptime_ms[-1], seq=seq % MAX_SEQ)


def _bytes(payload: Any) -> bytes:
    serialized: bytes = payload.SerializeToString()
    return serialized


def _unsigned(value: int) -> int:
    """An Int32 in the field for it, which is a uint32: negative numbers in two's complement."""
    return value & 0xFFFF_FFFF
