"""What a frame says, as plain values that JSON can hold. A hello seen before gives the samples after it their names."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from host_bridge.core.catalogue import BY_KEY, Metric
from host_bridge.core.decode import Message, decode, loads
from host_bridge.core.envelope import TAG, Envelope
from host_bridge.core.naming import NameRefusedError, exposed
from host_bridge.core.numerals import decimal
from host_bridge.core.received import FRAME, LINK_DOWN, LINK_UP, TEXT, Received
from shared_schema import messages as m
from shared_schema.columns import expand, offsets
from shared_schema.commands import Down, parse_down
from shared_schema.errors import PeerError
from shared_schema.hello import Group, Hello, Series
from shared_schema.parse import Bye, Event, Samples, Span, State

Description = dict[str, Any]
DOWN_KINDS = {m.ACK: "ack", m.HELLO_REQUEST: "hello?", m.SET: "set", m.RESET: "reset"}
LINK_CLOSED_BY = ("link lost", "connected", "disconnected on purpose")
MAX_DECLARATIONS = 4096  # that are remembered, of boards and boots together

# Of a line, the words for what is no frame.
_OTHER = {TEXT: "console", LINK_UP: "link up", LINK_DOWN: "link down"}


class Describer:
    """Describes frames in the order in which they came."""

    def __init__(self) -> None:
        self._groups: dict[tuple[str, int, int], list[Group]] = {}  # (route, boot, declaration)

    def received(self, received: Received) -> Description:
        """One entry of a capture."""
        about: Description = {"at": received.at, "port": received.port}
        if received.device_id:
            about |= {"device_id": received.device_id, "channel": received.channel, "retained": received.retained}
        if received.what == FRAME and isinstance(received.payload, bytes):
            return about | self.frame(received.payload, f"{received.port} {received.device_id}")
        if received.what in _OTHER:
            return about | {"kind": _OTHER[received.what], "text": received.payload}
        return about | {"kind": "refused", "reason": received.payload}

    def frame(self, frame: bytes, route: str = "") -> Description:
        """One bare frame, up or down. A frame that is none is described as refused, with the reason."""
        try:
            if frame[:1] == bytes((TAG,)):
                envelope = Envelope(frame)
                return self.frame(envelope.payload, route) | {"authenticated_as": envelope.kid, "tag_checked": False}
            down = _down(frame)
            return down or self._message(decode(frame), route)
        except PeerError as error:
            return {"kind": "refused", "reason": error.reason, "detail": str(error), "hex": frame.hex()}

    def _message(self, message: Message, route: str) -> Description:
        if isinstance(message, State):
            return {"kind": "state", "boot": message.boot, "status": LINK_CLOSED_BY[message.status]}
        head = {"boot": message.boot, "seq": message.seq, "uptime_ms": message.uptime}
        if isinstance(message, Hello):
            self._remember(message, route)
            return {"kind": "hello", **head, **_hello(message)}
        if isinstance(message, Samples):
            return {"kind": "samples", **head, **self._samples(message, route)}
        if isinstance(message, Event):
            return {"kind": "event", **head, **_event(message)}
        if isinstance(message, Span):
            return {"kind": "span", **head, **_span(message)}
        if isinstance(message, Bye):
            return {"kind": "bye", **head, "reason": m.BYE_REASONS[message.reason], "wake_in_ms": message.wake_in_ms}
        return {"kind": f"unknown ({message.kind})", **head}

    def _remember(self, hello: Hello, route: str) -> None:
        if len(self._groups) >= MAX_DECLARATIONS:
            self._groups.clear()
        self._groups[route, hello.boot, hello.declaration] = hello.groups

    def _samples(self, samples: Samples, route: str) -> Description:
        about = {"declaration": samples.declaration, "group": samples.group, "samples": samples.n}
        about |= {"removed": samples.removed} if samples.removed else {}
        groups = self._groups.get((route, samples.boot, samples.declaration), [])
        columns = [expand(column, samples.n) for column in samples.columns]
        if samples.group >= len(groups):
            raw = [[_number(value, 0) for value in column] for column in columns]
            return about | {"columns": raw, "note": "no hello seen that names the columns"}
        group = groups[samples.group]
        times = [samples.uptime + offset for offset in offsets(samples.times, group.interval_ms)]  # type: ignore[arg-type]
        return about | {"times_ms": times, "series": _series(group, columns)}


def _down(frame: bytes) -> Description | None:
    """A frame that goes down, or None when it is not of their kinds."""
    item = loads(frame)
    if not isinstance(item, list) or not item or type(item[0]) is not int or item[0] not in DOWN_KINDS:
        return None
    down: Down = parse_down(item)
    about: Description = {"kind": DOWN_KINDS[down.kind], "boot": down.boot}
    if down.kind == m.ACK:
        about["next"] = down.following
    elif down.kind == m.SET:
        about |= {"command": down.command, "fields": {str(key): value for key, value in down.fields.items()}}
    elif down.kind == m.RESET:
        about |= {"command": down.command, "mode": ("soft", "hard", "boot loader")[down.mode]}
    return about


def _hello(hello: Hello) -> Description:
    about = {
        "device_id": hello.device_id,
        "platform": hello.platform,
        "info": {m.INFO_NAMES[key]: text for key, text in hello.info.items()},
        "declaration": hello.declaration,
        "groups": [
            {"interval_ms": group.interval_ms, "batch": group.batch, "series": [_name(one) for one in group.series]}
            for group in hello.groups
        ],
        "anchor": _anchor(hello.anchor),
        "outbox": hello.outbox,
        "cadence_ms": hello.cadence_ms,
        "reset_cause": m.RESET_CAUSES[hello.reset_cause],
    }
    given_up = runs_given_up(0 if hello.outbox is None else hello.outbox[0], hello.given_up)
    return about | ({"ended": True} if hello.ended else {}) | ({"given_up": given_up} if given_up else {})


def runs_given_up(first: int, runs: Sequence[int]) -> list[list[int]]:
    """First and last of the numbers that key 15 of a hello says were given up; `first`: that of its key 7."""
    found = []
    for waiting, gone in zip(runs[::2], runs[1::2], strict=False):
        if gone:
            found.append([first + waiting, first + waiting + gone - 1])
        first += waiting + gone
    return found


def _anchor(anchor: tuple[int, ...] | None) -> Description | None:
    if anchor is None:
        return None
    seconds, milliseconds, source, uncertainty = anchor[:4]
    name = m.ANCHOR_SOURCES[source] if source < len(m.ANCHOR_SOURCES) else m.ANCHOR_SOURCES[0]
    return {"unix_seconds": seconds + milliseconds / 1000, "source": name, "uncertainty_ms": uncertainty}


def _event(event: Event) -> Description:
    about: Description = {
        "type": m.EVENT_TYPES[event.type] if event.type < len(m.EVENT_TYPES) else m.EVENT_TYPES[0],
        "severity": m.SEVERITIES[event.severity] if event.severity < len(m.SEVERITIES) else m.SEVERITIES[0],
        "message": event.message,
    }
    optional = {"source": event.source, "fields": event.fields, "traceback": event.traceback, "command": event.command}
    return about | {key: value for key, value in optional.items() if value not in ("", {}, None)}


def _span(span: Span) -> Description:
    about: Description = {"name": span.name, "duration_us": span.duration_us, "span_id": span.span_id.hex()}
    return about | {"status": m.SPAN_STATUSES[span.status], "attributes": span.attributes}


def _metric(series: Series) -> tuple[Metric | None, tuple[str, ...]]:
    """What a series is an instance of, and its label values."""
    if series.custom is None:
        return BY_KEY.get(series.key), series.labels
    try:
        return exposed(series.custom), tuple(value for _, value in series.custom.labels)
    except NameRefusedError:
        return None, ()


def _name(series: Series) -> str:
    """As on /metrics, without the labels that every series has."""
    metric, values = _metric(series)
    if metric is None:
        return series.custom.name if series.custom else f"key {series.key}"
    padded = (*values, *[""] * len(metric.labels))
    pairs = [f'{name}="{value}"' for name, value in zip(metric.labels, padded, strict=False) if value]
    return metric.name + (f"{{{','.join(pairs)}}}" if pairs else "")


def _series(group: Group, columns: list[list[int | float | None]]) -> list[Description]:
    out: list[Description] = []
    position = 0
    for series in group.series:
        metric, _ = _metric(series)
        bounds = series.custom.bounds if series.custom else metric.bounds if metric else ()
        scale = series.custom.scale if series.custom else metric.scale if metric else 0
        width = len(bounds) + 2 if bounds else 1
        mine = columns[position : position + width]
        position += width
        if bounds:
            counts = [[_number(value, 0) for value in column] for column in mine[:-1]]
            sums = [_number(value, scale) for value in mine[-1]] if len(mine) == width else []
            limits = [_number(bound, scale) for bound in bounds]
            out.append({"metric": _name(series), "bounds": limits, "buckets": counts, "sum": sums})
        elif mine:
            out.append({"metric": _name(series), "values": [_number(value, scale) for value in mine[0]]})
    return out


def _number(value: int | float | None, scale: int) -> int | float | str | None:
    """A value in its unit; NaN and the infinities, which JSON lacks, as text."""
    if value is None or (isinstance(value, int) and scale == 0):
        return value
    number = float(decimal(value, scale)) if isinstance(value, int) or not math.isfinite(value) else value
    return number if math.isfinite(number) else decimal(number, 0)
