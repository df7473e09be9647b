"""What a restarted bridge has to know: the state of devices and boots, and the hellos that explain samples."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import TypeVar

from host_bridge.core.records import BootRecord, DeviceRecord, HelloRecord, KeptBoot, KeptDevice
from host_bridge.sinks.history.groups import Groups

StateRecord = BootRecord | DeviceRecord | HelloRecord

_K = TypeVar("_K")
_V = TypeVar("_V")


class _Changes:
    """Records of one transaction, each replaced by what comes later: a busy boot has a hundred in a batch."""

    def __init__(self, records: Iterable[StateRecord]) -> None:
        self.devices: dict[str, DeviceRecord] = {}
        self.remaining: dict[str, set[int]] = {}  # boots that no DeviceRecord of the transaction left out
        self.boots: dict[tuple[str, int], BootRecord] = {}
        self.hellos: dict[tuple[str, int, int], HelloRecord] = {}
        for record in records:
            if isinstance(record, BootRecord):
                self.boots[record.device_id, record.boot] = record
            elif isinstance(record, HelloRecord):
                key = (record.device_id, record.boot, record.declaration)
                self.hellos.pop(key, None)  # a repeated one is the newest
                self.hellos[key] = record
            else:
                self._device(record)

    def _device(self, record: DeviceRecord) -> None:
        name, boots = record.device_id, set(record.boots)
        self.devices[name] = record
        self.remaining[name] = self.remaining.get(name, boots) & boots
        self.boots = _without(self.boots, lambda key: key[0] == name and key[1] not in boots)
        self.hellos = _without(self.hellos, lambda key: key[0] == name and key[1] not in boots)


def _without(records: dict[_K, _V], gone: Callable[[_K], bool]) -> dict[_K, _V]:
    lost = [key for key in records if gone(key)]
    for key in lost:
        del records[key]
    return records


def put(connection: sqlite3.Connection, groups: Groups, records: Iterable[StateRecord]) -> None:
    """Write the records, inside a transaction."""
    changes = _Changes(records)
    for name, device in changes.devices.items():
        number = groups.device(connection, name, device.platform)
        update = "UPDATE device SET platform = ?, state = ? WHERE id = ?"
        connection.execute(update, (device.platform, device.state, number))
        _forget_boots(connection, number, changes.remaining[name])
    boots = [(groups.device(connection, b.device_id), b.boot, b.state) for b in changes.boots.values()]
    connection.executemany(
        "INSERT INTO boot (device, boot, state) VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET state = excluded.state",
        boots,
    )
    hellos = [(groups.device(connection, h.device_id), h.boot, h.declaration, h.frame) for h in changes.hellos.values()]
    # Replaced, not updated: the order of ids is the order in which they came.
    connection.executemany("REPLACE INTO hello (device, boot, declaration, frame) VALUES (?, ?, ?, ?)", hellos)


def _forget_boots(connection: sqlite3.Connection, device: int, remaining: set[int]) -> None:
    kept = connection.execute(
        "SELECT boot FROM boot WHERE device = ?1 UNION SELECT boot FROM hello WHERE device = ?1", (device,)
    )
    for (boot,) in kept.fetchall():
        if boot not in remaining:
            connection.execute("DELETE FROM boot WHERE device = ? AND boot = ?", (device, boot))
            connection.execute("DELETE FROM hello WHERE device = ? AND boot = ?", (device, boot))


def load(connection: sqlite3.Connection) -> list[KeptDevice]:
    """Devices that have a state, with their boots, oldest first."""
    hellos: dict[tuple[int, int], list[bytes]] = defaultdict(list)
    for device, boot, frame in connection.execute("SELECT device, boot, frame FROM hello ORDER BY id"):
        hellos[device, boot].append(frame)
    boots: dict[int, list[KeptBoot]] = defaultdict(list)
    for device, boot, state in connection.execute("SELECT device, boot, state FROM boot ORDER BY id"):
        boots[device].append(KeptBoot(boot, state, tuple(hellos[device, boot])))
    devices = connection.execute("SELECT id, device_id, state FROM device WHERE state IS NOT NULL ORDER BY id")
    return [KeptDevice(device_id, state, tuple(boots[number])) for number, device_id, state in devices]
