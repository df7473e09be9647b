"""From a vector's meaning to its CBOR item, written from SPEC.md alone: independent of shared_schema's encoders."""

import zlib
from itertools import pairwise
from typing import Any

from cobs import cobs

from tests.support.reference_cbor import dumps

KINDS = {
    "hello": 1, "samples": 2, "event": 3, "span": 4, "bye": 5,
    "ack": 8, "hello?": 9, "set": 10, "reset": 11, "state": 16,
}  # fmt: skip
FIELDS = {
    "hello": (
        "wire", "device_id", "platform", "declaration", "groups", "info", "anchor", "outbox", "sleep", "reset_cause",
        "cadence_ms", "max_down_bytes", "ack_mode", "wake_reason", "ended", "given_up",
    ),
    "event": (None, "type", "severity", "message", "source", "fields", "traceback", "repeats", "command", "code"),
    "span": (None, "name", "duration_us", "span_id", "parent_id", "trace_id", "status", "attributes"),
    "bye": (None, "reason", "wake_in_ms"),
    "set": (None, "intervals", "batches", "limits", "time", "log_severity"),
    "custom": (None, "name", "type", "unit", "scale", "labels", "help", "bounds"),
}  # fmt: skip
OCTETS = {"span_id", "parent_id", "trace_id"}
SPECIALS = {"NaN": float("nan"), "Infinity": float("inf"), "-Infinity": float("-inf")}

Meaning = dict[str, Any]


def frame(meaning: Meaning) -> bytes:
    """The frame that says `meaning`."""
    return dumps(item(meaning))


def item(meaning: Meaning) -> list[Any]:
    """The array of SPEC.md section 1."""
    kind, boot = meaning["kind"], meaning["boot"]
    number = KINDS.get(kind, kind)
    if kind == "state":
        return [number, boot, meaning["status"]]
    if kind == "ack":
        return [number, boot, meaning["next"]]
    if kind == "hello?":
        return [number, boot]
    if kind == "set":
        return [number, boot, meaning["command"], body("set", meaning)]
    if kind == "reset":
        return [number, boot, meaning["command"], meaning["mode"]]
    header = [number, boot, meaning["seq"], meaning["uptime"]]
    if kind == "samples":
        columns = [column([SPECIALS.get(v, v) for v in values]) for values in meaning["columns"]]
        group = meaning["group"] + 32 * meaning.get("removed", 0)
        return [*header, meaning["declaration"], group, times(meaning), *columns]
    return [*header, body(kind, meaning)] if kind in FIELDS else header


def body(kind: str, meaning: Meaning) -> dict[int, Any]:
    """The map of a frame: what the meaning names, by number."""
    return {
        number: value(name, meaning[name])
        for number, name in enumerate(FIELDS[kind])
        if name is not None and name in meaning
    }


def value(name: str, given: Any) -> Any:
    """One field's value on the wire."""
    if name in OCTETS:
        return bytes.fromhex(given)
    if name == "info":
        return {int(number): text for number, text in given.items()}
    if name == "groups":
        return [[g["interval_ms"], g["batch"], [series(s) for s in g["series"]]] for g in given]
    return given


def series(given: Meaning) -> Any:
    """A series of a group: a key, a key with labels, or a custom metric."""
    if "name" in given:
        return body("custom", given)
    return [given["key"], *given["labels"]] if given.get("labels") else given["key"]


def times(meaning: Meaning) -> int | list[int]:
    """The count when the samples are one interval apart, else what each gap has over the interval."""
    at, interval = meaning["times"], meaning["interval_ms"]
    over = [after - before - interval for before, after in pairwise(at)]
    return over if any(over) else len(at)


def column(values: list[Any]) -> Any:
    """One element when all are equal, else the first integer and from then on differences of integers."""
    if len({repr(v) for v in values}) == 1:
        return values[0]
    out: list[Any] = []
    last = 0
    for v in values:
        if isinstance(v, int):
            out.append(v - last)
            last = v
        else:
            out.append(v)
    return out


def line(frame_bytes: bytes) -> bytes:
    """The frame on a UART, by the published COBS library and zlib."""
    encoded: bytes = cobs.encode(frame_bytes + zlib.crc32(frame_bytes).to_bytes(4, "little"))
    return b"\x00" + encoded + b"\x00"
