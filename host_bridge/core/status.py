"""The series that the bridge makes about each device: its state, ledger, clock and refusals.

They are brought up to date when a page is drawn, by the renderer, so that a frame costs them nothing. There are more
than twice as many of these lines as a device has series of its own: so they are no objects, but columns that all
devices have in common, and rows of values. Most of the time only the pulse changes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from host_bridge.core import liveness
from host_bridge.core.catalogue import bridge_metric
from host_bridge.core.clock import Clock
from host_bridge.core.columns import Column, label_text
from host_bridge.core.device import Boot, Device, Status
from host_bridge.core.registry import Registry
from host_bridge.core.rows import NO_ROWS, Cell, Row
from shared_schema import messages as m

Name = tuple[str, tuple[str, ...]]  # exposed name without device_, label values
Others = tuple[int, int, int, int]  # frames expected and received, anchors refused, samples clamped
Cells = tuple[Cell, ...]
_SCALES = {
    "last_seen_timestamp_seconds": -3,
    "clock_spread_seconds": -3,
    "clock_offset_seconds": -3,
    "clock_drift_ratio": -7,
    "clock_quality": -3,
}
_INFO_KEYS = tuple(sorted(m.INFO_NAMES))
_SHOWN_STATES = tuple(state for state in liveness.STATES if state != liveness.UNKNOWN)
_STATE_NUMBERS = {state: tuple(int(state == shown) for shown in _SHOWN_STATES) for state in liveness.STATES}
_PULSE: tuple[Name, ...] = (  # what a frame that is as expected changes
    ("last_seen_timestamp_seconds", ()),
    ("frames_expected_total", ()),
    ("frames_received_total", ()),
    ("clock_spread_seconds", ()),
    ("clock_quality", ()),
    ("clock_offset_seconds", ()),
    ("clock_drift_ratio", ()),
    ("clock_anchors_refused_total", ()),
    ("clock_samples_clamped_total", ()),
)
_STEADY: tuple[Name, ...] = (
    *(("state", (state,)) for state in _SHOWN_STATES),
    ("frames_recovered_total", ()),
    ("frames_lost_total", ()),
    ("frames_dropped_on_device_total", ("samples",)),
    ("frames_dropped_on_device_total", ("event",)),
    ("frames_dropped_on_device_total", ("crash",)),
    ("frames_repeated_total", ()),
    ("frames_too_old_total", ()),
    ("samples_thinned_total", ()),
    ("frames_held", ()),
    ("fields_skipped_total", ()),
    ("series_refused_total", ()),
    ("info", ()),  # the labels of this one and the next are what boards and ports are called, and part of the cell
    ("connection_status", ()),
)


class Statuses:
    """Knows the columns of lines about devices, which all devices share."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._known: dict[Name, Column] = {}  # by names of the protocol, not of boards: there are few
        self.pulse = self.columns(_PULSE)
        self.steady = self.columns(_STEADY)

    def columns(self, names: Iterable[Name]) -> tuple[Column, ...]:
        """The columns of these names."""
        return tuple(self._known.get(name) or self._column(name) for name in names)

    def _column(self, name: Name) -> Column:
        metric = bridge_metric("device_" + name[0])._replace(scale=_SCALES.get(name[0], 0))
        column = self._known[name] = Column(self._registry.bridge(metric.name), metric, name[1])
        return column


class StatusRow(Row):
    """Lines about a device."""

    __slots__ = ("_columns",)

    def __init__(self, labels: str, columns: tuple[Column, ...]) -> None:
        super().__init__(labels, [None] * len(columns))
        self._columns = columns

    @property
    def columns(self) -> tuple[Column, ...]:
        """Of the values."""
        return self._columns


class StatusLines(Status):
    """The lines about one device; none until it was heard.

    pulse   what each frame changes
    steady  the rest of what every device has
    own     lines that not every device has
    """

    __slots__ = (
        "_before",
        "_boot",
        "_clock",
        "_device",
        "_moves",
        "_others",
        "_own",
        "_pulse",
        "_source",
        "_statuses",
        "_steady",
    )

    def __init__(self, device: Device, statuses: Statuses, before: Status | None = None) -> None:
        """`before`: the lines in whose place these come, as the device is called otherwise now."""
        super().__init__()
        self._before = before
        self._boot: Boot | None = None  # that of the pulse
        self._device = device
        self._statuses = statuses
        self._pulse = StatusRow(device.labels, statuses.pulse)
        self._steady = StatusRow(device.labels, statuses.steady)
        self._own = StatusRow(device.labels, ())
        self._source = ""
        self._others: Others = (0, 0, 0, 0)  # of the pulse: what is not of the present boot
        self._clock: Cells = ()  # of the pulse: what the clock says, as of `_moves`
        self._moves = -1

    def refresh(self) -> tuple[Sequence[Row], Sequence[Row]]:
        """Rows with the present values. None while the engine is about to change several things of the device, and to
        mark it afterwards: a total from which a boot is missing, or in which one stands twice, would be on a page."""
        device, version = self._device, self._device.version
        boot = device.boot
        if self.closed or device.state == liveness.UNKNOWN or boot is None or version & 1:
            return NO_ROWS, NO_ROWS
        if not self.anew and boot is self._boot and (boot.clock.moves == self._moves or self._ask(boot.clock)):
            values = pulse(device, boot, self._others, self._clock)
            if version == device.version:
                self._pulse.values = values
            return (self._pulse,), NO_ROWS
        self.anew, whole = False, False  # before anything is read: what changes from here on sets it again
        try:
            come, gone = self._look(device, boot, version)
            whole = bool(come)
        finally:
            if not whole:
                self.anew = True
        return come, gone

    def _look(self, device: Device, boot: Boot, version: int) -> tuple[Sequence[Row], Sequence[Row]]:
        boots = list(device.boots.values())
        rest = others(device, boot, boots)
        moves, clock = boot.clock.moves, clock_cells(boot.clock, rest)
        values, steadies = pulse(device, boot, rest, clock), steady(device, boots)
        source, own, own_values = self._own_row(boot)
        if version != device.version:
            return NO_ROWS, NO_ROWS
        self._boot, self._source, self._others, self._moves, self._clock = boot, source, rest, moves, clock
        self._pulse.values, self._steady.values, own.values = values, steadies, own_values
        gone = self._gone(own)
        return (self._pulse, self._steady, own), gone

    def _ask(self, clock: Clock) -> bool:
        """What the clock says, which is dear to find out and seldom another than the last time. How often it has moved
        is read first: if it moves meanwhile, it is asked again. False: it has another source."""
        moves = clock.moves
        self._clock = clock_cells(clock, self._others)
        self._moves = moves
        return clock.source is self._source

    def _own_row(self, boot: Boot) -> tuple[str, StatusRow, list[Cell]]:
        """What the boot is dated by, and the row of the lines that not every device has, with its values."""
        device, own, source = self._device, self._own, boot.clock.source
        counts = own_counts(device.rejected.counts.copy(), device.causes.copy(), device.events.copy())
        columns = self._statuses.columns([("clock_source", (source,)), *counts])
        if columns != own.columns:
            own = StatusRow(device.labels, columns)
        return source, own, [1, *counts.values()]

    def _gone(self, own: StatusRow) -> Sequence[Row]:
        """The rows in whose place others come from now on."""
        gone: list[Row] = [] if own is self._own else [self._own]
        if self._before is not None:
            before, self._before = self._before, None
            gone += before.rows()
        self._own = own
        return gone

    def rows(self) -> Iterator[Row]:
        """All that may be on the page; also of those before it that it has not replaced yet."""
        if self._before is not None:
            yield from self._before.rows()
        yield from (self._pulse, self._steady, self._own)


def own_counts(
    rejected: Mapping[str, int], causes: Mapping[int, int], events: Mapping[tuple[int, int], int]
) -> dict[Name, int]:
    """The counts that another device may not have; in an order of their own, so that boards with the same ones share
    their columns."""
    counts: dict[Name, int] = {("values_rejected_total", (reason,)): rejected[reason] for reason in sorted(rejected)}
    counts |= {("boots_total", (m.RESET_CAUSES[cause],)): causes[cause] for cause in sorted(causes)}
    counts |= {
        ("events_total", (m.EVENT_TYPES[kind], m.SEVERITIES[severity])): events[kind, severity]
        for kind, severity in sorted(events)
    }
    return counts


def pulse(device: Device, boot: Boot, rest: Others, clock: Cells) -> list[Cell]:
    """The values of these lines, in their order. `rest`: others(); `clock`: clock_cells()."""
    sequence = boot.sequence
    return [
        int(device.last_seen * 1000 + 0.5),
        rest[0] + sequence.expected,
        rest[1] + sequence.received,
        *clock,
    ]


def clock_cells(clock: Clock, rest: Others) -> Cells:
    """What the pulse says of the clock, in its order; as it was while the clock's `moves` is."""
    (spread, quality, drift), ahead_s = clock.figures(), clock.ahead_s
    _, _, refused, clamped = rest
    return (
        int(spread * 1000 + 0.5),
        int(quality * 1000 + 0.5),
        None if ahead_s is None else round(ahead_s * 1000),
        None if drift is None else round(drift * 10_000_000),
        refused + clock.refused,
        clamped + clock.clamped,
    )


def others(device: Device, boot: Boot, boots: Iterable[Boot]) -> Others:
    """Frames expected and received, anchors refused and samples clamped in all boots but the present one."""
    rest = [one for one in boots if one is not boot]
    expected, received, *_ = device.ledger.row([one.sequence for one in rest])
    refused = device.anchors_refused + sum(one.clock.refused for one in rest)
    return expected, received, refused, device.samples_clamped + sum(one.clock.clamped for one in rest)


def steady(device: Device, boots: Iterable[Boot]) -> list[Cell]:
    """The values of these lines, in their order."""
    info = device.info
    texts = tuple(info.get(key, "") for key in _INFO_KEYS)
    port = label_text(bridge_metric("device_connection_status").labels, (device.port,))
    _, _, *frames = device.ledger.row([one.sequence for one in boots])  # in the order of Counts
    return [
        *_STATE_NUMBERS[device.state],
        *frames,
        device.held,
        device.fields_skipped,
        sum(device.refused.counts.copy().values()),
        f"{label_text(bridge_metric('device_info').labels, texts)}}} 1",
        f"{port}}} {int(device.shown)}",
    ]
