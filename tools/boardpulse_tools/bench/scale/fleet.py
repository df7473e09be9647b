"""A made fleet in this process: the real core, engine and exposition without sockets, for this bench's programs."""

import gc
import os
import time
from collections.abc import Iterator
from itertools import count, islice

from boardpulse_tools.bench import fleet_load
from boardpulse_tools.bench.process_use import rss_bytes
from boardpulse_tools.bench.scale.passing import Passing
from host_bridge.core.fleet import Fleet
from host_bridge.core.received import FRAME, Received
from host_bridge.core.timers import LOOK_S, SWEEP_S
from host_bridge.engine import BATCH, Engine
from host_bridge.settings import Limits, Settings, Threshold
from host_bridge.sinks.exposition import Exposition

PIECE = 1_000  # frames that are made at once where memory is looked at
_PORT = "mqtt://127.0.0.1:1883"
# As people set them; neither is ever crossed by the load.
THRESHOLDS = (
    Threshold("hot", "device_temperature_celsius", warning_above=85, critical_above=100),
    Threshold("heap", "device_memory_free_bytes", warning_below=10_000, critical_below=5_000),
)


class MadeFleet:
    """`devices` boards of twelve series, thresholds on; history off, unless `keep`. It lives in the machine's time,
    or in one that passes with its messages."""

    def __init__(self, devices: int, keep: bool = False, passing: Passing | None = None, batch: int = 1) -> None:
        """`batch`: samples of a frame; of many, which are a millisecond apart."""
        self.devices = devices
        self._batch = batch
        self._passing = passing
        self._clock = passing.monotonic if passing else time.monotonic
        self._wall = passing.wall if passing else time.time
        self._interval_ms = round(passing.spacing_s * 1000) if passing else fleet_load.INTERVAL_MS
        self._apart_ms = self._interval_ms if batch == 1 else 1
        room = Limits(max_devices=devices + 1, max_series=max(500_000, devices * 2 * fleet_load.SERIES))
        self.fleet = Fleet(Settings(room, THRESHOLDS, keep=keep))
        self.exposition = Exposition(self.fleet.dirty)
        self.engine = Engine(
            self.fleet,
            log=lambda line: None,
            catch_up=self.exposition.catch_up,
            clock=passing.monotonic if passing else None,
            wall=passing.wall if passing else None,
        )
        self._frames = self._endless()
        self._born = self._clock()
        self._ahead_s = 0.0

    def greet(self) -> None:
        """Have every device say hello."""
        now = self._wall()
        for device in range(self.devices):
            hello = fleet_load.hello(device, now, self._apart_ms, self._interval_ms)
            self.take([self._received(device, hello, "hello")])

    def frames(self, n: int) -> list[Received]:
        """The next `n` frames, of one device after another."""
        return list(islice(self._frames, n))

    def take(self, received: list[Received]) -> float:
        """Hand frames to the engine, as sources do; seconds of this thread's processor time."""
        engine = self.engine
        began = time.thread_time()
        for first in range(0, len(received), BATCH):
            for one in received[first : first + BATCH]:
                engine.submit(one)
            engine.step(0.0)
        took = time.thread_time() - began
        if engine.bugs or engine.queue_depth or engine.refused_full:
            raise RuntimeError(f"the engine has not taken what it was given: {engine.problem or 'its queue is full'}")
        return took

    def handle(self, received: list[Received]) -> float:
        """Hand frames to the core alone; seconds of this thread's processor time."""
        handle = self.fleet.handle
        now = self._clock()
        began = time.thread_time()
        for one in received:
            handle(one, now)
        return time.thread_time() - began

    def sweep(self) -> float:
        """Seconds of processor time of a look at every device: so much later than the last that all are due for it."""
        self._ahead_s += LOOK_S + SWEEP_S
        began = time.thread_time()
        self.fleet.tick(self._clock() + self._ahead_s, self._wall())
        return time.thread_time() - began

    def draw(self) -> tuple[float, int]:
        """Seconds of processor time for the devices' page, and its bytes."""
        began = time.thread_time()
        page = self.exposition.render()
        return time.thread_time() - began, len(page)

    def run(self, messages: int) -> None:
        """Take so many frames, made in small pieces."""
        for first in range(0, messages, PIECE):
            self.take(self.frames(min(PIECE, messages - first)))

    def check(self, messages: int) -> None:
        """RuntimeError unless every frame was counted as received, once."""
        received = sum(view.ledger.received for view in self.fleet.devices())
        if received != messages:
            raise RuntimeError(f"{received} of {messages} frames were counted as received")

    def _endless(self) -> Iterator[Received]:
        for round_ in count():
            uptime_ms = 2_000 + int((self._clock() - self._born) * 1000)
            for device in range(self.devices):
                if self._passing is not None:
                    uptime_ms = self._passing.sent(device)
                yield self._received(device, self._frame(device, round_, uptime_ms), "up")

    def _frame(self, device: int, round_: int, uptime_ms: int) -> bytes:
        if self._batch == 1:
            return fleet_load.samples(device, round_, uptime_ms)
        return fleet_load.batch(device, round_, uptime_ms - (self._batch - 1), self._batch)

    def _received(self, device: int, payload: bytes, channel: str) -> Received:
        return Received("mqtt", _PORT, self._wall(), FRAME, payload, fleet_load.device_id(device), channel)


def settled_rss() -> int:
    """Memory of this process in bytes, once what is not reachable any more has gone."""
    gc.collect()
    return rss_bytes(os.getpid())
