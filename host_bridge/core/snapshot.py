"""What a bridge has to know again after a restart, as JSON: of each boot its numbers and clock, of a device the rest.

A boot's state goes with every commit that has a frame of it, so it is short; the counters of a device go now and then.
"""

from __future__ import annotations

import json
from math import inf
from typing import Any

from host_bridge.core import liveness
from host_bridge.core.clock import Clock
from host_bridge.core.device import Boot, Device
from host_bridge.core.records import BootRecord, DeviceRecord, KeptBoot, KeptDevice
from host_bridge.core.sequence import Sequence
from host_bridge.core.series import CounterSeries, HistogramSeries, Series

UNREADABLE = (LookupError, ValueError, TypeError, AttributeError, ArithmeticError)  # what a state that is none raises
_encode = json.JSONEncoder(separators=(",", ":"), check_circular=False).encode  # dumps() makes one for each call
Total = int | tuple[int, ...]
Named = dict[tuple[str, str], Any]  # by exposed name and label text


def boot_record(device: Device, boot: Boot) -> BootRecord:
    """A boot as it stands."""
    state: dict[str, Any] = {
        "sequence": boot.sequence.state(),
        "clock": boot.clock.state(),
        "acks": boot.acks,
        "declaration": boot.declaration,
        "hello_uptime": boot.hello_uptime,
        "retained": boot.retained,
        "dropped_before": boot.dropped_before,
        "report": None if boot.report is None else boot.report[:3],
    }
    if boot is not device.boot:
        state["bases"], state["marks"] = _named(boot.bases), _named(boot.marks)
    elif device.counted:
        # In the order of the device's record, which goes only now and then; restore.py takes the later of the two.
        state["lasts"] = [_totals(series)[1] for series in device.counted]
    return BootRecord(device.device_id, boot.id, _json(state))


def device_record(device: Device, now: float, wall: float) -> DeviceRecord:
    """A device as it stands. Times of `now` become those of `wall`, since the former ends with the process."""
    state = {
        "source": device.source,
        "port": device.port,
        "by_topic": device.by_topic,
        "state": device.state,
        "boot": None if device.boot is None else device.boot.id,
        "boots": list(device.boots),
        "bye": [device.bye_boot, device.bye_seq],
        "wake_by": device.wake_by - now + wall,
        "last_seen": device.last_seen,
        "closed": device.ledger.state(),
        "over": [[boot_id, sequence.state()] for boot_id, sequence in device.over.items()],
        "anchors_refused": device.anchors_refused,
        "samples_clamped": device.samples_clamped,
        "fields_skipped": device.fields_skipped,
        "causes": list(device.causes.items()),
        "events": list(device.events.items()),
        "counters": [[*_name(series), *_totals(series)] for series in device.counted],
    }
    return DeviceRecord(device.device_id, device.platform, _json(state), tuple(device.boots))


def restore_boot(boot_id: int, state: bytes, now: float) -> tuple[Boot, Named, Named]:
    """A boot without its plans, and its bases and marks by name."""
    kept = json.loads(state)
    boot = Boot(boot_id, Sequence.restored(kept["sequence"]))
    boot.clock = Clock.restore(kept["clock"])
    boot.kept = True
    boot.acks, boot.retained = kept["acks"], kept["retained"]
    boot.hello_uptime = kept["hello_uptime"]
    boot.dropped_before = tuple(kept["dropped_before"])
    if kept["report"] is not None:
        first, dropped, given_up = kept["report"]
        boot.report = (first, tuple(dropped), tuple(given_up), now)
    return boot, _by_name(kept.get("bases", ())), _by_name(kept.get("marks", ()))


def restore_device(device: Device, state: bytes, now: float, wall: float) -> tuple[int | None, Named]:
    """What is known of a device besides its boots: the id of its present boot, and its counters by name.

    One that was there is unknown until it is heard again: it is not announced before.
    """
    kept = json.loads(state)
    device.state = kept["state"] if kept["state"] in liveness.SILENT_BY_ITSELF else liveness.UNKNOWN
    device.bye_boot, device.bye_seq = kept["bye"]
    device.wake_by = kept["wake_by"] - wall + now
    device.heard_at, device.last_seen = now, kept["last_seen"]
    device.ledger.restore(kept["closed"])
    device.over = {boot_id: Sequence.restored(state) for boot_id, state in kept["over"]}
    device.anchors_refused, device.fields_skipped = kept["anchors_refused"], kept["fields_skipped"]
    device.samples_clamped = kept.get("samples_clamped", 0)
    device.causes = dict(kept["causes"])
    device.events = {(kind, severity): count for (kind, severity), count in kept["events"]}
    return kept["boot"], {(name, labels): rest for name, labels, *rest in kept["counters"]}


def in_order(kept: KeptDevice) -> list[KeptBoot]:
    """The boots of a kept device, oldest first."""
    order = json.loads(kept.state)["boots"]
    return sorted(kept.boots, key=lambda boot: order.index(boot.boot) if boot.boot in order else -1)


def last_seen(kept: KeptDevice) -> float:
    """When a kept device was heard last, Unix seconds. What cannot be read is for restore_device() to find."""
    try:
        return float(json.loads(kept.state)["last_seen"])
    except UNREADABLE:
        return inf


def place(state: bytes) -> tuple[str, str, bool]:
    """Source and port of a kept device, and whether its topic leads to it."""
    kept = json.loads(state)
    return kept["source"], kept["port"], kept["by_topic"]


def restore_totals(serieses: list[Series], counters: Named) -> None:
    """Counters go on from where they stood."""
    for series in serieses:
        totals = counters.get(_name(series))
        if totals is None:
            continue
        if isinstance(series, HistogramSeries):
            if len(totals[0]) == len(series.bases) == len(totals[1]):
                series.bases, series.lasts = tuple(totals[0]), tuple(totals[1])
        elif isinstance(series, CounterSeries) and isinstance(totals[0], int) and isinstance(totals[1], int):
            series.base, series.last = totals


def add_totals(serieses: list[Series], counters: Named, present: bool, over: bool) -> None:
    """Counters that have begun without what was kept have it before them. `present`: that was of the boot that is
    present now; `over`: it was of one that has ended unseen."""
    for series in serieses:
        totals = counters.get(_name(series))
        if totals is None:
            continue
        (bases, lasts), (has_bases, has_lasts) = map(_row, totals), map(_row, _totals(series))
        if not len(bases) == len(lasts) == len(has_bases):
            continue
        bases = [a + b + (c if over else 0) for a, b, c in zip(has_bases, bases, lasts, strict=True)]
        lasts = list(map(max, has_lasts, lasts)) if present else has_lasts
        if isinstance(series, HistogramSeries):
            series.bases, series.lasts = tuple(bases), tuple(lasts)
        elif isinstance(series, CounterSeries):
            series.base, series.last = bases[0], lasts[0]


def _row(total: Any) -> list[int]:
    return list(total) if isinstance(total, (tuple, list)) else [total]


def matched(serieses: list[Series], named: Named) -> dict[Series, Total]:
    """Totals by series instead of by name."""
    found = ((series, named.get(_name(series))) for series in serieses)
    return {series: tuple(total) if isinstance(total, list) else total for series, total in found if total is not None}


def _totals(series: Series) -> tuple[Total, Total]:
    if isinstance(series, HistogramSeries):
        return series.bases, series.lasts
    return (series.base, series.last) if isinstance(series, CounterSeries) else (0, 0)


def _name(series: Series) -> tuple[str, str]:
    return series.family.name, series.labels


def _named(totals: dict[Series, Total]) -> list[list[object]]:
    return [[*_name(series), total] for series, total in totals.items()]


def _by_name(rows: Any) -> Named:
    return {(name, labels): total for name, labels, total in rows}


def _json(state: dict[str, Any]) -> bytes:
    return _encode(state).encode()
