"""Collects what is to be kept: the frames that were taken, and every boot and device whose state they changed."""

from __future__ import annotations

from host_bridge.core.device import Boot, Device
from host_bridge.core.records import Record
from host_bridge.core.snapshot import boot_record, device_record


class Keeping:
    """Of one fleet.

    on         whether anything is kept at all
    live_only  nothing can be kept at present: frames are shown, but neither counted nor acknowledged, so that boards
               and brokers send them again
    """

    __slots__ = ("_boots", "_devices", "_records", "live_only", "on")

    def __init__(self, on: bool) -> None:
        self.on = on
        self.live_only = False
        self._records: list[Record] = []
        self._boots: dict[Boot, Device] = {}
        self._devices: dict[Device, None] = {}

    def frame(self, record: Record) -> None:
        """A frame was taken."""
        if self.on:
            self._records.append(record)

    def boot(self, device: Device, boot: Boot) -> None:
        """The state of a boot has changed."""
        if self.on:
            self._boots[boot] = device

    def device(self, device: Device) -> None:
        """What the bridge knows of a device besides its boots has changed."""
        if self.on:
            self._devices[device] = None

    def take(self, now: float, wall: float) -> list[Record]:
        """All of it since the last call, to be committed together. States come last: they include the frames."""
        out, self._records = self._records, []
        for boot, device in self._boots.items():
            if device.boots.get(boot.id) is boot:
                out += boot.undeclared(device.device_id)
                out.append(boot_record(device, boot))
                boot.kept = True
        out += [device_record(device, now, wall) for device in self._devices]
        self._boots.clear()
        self._devices.clear()
        return out
