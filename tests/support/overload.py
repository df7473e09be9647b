"""A bridge under more than it bears: hundreds of boards behind a real broker, and somebody who looks all the time."""

import json
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any, Self

import cbor2

from boardpulse_tools import broker as brokers
from boardpulse_tools.bench.ingest import packets
from boardpulse_tools.bench.ingest.fleet import Fleet
from boardpulse_tools.bench.ingest.packets import PacketFile
from boardpulse_tools.bench.ingest.probe import DEVICE, MAX_PAUSE_S, SENT, Probe
from boardpulse_tools.bench.ingest.sending import Sender
from boardpulse_tools.bridge import Bridge
from boardpulse_tools.broker import Broker
from boardpulse_tools.processes import Process
from boardpulse_tools.scrape import total, values
from host_bridge.sinks.history.query import History
from shared_schema.messages import topic
from tests.support.components import require
from tests.support.waiting import until

DEVICES = 200
METRIC = "device_memory_free_bytes"  # that every board of the fleet has
PARTS = ("expected", "received", "recovered", "lost", "dropped_on_device", "repeated", "too_old")
VISIBLE_S = 1.0
FOREVER_MS = 1 << 52
LOOK_S = 0.02

# The bridge as it is, but for one thing that takes as long as a file is there.
_PROGRAM = """
import pathlib, time
from {module} import {name}
as_it_is = {name}.{method}
def slow(*words, **named):
    while pathlib.Path({file!r}).exists():
        time.sleep(0.02)
    return as_it_is(*words, **named)
{name}.{method} = slow
from host_bridge.__main__ import main
main()
"""


class Overload:
    """Boards, a broker and a bridge. Use it with `with`."""

    def __init__(
        self,
        folder: Path,
        make_broker: Callable[[Path], Broker] = brokers.mosquitto,
        *,
        history: str | None = "",
        more: str = "",
        hangs: tuple[str, str, str] | None = None,
    ) -> None:
        """`hangs`: module, class and method of the bridge that does not come back while hold() says so."""
        require("mosquitto")
        self.folder = folder
        self._held = folder / "held"
        self._stack = ExitStack()
        self.broker = brokers.started(lambda: make_broker(folder / "broker"))
        self._stack.callback(self.broker.stop)
        self.bridge = Bridge(folder, [], self.broker.port, history=history, more=more)
        if hangs is not None:
            module, name, method = hangs
            program = _PROGRAM.format(module=module, name=name, method=method, file=str(self._held))
            words = self.bridge.process.command
            self.bridge.process.command = [sys.executable, "-c", program, *words[words.index("bridge") :]]
        self._stack.callback(self.bridge.stop)
        self.sender = Sender(self.broker.port, folder)

    def __enter__(self) -> Self:
        self.bridge.start()
        until(lambda: self.total("boardpulse_broker_connected") == 1)
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def total(self, name: str, **labels: str) -> float:
        """The sum of a metric on /metrics."""
        return total(self.bridge.page(), name, **labels)

    def ledger(self) -> dict[str, float]:
        """What became of all frames of the fleet."""
        page = values(self.bridge.page())
        sums = dict.fromkeys(PARTS, 0.0)
        for (name, labels), value in page.items():
            part = name.removeprefix("device_frames_").removesuffix("_total")
            if part in sums and ("device_id", DEVICE) not in labels:
                sums[part] += value
        return sums

    def fleet(self, count: int, rate: float, qos: int, batch: int = 1) -> PacketFile:
        """Have the boards say hello; `count` frames of them, of `batch` samples each, for sending() and send()."""
        fleet = Fleet(DEVICES, rate, batch)
        frames = (
            packets.publish(topic(fleet.name(device), "up"), frame, qos, number)
            for number, (device, frame) in enumerate(fleet.frames(0, count))
        )
        file = PacketFile.write(self.folder / "frames", frames)
        self._say(fleet, fleet.hellos(0, 0, time.time_ns() // 1_000_000))
        until(lambda: self.total("boardpulse_devices") == DEVICES)
        return file

    def nothing_held(self, count: int, rate: float, batch: int = 1) -> None:
        """The boards say that they made `count` frames and hold none any more, as they do when a number is missing."""
        fleet, sent = Fleet(DEVICES, rate, batch), count // DEVICES
        hellos = [cbor2.loads(hello) for hello in fleet.hellos(0, sent, time.time_ns() // 1_000_000)]
        for *_, body in hellos:
            body[7][:2] = [sent, 0]
        self._say(fleet, map(cbor2.dumps, hellos))

    def _say(self, fleet: Fleet, hellos: Iterable[bytes]) -> None:
        said = (
            packets.publish(topic(fleet.name(device), "hello"), hello, 1, device, retain=True)
            for device, hello in enumerate(hellos)
        )
        self.sender.send(PacketFile.write(self.folder / "hellos", said), 0, DEVICES, 0)

    @contextmanager
    def sending(self, file: PacketFile, rate: float) -> Iterator[Process]:
        """A process that sends all of the file; afterwards the broker has it."""
        with self.sender.sending(file, 0, file.count, rate) as process:
            yield process
            process.wait(60)

    @contextmanager
    def held(self) -> Iterator[None]:
        """What `hangs` names does not come back meanwhile."""
        self._held.touch()
        try:
            yield
        finally:
            self._held.unlink()

    def health(self) -> dict[str, Any]:
        """What /healthz says."""
        found: dict[str, Any] = json.loads(self.bridge.page("/healthz"))
        return found

    def kept(self) -> list[int]:
        """For each board how many samples are in the history; AssertionError when one is there twice."""
        with closing(History.open(self.bridge.history)) as history:
            names = [f"bench-{device:05d}" for device in range(DEVICES)]
            found = [history.samples(name, METRIC, 0, FOREVER_MS) for name in names]
        times = [[time_ms for series in one for time_ms in series.times] for one in found]
        assert all(len(set(one)) == len(one) for one in times)
        return [len(one) for one in times]


class Watch:
    """Reads /metrics over and over, on a thread, and what a board besides the fleet publishes meanwhile."""

    def __init__(self, rig: Overload, qos: int = 1) -> None:
        self._bridge = rig.bridge
        self._probe = Probe(rig.broker.port, qos)
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self.scrapes_s: list[float] = []
        self.ages_s: list[float] = []  # of what the page showed of the board, each time that it was read
        self.seen: list[dict[str, float]] = []  # the bridge's own numbers, each time that it was read
        self.failed = ""

    def __enter__(self) -> Self:
        self._probe.__enter__()
        self._thread.start()
        until(lambda: self.ages_s or self.failed)
        self.ages_s.clear()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join(10)
        self._probe.__exit__(None, None, None)

    def most(self, name: str) -> float:
        """The greatest value that a metric of the bridge had."""
        return max(one[name] for one in self.seen)

    def assert_page_lives(self) -> None:
        """Each scrape took less than a second, and what boards publish was on the page within one more."""
        assert self.failed == ""
        assert len(self.scrapes_s) > 5
        assert max(self.scrapes_s) < VISIBLE_S, sorted(self.scrapes_s)[-5:]
        assert max(self.ages_s) < VISIBLE_S + MAX_PAUSE_S, sorted(self.ages_s)[-5:]

    def _look(self) -> None:
        try:
            with self._bridge.scraper() as scraper:
                while not self._ended.wait(LOOK_S):
                    began = time.monotonic()
                    page = scraper.get()
                    self.scrapes_s.append(time.monotonic() - began)
                    self._note(page, time.time())
        except Exception as error:  # noqa: BLE001  # a thread's end has to be seen by the test
            self.failed = repr(error)

    def _note(self, page: str, now: float) -> None:
        """Only the lines that are of interest are read: the page has thousands."""
        at = page.find(f'\ndevice_{SENT}_seconds{{device_id="{DEVICE}"')
        if at >= 0:
            self.ages_s.append(now - float(page[page.index("} ", at) + 2 : page.index("\n", at + 1)]))
        own = "\n".join(line for line in page.splitlines() if line.startswith("boardpulse_"))
        numbers: dict[str, float] = {}
        for (name, _), value in values(own).items():
            numbers[name] = numbers.get(name, 0.0) + value
        self.seen.append(numbers)
