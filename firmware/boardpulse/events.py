"""Events: log lines, crashes, and what happened to sensors, commands and links (SPEC.md section 5)."""

from boardpulse.clock import diff
from boardpulse.compat import const, error_text, traceback_text
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
_MAX_NAME_BYTES = const(128)
_MAX_TRACEBACK_BYTES = const(3500)
_MAX_FIELDS_BYTES = const(3000)  # with a message of 1000 characters of four bytes it is still a frame
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
    out: dict[int, object] = {1: kind, 2: severity, 3: beginning(message[:MAX_TEXT], MAX_TEXT * 4)}
    if source:
        out[4] = beginning(source[:MAX_NAME], _MAX_NAME_BYTES)
    if traceback:
        out[6] = end(traceback[-MAX_TEXT:], _MAX_TRACEBACK_BYTES)
    return out


def utf8(text: str) -> bytes:
    """The text's bytes. What UTF-8 has no bytes for, such as half of a surrogate pair, becomes a question mark."""
    try:
        return text.encode("utf-8")
    except ValueError:
        return text.encode("utf-8", "replace")


def beginning(text: str, most: int) -> str:
    """As much of the text as `most` bytes hold."""
    data = utf8(text)
    if len(data) > most:
        while data[most] & 0xC0 == 0x80:
            most -= 1
        data = data[:most]
    return data.decode("utf-8")


def end(text: str, most: int) -> str:
    """As much of the text's end as `most` bytes hold."""
    data = utf8(text)
    start = max(0, len(data) - most)
    while start and data[start] & 0xC0 == 0x80:
        start += 1
    return data[start:].decode("utf-8")


def fields_of(values: "dict[str, object]") -> "dict[str, object]":
    """Values as an event may carry them: what is no int, text, bool or None becomes text."""
    out: dict[str, object] = {}
    room = _MAX_FIELDS_BYTES
    for key in sorted(values):
        name = beginning(key[:MAX_NAME], _MAX_NAME_BYTES)
        value = _value(values[key])
        room -= len(utf8(name)) + (len(utf8(value)) if isinstance(value, str) else 6) + 6
        if len(out) == MAX_FIELDS or room < 0:
            out["fields_left_out"] = len(values) - len(out)
            break
        out[name] = value
    return out


def _value(value: object) -> "int | str | None":
    if value is None or (isinstance(value, (bool, int)) and -(1 << 53) <= value <= 1 << 53):
        return value
    text = str(value)[:MAX_TEXT]
    return beginning(text, len(text) * 4)


def write(node: "Node", event: "dict[int, object]", kind: int = EVENT) -> None:
    """Put an event into the node's outbox, at the present uptime. One that would fill a small outbox is shortened."""
    node.clock.update()
    outbox = node.outbox
    seq = outbox.next_seq
    head = [3, node.boot, seq, node.clock.uptime_ms()]
    frame = encode(head + [event])
    if len(frame) > outbox.largest:
        frame = encode(head + [_shortened(event, outbox.largest)])
    outbox.put(frame, kind)
    if kind == CRASH_KIND and outbox.count and outbox.seq(outbox.count - 1) == seq:
        from boardpulse.crash_file import keep

        keep(node, seq, frame)


def _shortened(event: "dict[int, object]", largest: int) -> "dict[int, object]":
    out = dict(event)
    fields = out.pop(5, None)
    if isinstance(fields, dict):
        out[5] = {"fields_left_out": len(fields)}
    out[3] = beginning(str(out[3]), largest // 4)
    if 6 in out:
        out[6] = end(str(out[6]), largest // 3)
    return out


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


def crash(node: "Node", source: str, error: BaseException) -> None:
    """Send the traceback of an exception, or count it."""
    if node.crashes is None:
        node.crashes = Crashes()
    node.crashes.note(node, source, error)


class Crashes:
    """Sends tracebacks. The same error again within ten seconds is counted, and told when they are over."""

    def __init__(self) -> None:
        self._text = ""
        self._source = ""
        self._at = 0
        self._repeats = 0
        self.written = 0  # to flash, in this boot

    def note(self, node: "Node", source: str, error: BaseException) -> None:
        """An exception ended a task or a step of `source`."""
        text = error_text(error)
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
        if not self._text or diff(node.clock.now, self._at) < after_ms:
            return
        if self._repeats:
            event = body(CRASH, ERROR, self._text, self._source)
            event[7] = self._repeats
            self._repeats = 0
            write(node, event, CRASH_KIND)
        self._text = ""  # forgotten, before its time is so long ago that diff() takes it for the future
