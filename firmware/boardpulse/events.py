"""Events: log lines, crashes, and what happened to sensors, commands and links (SPEC.md section 5)."""

from shared_schema.cbor import encode

from boardpulse.outbox import EVENT

LOG = 0
CRASH = 2
SENSOR = 3
COMMAND = 4
LINK = 5
OUTBOX = 6

DEBUG = 0
INFO = 1
WARNING = 2
ERROR = 3
CRITICAL = 4
SEVERITIES = ("debug", "info", "warning", "error", "critical")

MAX_TEXT = 1000  # of a message or traceback, in characters: an outbox of 8 KB shall hold several
MAX_NAME = 64
MAX_FIELDS = 16


def severity_number(severity: "str | int") -> int:
    """A severity by its name or number; ValueError for what is neither."""
    if isinstance(severity, str):
        if severity in SEVERITIES:
            return SEVERITIES.index(severity)
    elif 0 <= severity <= CRITICAL:
        return severity
    raise ValueError("severity %r is none of %s" % (severity, ", ".join(SEVERITIES)))


def body(kind: int, severity: int, message: str, source: str = "", traceback: str = "") -> "dict[int, object]":
    """An event's map. Long texts are cut: a message at its end, a traceback at its beginning, as its end says what happened."""
    out: dict[int, object] = {1: kind, 2: severity, 3: message[:MAX_TEXT]}
    if source:
        out[4] = source[:MAX_NAME]
    if traceback:
        out[6] = traceback[-MAX_TEXT:]
    return out


def fields(values: "dict[str, object]") -> "dict[str, object]":
    """Values as an event may carry them: what is no int, text, bool or None becomes text."""
    out: dict[str, object] = {}
    for key in sorted(values)[:MAX_FIELDS]:
        value = values[key]
        if not (value is None or isinstance(value, (bool, int))) or (isinstance(value, int) and not -(1 << 53) < value < 1 << 53):
            value = str(value)[:MAX_TEXT]
        out[key[:MAX_NAME]] = value
    return out


def write(node, event: "dict[int, object]", kind: int = EVENT) -> None:  # type: ignore[no-untyped-def]
    """Put an event into the node's outbox, at the present uptime."""
    node.clock.update()
    outbox = node.outbox
    outbox.put(encode([3, node.boot, outbox.next_seq, node.clock.uptime_ms(), event]), kind)
