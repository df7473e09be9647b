"""Events: log lines, crashes, and what happened to sensors, commands and links (SPEC.md section 5)."""

from boardpulse.clock import diff
from boardpulse.compat import const, traceback_text
from boardpulse.outbox import CRASH as CRASH_KIND
from boardpulse.outbox import EVENT
from shared_schema.cbor import encode

TYPE_CHECKING = const(0)
if TYPE_CHECKING:
    from boardpulse.group import Slot
    from boardpulse.node import Node

LOG = 0
CRASH = 2
SENSOR = 3
COMMAND = 4
LINK = 5

INFO = 1
WARNING = 2
ERROR = 3
SEVERITIES = ("debug", "info", "warning", "error", "critical")

MAX_TEXT = 1000  # of a message or traceback, in characters: an outbox of 8 KB shall hold several
MAX_NAME = 64
MAX_FIELDS = 16
_REPEATED_MS = const(10000)


def severity_number(severity: "str | int") -> int:
    """A severity by its name or number; ValueError for what is neither."""
    if isinstance(severity, str):
        if severity in SEVERITIES:
            return SEVERITIES.index(severity)
    elif 0 <= severity < len(SEVERITIES):
        return severity
    raise ValueError("severity %r is none of %s" % (severity, ", ".join(SEVERITIES)))


def body(kind: int, severity: int, message: str, source: str = "", traceback: str = "") -> "dict[int, object]":
    """An event's map. Long texts are cut: a message at its end, a traceback at its beginning, as its end says what
    happened."""
    out: dict[int, object] = {1: kind, 2: severity, 3: message[:MAX_TEXT]}
    if source:
        out[4] = source[:MAX_NAME]
    if traceback:
        out[6] = traceback[-MAX_TEXT:]
    return out


def fields_of(values: "dict[str, object]") -> "dict[str, object]":
    """Values as an event may carry them: what is no int, text, bool or None becomes text."""
    out: dict[str, object] = {}
    for key in sorted(values)[:MAX_FIELDS]:
        value = values[key]
        small = isinstance(value, (bool, int)) and -(1 << 53) <= value <= 1 << 53
        out[key[:MAX_NAME]] = value if value is None or small else str(value)[:MAX_TEXT]
    return out


def write(node: "Node", event: "dict[int, object]", kind: int = EVENT) -> None:
    """Put an event into the node's outbox, at the present uptime."""
    node.clock.update()
    outbox = node.outbox
    outbox.put(encode([3, node.boot, outbox.next_seq, node.clock.uptime_ms(), event]), kind)


def log(node: "Node", severity: "str | int", message: str, fields: "dict[str, object]") -> None:
    """Send a log line, if it is at or above the node's level."""
    number = severity_number(severity)
    if number >= node.log_level:
        event = body(LOG, number, message, "app")
        if fields:
            event[5] = fields_of(fields)
        write(node, event)


def sensor(node: "Node", slot: "Slot", error: "str | None") -> None:
    """Tell that a sensor began to fail, or (None) that it works again and how often it had failed."""
    if error is None:
        event = body(SENSOR, INFO, "works again after %d failures" % slot.failures, slot.sensor.name)
    else:
        event = body(SENSOR, WARNING, error, slot.sensor.name)
    write(node, event)


class Crashes:
    """Sends tracebacks. The same error again within ten seconds is counted, and told when they are over."""

    def __init__(self) -> None:
        self._text = ""
        self._source = ""
        self._at = 0
        self._repeats = 0

    def note(self, node: "Node", source: str, error: BaseException) -> None:
        """An exception ended a task or a step of `source`."""
        text = "%s: %s" % (type(error).__name__, error)
        if text == self._text and source == self._source and diff(node.clock.now, self._at) < _REPEATED_MS:
            self._repeats += 1
            return
        self.tell_repeats(node, 0)
        self._text = text
        self._source = source
        self._at = node.clock.now
        write(node, body(CRASH, ERROR, text, source, traceback_text(error)), CRASH_KIND)

    def tell_repeats(self, node: "Node", after_ms: int = _REPEATED_MS) -> None:
        """Send how often the last error came again, once `after_ms` have passed since it was sent."""
        if self._repeats and diff(node.clock.now, self._at) >= after_ms:
            event = body(CRASH, ERROR, self._text, self._source)
            event[7] = self._repeats
            self._repeats = 0
            write(node, event, CRASH_KIND)
