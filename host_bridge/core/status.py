"""The series that the bridge makes about each device: its state, ledger, clock and refusals.

They are brought up to date when a page is drawn, by the renderer, so that a frame costs them nothing. Lines and
numbers() go side by side: what there is, and how much of it; most of the time only the numbers change. There are three
times as many of these lines as a device has series of its own: so they are no objects, but what all devices have in
common, and a number each.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable

from host_bridge.core import liveness
from host_bridge.core.catalogue import bridge_metric
from host_bridge.core.device import Boot, Device, Status
from host_bridge.core.registry import Registry
from host_bridge.core.series import Family, Line, label_text
from shared_schema import messages as m

Name = tuple[str, tuple[str, ...]]  # exposed name without device_, label values
Place = tuple[Family, int]  # where a line stands
_SCALES = {
    "last_seen_timestamp_seconds": -3,
    "clock_spread_seconds": -3,
    "clock_offset_seconds": -3,
    "clock_drift_ratio": -7,
    "clock_quality": -3,
}
_OF_BOARDS = ("info", "connection_status")  # whose labels are what boards and ports are called
_SHOWN_STATES = tuple(state for state in liveness.STATES if state != liveness.UNKNOWN)
_STATE_NUMBERS = {state: tuple(int(state == shown) for shown in _SHOWN_STATES) for state in liveness.STATES}
_FIXED: tuple[Name, ...] = (
    *(("state", (state,)) for state in _SHOWN_STATES),
    ("last_seen_timestamp_seconds", ()),
    ("frames_expected_total", ()),
    ("frames_received_total", ()),
    ("frames_recovered_total", ()),
    ("frames_lost_total", ()),
    ("frames_dropped_on_device_total", ("samples",)),
    ("frames_dropped_on_device_total", ("event",)),
    ("frames_dropped_on_device_total", ("crash",)),
    ("frames_repeated_total", ()),
    ("frames_too_old_total", ()),
    ("samples_thinned_total", ()),
    ("frames_held", ()),
    ("clock_spread_seconds", ()),
    ("clock_anchors_refused_total", ()),
    ("clock_samples_clamped_total", ()),
    ("clock_offset_seconds", ()),
    ("clock_drift_ratio", ()),
    ("clock_quality", ()),
    ("fields_skipped_total", ()),
    ("series_refused_total", ()),
)


class Statuses:
    """Makes the lines about devices; what many devices have in common it makes once."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._known: dict[Name, Line] = {}  # by names of the protocol, not of boards: there are few
        self.fixed = tuple(self.line(name) for name in _FIXED)

    def line(self, name: Name) -> Line:
        """The line of that name."""
        line = self._known.get(name)
        if line is None:
            metric = bridge_metric("device_" + name[0])
            text = label_text(metric.labels, name[1])
            line = Line(self._registry.bridge(metric.name), _SCALES.get(name[0], 0), text)
            if name[0] not in _OF_BOARDS:
                self._known[name] = line
        return line


class StatusLines(Status):
    """The lines about one device; none until it was heard."""

    __slots__ = ("_device", "_own", "_signature", "_statuses")

    def __init__(self, device: Device, statuses: Statuses) -> None:
        super().__init__(device.labels)
        self._device = device
        self._statuses = statuses
        self._own: dict[Name, Line] = {}  # behind the fixed ones
        self._signature: object = None

    def refresh(self) -> tuple[list[int | None], list[Place]]:
        """Renderer's side: the present values; where lines stood whose labels are others now."""
        if self.closed:
            placed = zip(self.lines(), self.indexes, strict=True)
            gone = [(line.family, index) for line, index in placed if index >= 0]
            self.indexes, self.drawn = array("i"), []
            return [], gone
        boot = self._device.boot
        if self._device.state == liveness.UNKNOWN or boot is None:
            return self.drawn, []
        device, gone = self._device, []
        # Once, for lines and numbers alike: the engine goes on meanwhile.
        rejected, causes, events = device.rejected.counts.copy(), device.causes.copy(), device.events.copy()
        signature = device.port, device.info, boot.clock.source, tuple(rejected), tuple(causes), tuple(events)
        if signature != self._signature:
            self._signature = signature
            gone = self._remake(own_names(*signature))
        own = [1, int(device.shown), 1, *rejected.values(), *causes.values(), *events.values()]
        return [*numbers(device, boot), *own], gone

    def lines(self) -> list[Line]:
        """Of the present values."""
        return [*self._statuses.fixed, *self._own.values()] if self.indexes else []

    def _remake(self, names: list[Name]) -> list[Place]:
        fixed = len(_FIXED)
        own = dict(zip(self._own, self.indexes[fixed:], strict=False))
        gone = [(self._own[name].family, index) for name, index in own.items() if name not in names and index >= 0]
        self.indexes = array("i", [*(self.indexes[:fixed] or [-1] * fixed), *(own.get(name, -1) for name in names)])
        self._own = {name: self._own.get(name) or self._statuses.line(name) for name in names}
        self.drawn = []
        return gone


def own_names(
    port: str,
    info: dict[int, str],
    clock_source: str,
    rejected: Iterable[str],
    causes: Iterable[int],
    events: Iterable[tuple[int, int]],
) -> list[Name]:
    """The lines that another device may not have."""
    return [
        ("info", tuple(info.get(key, "") for key in sorted(m.INFO_NAMES))),
        ("connection_status", (port,)),
        ("clock_source", (clock_source,)),
        *(("values_rejected_total", (reason,)) for reason in rejected),
        *(("boots_total", (m.RESET_CAUSES[cause],)) for cause in causes),
        *(("events_total", (m.EVENT_TYPES[kind], m.SEVERITIES[severity])) for kind, severity in events),
    ]


def numbers(device: Device, boot: Boot) -> list[int | None]:
    """The values of the fixed lines, in their order."""
    clock = boot.clock
    drift, spread = clock.drift, clock.spread
    anchors_refused, clamped = device.anchors_refused, device.samples_clamped
    boots = list(device.boots.values())
    for one in boots:
        anchors_refused += one.clock.refused
        clamped += one.clock.clamped
    return [
        *_STATE_NUMBERS[device.state],
        round(device.last_seen * 1000),
        *device.ledger.row([one.sequence for one in boots]),  # in the order of Counts, which is that of _FIXED
        device.held,
        round(spread * 1000),
        anchors_refused,
        clamped,
        None if clock.ahead_s is None else round(clock.ahead_s * 1000),
        None if drift is None else round(drift * 10_000_000),
        round(clock.quality * 1000),
        device.fields_skipped,
        sum(device.refused.counts.copy().values()),
    ]
