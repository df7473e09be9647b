"""What people and programs may see of a device: plain, frozen, safe to hand to any thread."""

from __future__ import annotations

from dataclasses import dataclass

from host_bridge.core.device import Device
from host_bridge.core.ledger import Counts
from host_bridge.core.numerals import decimal
from shared_schema import messages as m


@dataclass(frozen=True, slots=True)
class Reading:
    """The present value of one series, as on the page. Histograms are left out."""

    metric: str
    labels: tuple[tuple[str, str], ...]
    value: str  # exact decimal, NaN, +Inf or -Inf
    unit: str


@dataclass(frozen=True, slots=True)
class DeviceView:
    """One row of a fleet's table. last_seen: Unix seconds, None when it was never heard."""

    device_id: str
    platform: str
    source: str
    port: str
    state: str
    last_seen: float | None
    boot: int | None
    cadence_s: float
    info: dict[str, str]
    series: int
    ledger: Counts
    in_flight: int  # reliable frames that the board has made and that are neither here nor given up
    held: int
    clock_source: str
    clock_spread_s: float
    alerts: tuple[tuple[str, str, str], ...]  # (alert, series, warning or critical)


def view(device: Device) -> DeviceView:
    """The device as it is now."""
    boot = device.boot
    return DeviceView(
        device_id=device.device_id,
        platform=device.platform,
        source=device.source,
        port=device.port,
        state=device.state,
        last_seen=device.last_seen or None,
        boot=None if boot is None else boot.id,
        cadence_s=device.cadence_s,
        info={m.INFO_NAMES[key]: text for key, text in device.info.copy().items()},
        series=len(device.series),
        ledger=device.counts(),
        in_flight=sum(boot.sequence.open for boot in list(device.boots.values())),
        held=device.held,
        clock_source="" if boot is None else boot.clock.source,
        clock_spread_s=0.0 if boot is None else boot.clock.spread,
        alerts=tuple(
            (*series.label_values, "warning" if series.value == 1 else "critical")  # type: ignore[misc]  # an alert and a series
            for series in device.alert_block.series
            if series.value
        ),
    )


def readings(device: Device) -> list[Reading]:
    """What stands on the page for this device."""
    if not device.shown:
        return []
    out: list[Reading] = []
    for series in list(device.series):
        value = series.value
        if value is not None and not isinstance(value, tuple):
            labels = tuple(zip(series.family.label_names, series.label_values, strict=False))
            out.append(Reading(series.family.name, labels, decimal(value, series.scale), series.family.unit))
    return out
