"""A fleet for programs: the JSON of /api/devices."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from host_bridge.core.view import DeviceView, Reading

Json = dict[str, Any]


def fleet_json(devices: Iterable[tuple[DeviceView, list[Reading]]], now: float, history: str = "off") -> Json:
    """Every device with its present values, ordered by device id. Times are Unix seconds.

    history: ok; off, when nothing is to be kept; else why nothing can be kept.
    """
    rows = sorted(devices, key=lambda pair: pair[0].device_id)
    return {"now": now, "history": history, "devices": [device_json(view, readings) for view, readings in rows]}


def device_json(view: DeviceView, readings: Iterable[Reading]) -> Json:
    """One device."""
    ledger = view.ledger
    return {
        "device_id": view.device_id,
        "platform": view.platform,
        "state": view.state,
        "source": view.source,
        "port": view.port,
        "last_seen": view.last_seen,
        "boot": view.boot,
        "cadence_seconds": view.cadence_s,
        "info": view.info,
        "clock": {"source": view.clock_source, "spread_seconds": view.clock_spread_s},
        "frames": {
            "expected": ledger.expected,
            "received": ledger.received,
            "recovered": ledger.recovered,
            "lost": ledger.lost,
            "dropped_on_device": ledger.dropped,
            "dropped_by_kind": {
                "samples": ledger.dropped_samples,
                "event": ledger.dropped_events,
                "crash": ledger.dropped_crashes,
            },
            "in_flight": view.in_flight,
            "repeated": ledger.repeated,
            "too_old": ledger.too_old,
            "thinned_samples": ledger.thinned,
            "held": view.held,
        },
        "series": view.series,
        "alerts": [{"alert": alert, "series": series, "severity": severity} for alert, series, severity in view.alerts],
        "readings": [reading_json(reading) for reading in readings],
    }


def reading_json(reading: Reading) -> Json:
    """One value. JSON has no NaN and no infinities: they are text."""
    number = float(reading.value)
    value = number if math.isfinite(number) else reading.value
    return {"metric": reading.metric, "labels": dict(reading.labels), "value": value, "unit": reading.unit}
