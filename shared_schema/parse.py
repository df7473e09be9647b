"""From a decoded CBOR item to a message: parse(item). What breaks SPEC.md raises a PeerError that names the field.

`item` comes from cbor_reader.loads or a reader that is as strict. Lengths are checked before anything is built.
"""

from shared_schema import columns
from shared_schema import messages as m
from shared_schema.check import enumerated, integer, mapping, octets, shown, text
from shared_schema.errors import SchemaError
from shared_schema.frame import Unknown, Up
from shared_schema.hello import Hello


class Samples(Up):
    """`n` samples of the series of one group, in the columns of the wire (columns.py expands them). `removed`: how many
    more there were before thinning."""

    __slots__ = ("columns", "declaration", "group", "n", "removed", "times")

    def __init__(self, item: list[object]) -> None:
        Up.__init__(self, item)
        if len(item) < 8:
            raise SchemaError("a samples frame has %d elements: 7 and a column at least" % len(item))
        if len(item) - 7 > m.MAX_COLUMNS:
            raise SchemaError("%d columns, more than %d" % (len(item) - 7, m.MAX_COLUMNS))
        self.declaration = integer(item[4], "declaration", 0, 255)
        group = integer(item[5], "group", 0, m.MAX_GROUPS * m.MAX_SAMPLES - 1)
        self.group = group % m.MAX_GROUPS
        self.removed = group // m.MAX_GROUPS
        self.n = integer(columns.count(item[6]), "number of samples", 1, m.MAX_SAMPLES)
        self.times = item[6]
        self.columns = item[7:]
        if self.n * len(self.columns) > m.MAX_FRAME_VALUES:
            raise SchemaError("%d samples of %d columns: too many" % (self.n, len(self.columns)))
        for column in self.columns:
            if isinstance(column, list) and len(column) != self.n:
                raise SchemaError("a column has %d elements, the frame %d samples" % (len(column), self.n))


class Event(Up):
    """A log line, alarm, crash or result."""

    def __init__(self, item: list[object]) -> None:
        Up.__init__(self, item)
        body = self.body(item, (1, 2, 3), (4, 5, 6, 7, 8, 9))
        self.type = enumerated(body.get(1), "event type")
        self.severity = enumerated(body.get(2), "severity")
        self.message = text(body.get(3), "message", m.MAX_TEXT_BYTES)
        self.source = text(body.get(4, ""), "source", m.MAX_LABEL_BYTES)
        self.fields = attributes(body.get(5, {}), "fields")
        self.traceback = text(body.get(6, ""), "traceback", m.MAX_TEXT_BYTES)
        self.repeats = integer(body.get(7, 1), "repeats", 1, m.MAX_VALUE)
        command = body.get(8)
        self.command = None if command is None else integer(command, "command", 0, m.MAX_VALUE)
        code = body.get(9)
        self.code = None if code is None else enumerated(code, "code")


class Span(Up):
    """Something on the board that took time; `uptime` is its start."""

    def __init__(self, item: list[object]) -> None:
        Up.__init__(self, item)
        body = self.body(item, (1, 2, 3), (4, 5, 6, 7))
        self.name = text(body.get(1), "span name", m.MAX_LABEL_BYTES)
        self.duration_us = integer(body.get(2), "duration", 0, m.MAX_VALUE)
        self.span_id = octets(body.get(3), "span id", 8)
        self.parent_id = None if body.get(4) is None else octets(body.get(4), "parent id", 8)
        self.trace_id = None if body.get(5) is None else octets(body.get(5), "trace id", 16)
        self.status = enumerated(body.get(6, 0), "status")
        self.attributes = attributes(body.get(7, {}), "attributes")


class Bye(Up):
    """A graceful stop or a sleep. `wake_in_ms` is None unless the board said when it wakes."""

    def __init__(self, item: list[object]) -> None:
        Up.__init__(self, item)
        body = self.body(item, (1,), (2,))
        self.reason = enumerated(body.get(1), "bye reason")
        wake = body.get(2)
        self.wake_in_ms = None if wake is None else integer(wake, "wake_in_ms", 0, m.MAX_VALUE)
        if wake is None and self.reason in (1, 2):
            raise SchemaError("bye before a sleep does not say wake_in_ms")


class State:
    """What the broker believes of a board's connection."""

    def __init__(self, item: list[object]) -> None:
        if len(item) < 3:
            raise SchemaError("a state frame has %d elements, not 3" % len(item))
        self.kind = m.STATE
        self.boot = integer(item[1], "boot", 1, m.MAX_BOOT)
        self.status = enumerated(item[2], "status")
        self.skipped = len(item) - 3


def attributes(value: object, what: str) -> dict[str, object]:
    """A map of text to int, text, bool or null."""
    pairs = mapping(value, what, m.MAX_FIELDS)
    out: dict[str, object] = {}
    for key in pairs:
        field = pairs[key]
        if isinstance(field, str):
            text(field, what, m.MAX_TEXT_BYTES)
        elif not (field is None or isinstance(field, (int, bool))):  # on MicroPython a bool is no int
            raise SchemaError("%s: %s is %s, not an int, text, bool or null" % (what, shown(key), shown(field)))
        out[text(key, "key in " + what, m.MAX_LABEL_BYTES)] = field
    return out


_CLASSES: "dict[int, type[Hello | Samples | Event | Span | Bye | State]]" = {
    m.HELLO: Hello,
    m.SAMPLES: Samples,
    m.EVENT: Event,
    m.SPAN: Span,
    m.BYE: Bye,
    m.STATE: State,
}


def parse(item: object) -> "Hello | Samples | Event | Span | Bye | State | Unknown":
    """The message in a decoded frame that went up. Kinds that a later version may define come back as Unknown."""
    if not isinstance(item, list) or not item:
        raise SchemaError("a frame is an array, not %s" % shown(item))
    kind = item[0]
    if type(kind) is int and kind in _CLASSES:
        return _CLASSES[kind](item)
    if type(kind) is int and kind in m.UP_KINDS:
        return Unknown(item)
    raise SchemaError("%s is no kind of frame that goes up" % shown(kind))
