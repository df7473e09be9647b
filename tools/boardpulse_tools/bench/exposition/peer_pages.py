"""The peers with as many series, behind the same broker: ten metrics of a fifth more devices, as JSON."""

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Self

from boardpulse_tools.bench import fleet_load
from boardpulse_tools.bench.exposition.pages import Scrape, Stopwatch
from boardpulse_tools.bench.exposition.rig import Rig
from boardpulse_tools.bench.ingest import peers
from boardpulse_tools.bench.ingest.loads import PEER_TOPIC
from boardpulse_tools.bench.ingest.subjects import Running, Subject
from boardpulse_tools.network import LOOPBACK
from boardpulse_tools.processes import ProcessError, wait_until

METRICS = 10  # they are told of these ten; the first ten columns of the made fleet
TAKEN_S = 60.0


def installed(tell: Callable[[str], None]) -> tuple[list[Subject], dict[str, str]]:
    """The peers that can be had, installed where they are not, and why the others cannot."""
    return peers.available(peers.cache_folder(), tell)


class PeerPage:
    """One peer that shows `series` series, and the stopwatch on its page. Use it as a context."""

    def __init__(self, subject: Subject, folder: Path, rig: Rig, series: int) -> None:
        self.name = subject.name.replace("-", "_")
        self._subject, self._rig = subject, rig
        self._devices = series // METRICS
        self._round = -1
        with ExitStack() as stack:
            self._running: Running = subject.make(folder, rig.broker_port)
            stack.callback(self._running.process.stop)
            self._running.start()
            watch = Stopwatch(self._running.http_port, self._running.process.pid, LOOPBACK)
            self._watch = stack.enter_context(watch)
            self._wait_until_it_listens()
            self._stack = stack.pop_all()

    def _wait_until_it_listens(self) -> None:
        """It says nowhere that it has subscribed: so the first message is sent until it counts one."""

        def counted() -> bool:
            self._rig.publish(self._messages_of(0, 1))
            return self._taken() > 0

        wait_until(counted, TAKEN_S, f"message that {self.name} counts", self._running.process)

    def _taken(self) -> float:
        return self._running.taken(self._running.page())

    def _messages_of(self, round_: int, devices: int) -> Iterator[tuple[str, bytes]]:
        for device in range(devices):
            values = {
                column.metric.name.removeprefix("device_"): fleet_load.exposed(column, device, round_)
                for column in fleet_load.COLUMNS[:METRICS]
            }
            yield f"{PEER_TOPIC}/{fleet_load.device_id(device)}", json.dumps(values).encode()

    def scrape(self) -> Scrape:
        """Give every series another value, wait until the peer has them, and scrape. ProcessError: it has not."""
        self._round += 1
        expected = self._taken() + self._devices
        self._rig.publish(self._messages_of(self._round, self._devices))
        wait_until(lambda: self._taken() >= expected, TAKEN_S, f"messages taken by {self.name}", self._running.process)
        scrape = self._watch.scrape()
        shown = self._subject.series(scrape.text())
        if shown != self._devices * METRICS:
            raise ProcessError(f"{self.name} shows {shown} series, not {self._devices * METRICS}")
        return scrape

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()
