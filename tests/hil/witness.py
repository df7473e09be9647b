"""What came over the line, byte for byte, seen by us and not by the bridge: a second opinion for the ledger."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from host_bridge.core.catalogue import BY_KEY
from shared_schema import columns
from shared_schema import messages as m
from shared_schema.cbor_reader import loads
from shared_schema.errors import PeerError
from shared_schema.framing import BAD, FRAME, TEXT, Deframer
from shared_schema.parse import parse

USED_BYTES = 2  # key of device_memory_used_bytes
END = re.compile(r"hil: boot (\d+) made (\d+) acknowledged (\d+) in (\d+) ms")


@dataclass
class Boot:
    """One run of the board: what of it arrived, and what the board says at its end."""

    number: int
    hello: Any = None
    seqs: set[int] = field(default_factory=set)
    again: int = 0
    used_bytes: list[int] = field(default_factory=list)
    delivered: set[str] = field(default_factory=set)
    complaints: list[str] = field(default_factory=list)
    bye: bool = False
    made: int | None = None
    acknowledged: int | None = None
    took_ms: int | None = None

    @property
    def declared(self) -> set[str]:
        """The names of the metrics that the hello promises."""
        groups = [] if self.hello is None else self.hello.groups
        return {_name(series) for group in groups for series in group.series}


class Witness:
    """Takes the bytes of a line. `boots` are in the order in which they were met."""

    def __init__(self) -> None:
        self.boots: dict[int, Boot] = {}
        self.console: list[str] = []
        self.bad: list[str] = []
        self._deframer = Deframer()

    @property
    def last(self) -> Boot | None:
        """The boot that spoke last for the first time."""
        return next(reversed(self.boots.values()), None)

    def feed(self, data: bytes) -> None:
        """Take what came; b"" when the line is silent."""
        for what, payload in self._deframer.feed(data) if data else self._deframer.flush():
            if what == FRAME and isinstance(payload, bytes):
                self._frame(payload)
            elif what == TEXT:
                self._line(str(payload))
            elif what == BAD:
                self.bad.append(str(payload))

    def _line(self, line: str) -> None:
        self.console.append(line)
        match = END.search(line)
        if match:
            boot = self._boot(int(match[1]))
            boot.made, boot.acknowledged, boot.took_ms = int(match[2]), int(match[3]), int(match[4])

    def _boot(self, number: int) -> Boot:
        return self.boots.setdefault(number, Boot(number))

    def _frame(self, frame: bytes) -> None:
        try:
            message: Any = parse(loads(frame))
        except PeerError as error:
            self.bad.append(str(error))
            return
        boot = self._boot(message.boot)
        if message.kind == m.HELLO:
            boot.hello = message
        if message.kind not in m.RELIABLE_KINDS:
            return
        if message.seq in boot.seqs:
            boot.again += 1
            return
        boot.seqs.add(message.seq)
        if message.kind == m.SAMPLES:
            _samples(boot, message)
        elif message.kind == m.EVENT and message.severity >= m.SEVERITIES.index("warning"):
            boot.complaints.append(f"{message.source}: {message.message}".removeprefix(": "))
        elif message.kind == m.BYE:
            boot.bye = True


def _samples(boot: Boot, message: Any) -> None:
    if boot.hello is None or message.declaration != boot.hello.declaration:
        return
    for series, values in _columns(boot.hello.groups[message.group].series, message):
        given = [value for value in values if value is not None]
        if given:
            boot.delivered.add(_name(series))
        if series.key == USED_BYTES and series.labels[:1] == ("gc",):
            boot.used_bytes += [int(value) for value in given]


def _columns(declared: list[Any], message: Any) -> Iterator[tuple[Any, list[Any]]]:
    at = 0
    for series in declared:
        wide = 1
        if series.custom is not None:
            wide = series.custom.columns
        elif series.key in BY_KEY and BY_KEY[series.key].bounds:
            wide = len(BY_KEY[series.key].bounds) + 2
        if at < len(message.columns):
            yield series, columns.expand(message.columns[at], message.n)
        at += wide


def _name(series: Any) -> str:
    known = BY_KEY.get(series.key)
    base = series.custom.name if series.custom is not None else known.name if known else f"key {series.key}"
    return base + (f"{{{','.join(series.labels)}}}" if series.labels else "")
