"""Scrapes of one size, in rounds that alternate between what has changed, how it is packed, and who is scraped."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from boardpulse_tools.bench.exposition.client_text import LabelledGauges
from boardpulse_tools.bench.exposition.pages import Scrape, Stopwatch, outer_address
from boardpulse_tools.bench.exposition.peer_pages import PeerPage
from boardpulse_tools.bench.exposition.rig import Rig
from boardpulse_tools.bench.fleet_load import SERIES
from boardpulse_tools.bench.ingest.subjects import Subject
from boardpulse_tools.bench.stats import summary
from boardpulse_tools.network import LOOPBACK

ALL, SOME, NONE = "all", "some", "none"
SHARES: Mapping[str, float] = {ALL: 1.0, SOME: 0.1, NONE: 0.0}


class Condition(NamedTuple):
    """What has changed since the scrape before, and whether the page is to be compressed."""

    changed: str
    packed: bool

    @property
    def name(self) -> str:
        """As results call it."""
        return f"{self.changed}_gzip" if self.packed else self.changed


@dataclass
class _Taken:
    """Values by what they are of: seconds and cpu_s of scrapes, and what the pages were."""

    seconds: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    cpu_s: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    lines: int = 0
    sizes: dict[str, int] = field(default_factory=dict)

    def add(self, name: str, scrape: Scrape) -> None:
        """Note a scrape."""
        self.seconds[name].append(scrape.seconds)
        self.cpu_s[name].append(scrape.cpu_s)
        self.sizes[name] = len(scrape.body)


def conditions() -> list[Condition]:
    """All of them; without gzip where this machine has no address from which a bridge would be asked for it."""
    kinds = (False,) if outer_address() is None else (False, True)
    return [Condition(changed, packed) for packed in kinds for changed in SHARES]


def measure(folder: Path, devices: int, rounds: int, peers: Sequence[Subject] = ()) -> dict[str, Any]:
    """Seconds and processor seconds of scrapes of `devices` × 12 series, and of as many of others."""
    taken = _Taken()
    gauges = LabelledGauges(devices)
    with ExitStack() as stack:
        rig = stack.enter_context(Rig(folder, devices))
        watches = {False: stack.enter_context(rig.stopwatch(LOOPBACK))}
        if (outer := outer_address()) is not None:
            watches[True] = stack.enter_context(rig.stopwatch(outer))
        pages = [stack.enter_context(PeerPage(subject, folder, rig, devices * SERIES)) for subject in peers]
        first = _scrape(rig, watches[False], Condition(ALL, False), _Taken())
        for number in range(rounds):
            order = conditions()
            for condition in order[number % len(order) :] + order[: number % len(order)]:
                _scrape(rig, watches[condition.packed], condition, taken)
            gauges.set_all(rig.round)
            taken.add("prometheus_client", gauges.scrape())
            for peer in pages:
                taken.add(peer.name, peer.scrape())
    return {
        "devices": devices,
        "series": devices * SERIES,
        "lines": taken.lines,
        "prometheus_client_lines": gauges.lines,
        "bytes": taken.sizes,
        "first_scrape_s": first.seconds,
        "seconds": {name: summary(values) for name, values in taken.seconds.items()},
        "cpu_seconds": {name: summary(values) for name, values in taken.cpu_s.items()},
    }


def _scrape(rig: Rig, watch: Stopwatch, condition: Condition, taken: _Taken) -> Scrape:
    who = rig.next_round(SHARES[condition.changed])
    scrape = watch.scrape(condition.packed)
    taken.add(condition.name, scrape)
    taken.lines = rig.check(scrape, who)
    return scrape
