"""The series that the bridge makes about each device: its state, ledger, clock and refusals.

They are brought up to date when a page is drawn, by the renderer, so that a frame costs them nothing.
"""

from __future__ import annotations

from host_bridge.core import liveness
from host_bridge.core.catalogue import bridge_metric
from host_bridge.core.device import Device, Status
from host_bridge.core.registry import Registry
from host_bridge.core.series import Series, label_text
from shared_schema import messages as m

Row = tuple[str, tuple[str, ...], int]  # exposed name without device_, label values, value
_SCALES = {"last_seen_timestamp_seconds": -3, "clock_spread_seconds": -3}
_SHOWN_STATES = tuple(state for state in liveness.STATES if state != liveness.UNKNOWN)


class StatusBlock(Status):
    """The status series of one device; none until it was heard."""

    def __init__(self, device: Device, registry: Registry) -> None:
        super().__init__()
        self._device = device
        self._registry = registry
        self._made: dict[tuple[str, tuple[str, ...]], Series] = {}

    def refresh(self) -> None:
        """Renderer's side: set every value; make and drop series whose labels have changed."""
        if self.closed:
            self.gone, self.series, self._made = self.series, [], {}
            return
        if self._device.state == liveness.UNKNOWN:
            return
        made = self._made
        current: dict[tuple[str, tuple[str, ...]], Series] = {}
        for name, labels, value in rows(self._device):
            key = name, labels
            series = made.get(key)
            if series is None:
                series = self._make(name, labels)
            series.value = value
            current[key] = series
        if current.keys() != made.keys():
            self.gone = [series for key, series in made.items() if key not in current]
            self.series = list(current.values())
            self._made = current

    def _make(self, name: str, labels: tuple[str, ...]) -> Series:
        metric = bridge_metric("device_" + name)._replace(scale=_SCALES.get(name, 0))
        text = self._device.labels + label_text(metric.labels, labels)
        return Series(self._registry.bridge(metric.name), metric, text, labels)


def rows(device: Device) -> list[Row]:
    """Every status series of a device that was heard."""
    return [*_state(device), *_ledger(device), *_clock(device), *_refusals(device), *_counts(device)]


def _state(device: Device) -> list[Row]:
    info = tuple(device.info.get(key, "") for key in sorted(m.INFO_NAMES))
    return [
        ("info", info, 1),
        ("connection_status", (device.port,), int(device.shown)),
        *(("state", (state,), int(state == device.state)) for state in _SHOWN_STATES),
        ("last_seen_timestamp_seconds", (), round(device.last_seen * 1000)),
    ]


def _ledger(device: Device) -> list[Row]:
    counts = device.counts()
    return [
        ("frames_expected_total", (), counts.expected),
        ("frames_received_total", (), counts.received),
        ("frames_recovered_total", (), counts.recovered),
        ("frames_lost_total", (), counts.lost),
        ("frames_dropped_on_device_total", ("samples",), counts.dropped_samples),
        ("frames_dropped_on_device_total", ("event",), counts.dropped_events),
        ("frames_dropped_on_device_total", ("crash",), counts.dropped_crashes),
        ("frames_repeated_total", (), counts.repeated),
        ("frames_too_old_total", (), counts.too_old),
        ("frames_held", (), device.held),
    ]


def _clock(device: Device) -> list[Row]:
    boot = device.boot
    if boot is None:
        return []
    return [
        ("clock_source", (boot.clock.source,), 1),
        ("clock_spread_seconds", (), round(boot.clock.spread * 1000)),
        (
            "clock_anchors_refused_total",
            (),
            device.anchors_refused + sum(b.clock.refused for b in list(device.boots.values())),
        ),
    ]


def _refusals(device: Device) -> list[Row]:
    return [
        ("fields_skipped_total", (), device.fields_skipped),
        ("series_refused_total", (), sum(device.refused.counts.copy().values())),
        *(("values_rejected_total", (reason,), n) for reason, n in device.rejected.counts.copy().items()),
    ]


def _counts(device: Device) -> list[Row]:
    return [
        *(("boots_total", (_name(m.RESET_CAUSES, cause),), n) for cause, n in device.causes.copy().items()),
        *(
            ("events_total", (_name(m.EVENT_TYPES, kind), _name(m.SEVERITIES, severity)), n)
            for (kind, severity), n in device.events.copy().items()
        ),
    ]


def _name(names: tuple[str, ...], number: int) -> str:
    """A later version's number is read as the first (SPEC.md section 18)."""
    return names[number] if number < len(names) else names[0]
