"""The series that the bridge makes about each device: its state, ledger, clock and refusals.

They are brought up to date when a page is drawn, by the renderer, so that a frame costs them nothing. names() and
numbers() go side by side: what there is, and how much of it; most of the time only the numbers change.
"""

from __future__ import annotations

from host_bridge.core import liveness
from host_bridge.core.catalogue import bridge_metric
from host_bridge.core.device import Boot, Device, Status
from host_bridge.core.registry import Registry
from host_bridge.core.series import Series, Value, label_text
from shared_schema import messages as m

Name = tuple[str, tuple[str, ...]]  # exposed name without device_, label values
_SCALES = {
    "last_seen_timestamp_seconds": -3,
    "clock_spread_seconds": -3,
    "clock_offset_seconds": -3,
    "clock_drift_ratio": -7,
    "clock_quality": -3,
}
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


class StatusBlock(Status):
    """The status series of one device; none until it was heard."""

    __slots__ = ("_device", "_made", "_registry", "_signature")

    def __init__(self, device: Device, registry: Registry) -> None:
        super().__init__()
        self._device = device
        self._registry = registry
        self._made: dict[Name, Series] = {}
        self._signature: object = None

    def refresh(self) -> None:
        """Renderer's side: set every value; make and drop series whose labels have changed."""
        if self.closed:
            self.gone, self.series, self.values, self._made = list(self.series), [], [], {}
            return
        boot = self._device.boot
        if self._device.state == liveness.UNKNOWN or boot is None:
            return
        signature = _signature(self._device, boot)
        if signature != self._signature:
            self._signature = signature
            self._remake(names(self._device, boot))
        self.values = numbers(self._device, boot)

    def _remake(self, current: list[Name]) -> None:
        before = self._made
        self._made = {name: before.get(name) or self._make(*name) for name in current}
        self.gone = [series for name, series in before.items() if name not in self._made]
        self.series, self.drawn = list(self._made.values()), []

    def _make(self, name: str, labels: tuple[str, ...]) -> Series:
        metric = bridge_metric("device_" + name)._replace(scale=_SCALES.get(name, 0))
        text = self._device.labels + label_text(metric.labels, labels)
        return Series(self._registry.bridge(metric.name), metric, text, labels)


def _signature(device: Device, boot: Boot) -> object:
    """What names() depends on."""
    counts = len(device.rejected.counts), len(device.causes), len(device.events)
    return device.port, device.info, boot.clock.source, counts


def names(device: Device, boot: Boot) -> list[Name]:
    """Every status series of a device that was heard."""
    info = tuple(device.info.get(key, "") for key in sorted(m.INFO_NAMES))
    return [
        *_FIXED,
        ("info", info),
        ("connection_status", (device.port,)),
        ("clock_source", (boot.clock.source,)),
        *(("values_rejected_total", (reason,)) for reason in device.rejected.counts.copy()),
        *(("boots_total", (m.RESET_CAUSES[cause],)) for cause in device.causes.copy()),
        *(("events_total", (m.EVENT_TYPES[kind], m.SEVERITIES[severity])) for kind, severity in device.events.copy()),
    ]


def numbers(device: Device, boot: Boot) -> list[Value]:
    """The values of names(), in the same order."""
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
        1,
        int(device.shown),
        1,
        *device.rejected.counts.copy().values(),
        *device.causes.copy().values(),
        *device.events.copy().values(),
    ]
