"""hello (SPEC.md section 3): who a board is and what it will send."""

from shared_schema import messages as m
from shared_schema.check import boolean, enumerated, integer, mapping, sequence, text, word
from shared_schema.errors import SchemaError
from shared_schema.frame import Up

_REQUIRED = (0, 1, 2, 3, 4)
_OPTIONAL = (5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15)
_RESERVED_LABELS = ("device_id", "platform", "le")


class CustomMetric:
    """A metric that user code registered on the board. `labels` are (name, value) pairs, `bounds` a histogram's."""

    def __init__(self, fields: dict[object, object]) -> None:
        self.name = word(fields.get(1), "custom metric name", 64)
        self.type = integer(fields.get(2, 0), "type of " + self.name, 0, 2)
        self.unit = word(fields[3], "unit of " + self.name, 16) if 3 in fields else ""
        self.scale = integer(fields.get(4, 0), "scale of " + self.name, -12, 12)
        self.labels = _custom_labels(fields.get(5, []), self.name)
        self.help = text(fields.get(6, ""), "help of " + self.name, m.MAX_TEXT_BYTES)
        self.bounds = _bounds(fields.get(7, []), self.name)
        if (self.type == m.HISTOGRAM) != bool(self.bounds):
            raise SchemaError("%s: a histogram has bounds, and nothing else has" % self.name)
        self.columns = len(self.bounds) + 2 if self.bounds else 1


class Series:
    """One series of a group: a built-in metric (key, label values) or a custom one."""

    def __init__(self, item: object) -> None:
        self.key = -1
        self.labels: tuple[str, ...] = ()
        self.custom: CustomMetric | None = None
        if isinstance(item, dict):
            self.custom = CustomMetric(mapping(item, "series", 64))
        elif isinstance(item, (list, tuple)):
            parts = sequence(item, "series", 1, m.MAX_LABELS + 1)
            self.key = integer(parts[0], "metric key", 1, 0xFFFF)
            self.labels = tuple([text(value, "label", m.MAX_LABEL_BYTES) for value in parts[1:]])
        else:
            self.key = integer(item, "metric key", 1, 0xFFFF)


class Group:
    """Series that are sampled together: every `interval_ms` (0: irregularly), `batch` samples a frame."""

    def __init__(self, item: object) -> None:
        parts = sequence(item, "group", 3, 3 + m.MAX_TRAILING)
        self.interval_ms = integer(parts[0], "interval", 0, m.MAX_INTERVAL_MS)
        self.batch = integer(parts[1], "batch", 1, m.MAX_SAMPLES)
        series = sequence(parts[2], "series", 1, m.MAX_SERIES_PER_GROUP)
        self.series = [Series(one) for one in series]
        least = sum([one.custom.columns if one.custom else 1 for one in self.series])
        if least > m.MAX_COLUMNS:
            raise SchemaError("a group of %d columns, more than %d" % (least, m.MAX_COLUMNS))


class Hello(Up):
    """A board's declaration. Optional fields that were not sent are None, maps and lists empty."""

    def __init__(self, item: list[object]) -> None:
        Up.__init__(self, item)
        body = self.body(item, _REQUIRED, _OPTIONAL)
        self.wire = integer(body.get(0), "wire version", 1, 0xFFFF)
        self.device_id = m.check_device_id(body.get(1))
        self.platform = text(body.get(2), "platform", m.MAX_PLATFORM)
        if not m.is_identifier(self.platform, m.MAX_PLATFORM):
            raise SchemaError("platform %r: A-Z a-z 0-9 . _ : - are allowed" % self.platform)
        self.declaration = integer(body.get(3), "declaration", 0, 255)
        self.groups = [Group(group) for group in sequence(body.get(4), "groups", 0, m.MAX_GROUPS)]
        self.info = _info(body.get(5, {}))
        self.anchor = numbers(body.get(6), "anchor", (1 << 40, 999, 0xFFFFFFFF, m.MAX_VALUE))
        self.outbox = numbers(body.get(7), "outbox", (m.MAX_VALUE,) * 7)
        self.sleep = numbers(body.get(8), "sleep", (0xFFFFFFFF, m.MAX_VALUE))
        self.reset_cause = enumerated(body.get(9, 0), "reset cause")
        self.cadence_ms = integer(
            body.get(10, self._default_cadence()), "cadence", 1, m.MAX_INTERVAL_MS * m.MAX_SAMPLES
        )
        self.max_down_bytes = integer(body.get(11, 256), "max_down_bytes", 16, m.MAX_VALUE)
        ack_mode = body.get(12)
        self.ack_mode = None if ack_mode is None else integer(ack_mode, "ack_mode", 0, 1)
        self.wake_reason = enumerated(body.get(13, 0), "wake reason")
        self.ended = boolean(body.get(14, False), "ended")
        self.given_up = _runs(body.get(15))

    def _default_cadence(self) -> int:
        """The smallest interval × batch; a minute for a board that sends only irregularly."""
        regular = [group.interval_ms * group.batch for group in self.groups if group.interval_ms]
        return min(regular) if regular else 60000


def numbers(value: object, what: str, highest: "tuple[int, ...]") -> "tuple[int, ...] | None":
    """A positional array of unsigned integers up to `highest`; those behind are of a later version. None stays None."""
    if value is None:
        return None
    parts = sequence(value, what, len(highest), len(highest) + m.MAX_TRAILING)
    return tuple([integer(parts[i], what, 0, highest[i]) for i in range(len(highest))])


def _runs(value: object) -> "tuple[int, ...]":
    """How many numbers wait, how many were given up, and so on by turns."""
    if value is None:
        return ()
    return tuple([integer(n, "given_up", 0, m.MAX_SEQ) for n in sequence(value, "given_up", 2, m.MAX_RUNS)])


def _info(value: object) -> dict[int, str]:
    info: dict[int, str] = {}
    pairs = mapping(value, "info", 32)
    for key in pairs:
        if type(key) is int and key in m.INFO_NAMES:
            info[key] = text(pairs[key], "info", m.MAX_LABEL_BYTES)
    return info


def _custom_labels(value: object, metric: str) -> "tuple[tuple[str, str], ...]":
    labels: list[tuple[str, str]] = []
    for pair in sequence(value, "labels of " + metric, 0, m.MAX_LABELS):
        parts = sequence(pair, "label of " + metric, 2, 2 + m.MAX_TRAILING)
        name = word(parts[0], "label name of " + metric, 32)
        if name in _RESERVED_LABELS or name in [label[0] for label in labels]:
            raise SchemaError("%s: label %s is reserved or stands twice" % (metric, name))
        labels.append((name, text(parts[1], "label of " + metric, m.MAX_LABEL_BYTES)))
    return tuple(labels)


def _bounds(value: object, metric: str) -> "tuple[int, ...]":
    bounds: list[int] = []
    for bound in sequence(value, "bounds of " + metric, 0, m.MAX_BOUNDS):
        bounds.append(integer(bound, "bound of " + metric, -m.MAX_VALUE, m.MAX_VALUE))
        if len(bounds) > 1 and bounds[-2] >= bounds[-1]:
            raise SchemaError("%s: bounds do not increase" % metric)
    return tuple(bounds)
