"""A store in memory: what a fleet wants kept, applied as a store does, and given back as Fleet.restore() takes it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from host_bridge.core.records import (
    BootRecord,
    DeviceRecord,
    EventRecord,
    HelloRecord,
    KeptBoot,
    KeptDevice,
    Record,
    SamplesRecord,
)
from host_bridge.settings import Settings
from tests.support.boards import Bridge


@dataclass
class Memory:
    """Commits everything at once."""

    samples: list[SamplesRecord] = field(default_factory=list)
    events: list[EventRecord] = field(default_factory=list)
    _devices: dict[str, DeviceRecord] = field(default_factory=dict)
    _boots: dict[tuple[str, int], BootRecord] = field(default_factory=dict)
    _hellos: dict[tuple[str, int], dict[int, bytes]] = field(default_factory=dict)

    def commit(self, records: Sequence[Record]) -> None:
        """Keep a batch."""
        for record in records:
            if isinstance(record, SamplesRecord):
                self.samples.append(record)
            elif isinstance(record, EventRecord):
                self.events.append(record)
            elif isinstance(record, HelloRecord):
                known = self._hellos.setdefault((record.device_id, record.boot), {})
                known.pop(record.declaration, None)
                known[record.declaration] = record.frame
            elif isinstance(record, BootRecord):
                self._boots[record.device_id, record.boot] = record
            else:
                self._devices[record.device_id] = record
                gone = [key for key in self._boots if key[0] == record.device_id and key[1] not in record.boots]
                for key in gone:
                    del self._boots[key]

    def load(self) -> list[KeptDevice]:
        """What Fleet.restore() wants."""
        return [self._kept(record) for record in self._devices.values()]

    def _kept(self, record: DeviceRecord) -> KeptDevice:
        boots = [boot for key, boot in self._boots.items() if key[0] == record.device_id]
        kept = (
            KeptBoot(one.boot, one.state, tuple(self._hellos.get((one.device_id, one.boot), {}).values()))
            for one in boots
        )
        return KeptDevice(record.device_id, record.state, tuple(kept))


class KeepingBridge(Bridge):
    """A bridge whose records go to a Memory. commit() is what the engine does after each batch."""

    def __init__(self, memory: Memory, settings: Settings | None = None, now: float | None = None) -> None:
        super().__init__(settings or Settings(keep=True), *(() if now is None else (now,)))
        self.memory = memory
        self.fleet.restore(memory.load(), self.now, self.now)

    def commit(self) -> None:
        """Have all of it kept."""
        self.memory.commit(self.fleet.to_keep(self.now, self.now))

    def killed(self, away_s: float = 1.0) -> KeepingBridge:
        """Another process goes on with what was committed."""
        return KeepingBridge(self.memory, now=self.now + away_s)
