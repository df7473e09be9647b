"""Devices, series and groups of series as rows: found by what they are, and read back."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Container, Iterable, MutableMapping
from dataclasses import dataclass
from typing import TypeVar
from weakref import WeakKeyDictionary

from host_bridge.core.records import KeptGroup, KeptSeries

MAX_CACHED = 65_536  # groups; a fleet of 10,000 boards has fewer, and one that is asked for again is only slower

_K = TypeVar("_K")
_V = TypeVar("_V")


@dataclass(frozen=True, slots=True)
class GroupRow:
    """A group as it was kept."""

    device_id: str
    platform: str
    series: tuple[KeptSeries, ...]

    @property
    def width(self) -> int:
        """Columns in all."""
        return sum(series.width for series in self.series)


class Groups:
    """Ids of devices and groups. What a transaction invents is remembered once it is committed, else forgotten."""

    def __init__(self) -> None:
        self._devices: dict[str, int] = {}
        # A board that wakes each minute has another group each minute: those of boots that are over go with them.
        self._groups: WeakKeyDictionary[KeptGroup, tuple[int, int]] = WeakKeyDictionary()
        self._new_devices: dict[str, int] = {}
        self._new_groups: dict[KeptGroup, tuple[int, int]] = {}

    def committed(self) -> None:
        """What was new is in the file."""
        _move(self._new_devices, self._devices)
        _move(self._new_groups, self._groups)

    def rolled_back(self) -> None:
        """What was new is in no file."""
        self._new_devices.clear()
        self._new_groups.clear()

    def forget(self, numbers: Container[int]) -> None:
        """Look these groups up again when they are asked for: their rows are to be deleted."""
        for group in [group for group, (number, _) in self._groups.items() if number in numbers]:
            del self._groups[group]

    def device(self, connection: sqlite3.Connection, device_id: str, platform: str = "") -> int:
        """The device's id; a row for it, should there be none."""
        found = self._devices.get(device_id) or self._new_devices.get(device_id)
        if found is not None:
            return found
        row = connection.execute("SELECT id FROM device WHERE device_id = ?", (device_id,)).fetchone()
        if row is None:
            insert = "INSERT INTO device (device_id, platform) VALUES (?, ?) RETURNING id"
            row = connection.execute(insert, (device_id, platform)).fetchall()[0]
        self._new_devices[device_id] = row[0]
        return int(row[0])

    def group(self, connection: sqlite3.Connection, group: KeptGroup) -> tuple[int, int]:
        """The group's id and its number of columns; rows for it and its series, should there be none."""
        found = self._groups.get(group) or self._new_groups.get(group)
        if found is not None:
            return found
        columns = sum(one.width for one in group.series)
        device = self.device(connection, group.device_id, group.platform)
        series = [_series(connection, device, one) for one in group.series]
        key = (device, group.platform, json.dumps(series, separators=(",", ":")))
        sql = "SELECT id FROM grp WHERE device = ? AND platform = ? AND series = ?"
        row = connection.execute(sql, key).fetchone()
        if row is None:
            insert = "INSERT INTO grp (device, platform, series, columns) VALUES (?, ?, ?, ?) RETURNING id"
            row = connection.execute(insert, (*key, columns)).fetchall()[0]
            _place(connection, row[0], series, group.series)
        self._new_groups[group] = found = int(row[0]), columns
        return found


def _move(new: dict[_K, _V], known: MutableMapping[_K, _V]) -> None:
    if len(known) + len(new) > MAX_CACHED:
        known.clear()
    known.update(new)
    new.clear()


def _series(connection: sqlite3.Connection, device: int, series: KeptSeries) -> int:
    """A series whose type, scale or bounds changed has another row: its old values keep their meaning."""
    key = (
        device,
        series.name,
        json.dumps(series.labels, separators=(",", ":")),
        series.type,
        series.scale,
        json.dumps(series.bounds, separators=(",", ":")),
    )
    sql = "SELECT id FROM series WHERE device = ? AND name = ? AND labels = ? AND type = ? AND scale = ? AND bounds = ?"
    row = connection.execute(sql, key).fetchone()
    if row is None:
        insert = "INSERT INTO series (device, name, labels, type, scale, bounds) VALUES (?, ?, ?, ?, ?, ?) RETURNING id"
        row = connection.execute(insert, key).fetchall()[0]
    return int(row[0])


def _place(connection: sqlite3.Connection, group: int, ids: Iterable[int], series: Iterable[KeptSeries]) -> None:
    first = 0
    for number, one in zip(ids, series, strict=True):
        connection.execute("INSERT INTO grp_series VALUES (?, ?, ?)", (number, group, first))
        first += one.width


def series_of(row: tuple[str, str, int, int, str]) -> KeptSeries:
    """A series from its name, labels, type, scale and bounds. errors.UNREADABLE where they are none."""
    name, labels, kind, scale, bounds = row
    pairs = tuple((str(key), str(value)) for key, value in json.loads(labels))
    return KeptSeries(str(name), pairs, int(kind), int(scale), tuple(map(int, json.loads(bounds))))


def read_group(connection: sqlite3.Connection, group: int) -> GroupRow:
    """The group with this id, which must exist."""
    sql = "SELECT device_id, grp.platform, series FROM grp JOIN device ON device.id = device WHERE grp.id = ?"
    device_id, platform, ids = connection.execute(sql, (group,)).fetchone()
    one = "SELECT name, labels, type, scale, bounds FROM series WHERE id = ?"
    series = (connection.execute(one, (number,)).fetchone() for number in json.loads(ids))
    return GroupRow(device_id, platform, tuple(map(series_of, series)))
