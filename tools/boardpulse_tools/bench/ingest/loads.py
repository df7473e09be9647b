"""The files that the publisher sends, one for each kind of subject, made once before the first round."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from boardpulse_tools.bench.ingest import packets
from boardpulse_tools.bench.ingest.fleet import Fleet
from boardpulse_tools.bench.ingest.packets import PacketFile
from boardpulse_tools.bench.ingest.subjects import Subject
from boardpulse_tools.bench.trace import CATALOGUE_NAMES
from host_bridge.core.catalogue import BY_KEY
from shared_schema.messages import topic

PACED, FLOOD = 0, 1  # which boot of the boards
PEER_TOPIC = "fleet"


@dataclass(frozen=True, slots=True)
class Plan:
    """How much is sent: `devices` boards, `rate` messages a second; the times in seconds, the floods in messages.

    A thousand boards that sample once a second, which all subjects bear. Peers get a third of the flood: they take
    longer for it, and what is wanted is a rate.
    """

    devices: int = 1000
    rate: float = 1000
    warm_up_s: float = 2
    window_s: float = 6
    latency_s: float = 5
    frames_flood: int = 60_000
    json_flood: int = 20_000

    @property
    def warm_up(self) -> int:
        """Messages before anything is measured."""
        return round(self.warm_up_s * self.rate)

    @property
    def window(self) -> int:
        """Messages whose cost is measured."""
        return round(self.window_s * self.rate)

    @property
    def paced(self) -> int:
        """Messages at the given rate, in all."""
        return self.warm_up + self.window + round(self.latency_s * self.rate)

    def flood(self, as_json: bool) -> int:
        """Messages at once."""
        return self.json_flood if as_json else self.frames_flood


class Loads:
    """Files in `folder`."""

    def __init__(self, plan: Plan, folder: Path) -> None:
        self.plan = plan
        self._folder = folder
        self._files: dict[tuple[bool, int, int, int], PacketFile] = {}

    def make(self, subject: Subject) -> None:
        """Make what the subject will be sent."""
        self.paced(subject)
        self.flood(subject)

    def paced(self, subject: Subject) -> PacketFile:
        """What is sent at the given rate."""
        return self._file(subject, PACED, self.plan.paced)

    def flood(self, subject: Subject) -> PacketFile:
        """What is sent at once: another boot, which was out of reach for as long as it took to make all this."""
        return self._file(subject, FLOOD, self.plan.flood(subject.json))

    def hellos(self, subject: Subject, boot: int) -> PacketFile | None:
        """What the boards say before that, now. Objects need no such thing."""
        if subject.json:
            return None
        fleet = self._fleet(subject.batch)
        sent = 0 if boot == PACED else -(-self.plan.frames_flood // fleet.devices)
        now_ms = time.time_ns() // 1_000_000
        said = (
            packets.publish(topic(fleet.name(device), "hello"), hello, qos=1, number=device, retain=True)
            for device, hello in enumerate(fleet.hellos(boot, sent, now_ms))
        )
        return PacketFile.write(self._folder / "hellos", said)

    def _file(self, subject: Subject, boot: int, count: int) -> PacketFile:
        key = subject.json, subject.batch, subject.qos, boot
        if key not in self._files:
            path = self._folder / "-".join(map(str, map(int, key)))
            self._files[key] = PacketFile.write(path, self._packets(subject, boot, count))
        return self._files[key]

    def _packets(self, subject: Subject, boot: int, count: int) -> Iterator[bytes]:
        fleet = self._fleet(subject.batch)
        if subject.json:
            topics = [f"{PEER_TOPIC}/{fleet.name(device)}" for device in range(fleet.devices)]
            messages = _objects(fleet, count)
        else:
            topics = [topic(fleet.name(device), "up") for device in range(fleet.devices)]
            messages = fleet.frames(boot, count)
        for number, (device, payload) in enumerate(messages):
            yield packets.publish(topics[device], payload, subject.qos, number)

    def _fleet(self, batch: int) -> Fleet:
        return _fleet(self.plan.devices, self.plan.rate, batch)


@cache
def _fleet(devices: int, rate: float, batch: int) -> Fleet:
    """One for all: it remembers the encoded trace."""
    return Fleet(devices, rate, batch)


def _objects(fleet: Fleet, count: int) -> Iterator[tuple[int, bytes]]:
    return ((number % fleet.devices, as_json(fleet, number)) for number in range(count))


def as_json(fleet: Fleet, number: int) -> bytes:
    """The frame of that number as an object of ten numbers in base units, as the peers want it: no time, no spaces."""
    columns = fleet.samples(number).columns
    return json.dumps(
        {name: round(columns[column][0] * 10.0**scale, 6) for column, (name, scale) in _NAMES_AND_SCALES.items()},
        separators=(",", ":"),
    ).encode()


_SCALES = {metric.name: metric.scale for metric in BY_KEY.values()}
_NAMES_AND_SCALES = {column: (name.removeprefix("device_"), _SCALES[name]) for column, name in CATALOGUE_NAMES.items()}
