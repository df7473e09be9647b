"""Between messages and the meanings of the vectors, for run_vectors.py. Runs on MicroPython."""

# mypy: ignore-errors
# MicroPython has no `typing`, and a meaning is whatever its JSON says.

import binascii

from shared_schema import messages as m

HELLO = (
    "wire",
    "device_id",
    "platform",
    "declaration",
    "groups",
    "info",
    "anchor",
    "outbox",
    "sleep",
    "reset_cause",
    "cadence_ms",
    "max_down_bytes",
    "ack_mode",
    "wake_reason",
    "ended",
    "given_up",
)
EVENT = (None, "type", "severity", "message", "source", "fields", "traceback", "repeats", "command", "code")
SPAN = (None, "name", "duration_us", "span_id", "parent_id", "trace_id", "status", "attributes")
BYE = (None, "reason", "wake_in_ms")
SET = (None, "intervals", "batches", "limits", "time", "log_severity")
CUSTOM = (None, "name", "type", "unit", "scale", "labels", "help", "bounds")
BODIES = {"hello": HELLO, "event": EVENT, "span": SPAN, "bye": BYE, "set": SET}
NAMES = {
    m.HELLO: "hello",
    m.EVENT: "event",
    m.SPAN: "span",
    m.BYE: "bye",
    m.STATE: "state",
    m.ACK: "ack",
    m.HELLO_REQUEST: "hello?",
    m.SET: "set",
    m.RESET: "reset",
}
# What a receiver takes for a field that was not sent; None for all others.
DEFAULTS = {
    "info": {},
    "reset_cause": 0,
    "max_down_bytes": 256,
    "wake_reason": 0,
    "ended": False,
    "given_up": [],
    "source": "",
    "fields": {},
    "traceback": "",
    "repeats": 1,
    "status": 0,
    "attributes": {},
}
CUSTOM_DEFAULTS = {"type": 0, "unit": "", "scale": 0, "labels": [], "help": "", "bounds": []}


def body_of(meaning):
    """The map of a frame with this meaning, by integer keys."""
    names = BODIES[meaning["kind"]]
    return {i: on_wire(names[i], meaning[names[i]]) for i in range(len(names)) if names[i] in meaning}


def on_wire(name, value):
    """A field's value as it is encoded."""
    if name in ("span_id", "parent_id", "trace_id"):
        return binascii.unhexlify(value)
    if name == "info":
        return {int(key): value[key] for key in value}
    if name == "groups":
        return [[group["interval_ms"], group["batch"], [series_on_wire(s) for s in group["series"]]] for group in value]
    return value


def series_on_wire(series):
    """A series as a group lists it."""
    if "name" in series:
        return {i: series[CUSTOM[i]] for i in range(1, len(CUSTOM)) if CUSTOM[i] in series}
    labels = series.get("labels")
    return [series["key"]] + labels if labels else series["key"]  # noqa: RUF005  # MicroPython has no [a, *b]


def said(message, meaning, defaults):
    """What a message says and what it should say, both with every field of its kind."""
    kind = NAMES.get(message.kind, message.kind)
    says = {"kind": kind, "boot": message.boot}
    expected = {name: meaning[name] for name in meaning}
    if kind == "ack":
        says["next"] = message.following
    elif kind == "reset":
        says["command"], says["mode"] = message.command, message.mode
    elif kind == "state":
        says["status"] = message.status
    elif kind == "set":
        says["command"] = message.command
        for key in message.fields:
            says[SET[key]] = message.fields[key]
    elif hasattr(message, "seq"):
        says["seq"], says["uptime"] = message.seq, message.uptime
        for name in BODIES.get(kind, ()):
            if name is not None:
                says[name] = plain(name, getattr(message, name))
                expected[name] = fully(name, meaning, defaults)
    return says, expected


def fully(name, meaning, defaults):
    """A field of a meaning, or what stands for it when it was not sent."""
    if name not in meaning:
        return defaults.get(name, DEFAULTS.get(name))
    if name == "groups":
        return [full_group(group) for group in meaning[name]]
    return meaning[name]


def full_group(group):
    """A group whose series have every field."""
    series = []
    for one in group["series"]:
        defaults = CUSTOM_DEFAULTS if "name" in one else {"labels": []}
        series.append({name: one.get(name, defaults.get(name)) for name in list(one) + list(defaults)})
    return {"interval_ms": group["interval_ms"], "batch": group["batch"], "series": series}


def plain(name, value):
    """A message's field as JSON has it."""
    if isinstance(value, bytes):
        return str(binascii.hexlify(value), "ascii")
    if name == "info":
        return {str(key): value[key] for key in value}
    if name == "groups":
        return [
            {"interval_ms": group.interval_ms, "batch": group.batch, "series": [plain_series(s) for s in group.series]}
            for group in value
        ]
    return list(value) if isinstance(value, tuple) else value


def plain_series(series):
    """A series as a meaning has it, with every field."""
    custom = series.custom
    if custom is None:
        return {"key": series.key, "labels": list(series.labels)}
    out = {name: getattr(custom, name) for name in CUSTOM if name is not None}
    out["labels"] = [list(label) for label in custom.labels]
    out["bounds"] = list(custom.bounds)
    return out
