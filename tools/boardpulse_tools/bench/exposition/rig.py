"""A real broker and a real bridge, filled through its MQTT source with a made fleet that changes in rounds."""

import time
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Self

from boardpulse_tools import broker as brokers
from boardpulse_tools.bench import fleet_load
from boardpulse_tools.bench.exposition.pages import Scrape, Stopwatch
from boardpulse_tools.bench.mqtt_load import Publisher
from boardpulse_tools.bridge import Bridge
from boardpulse_tools.processes import ProcessError

LIMITS = """
[limits]
max_devices = {devices}
max_series = {series}
"""


class Rig:
    """`devices` of twelve series behind a broker, and the bridge that shows them. Use it as a context."""

    def __init__(self, folder: Path, devices: int) -> None:
        self.devices = devices
        self.round = -1
        self._sent = [0] * devices  # frames of each: who has nothing to say in a round has lost nothing
        self._born = time.monotonic()
        self._stack = ExitStack()
        try:
            broker = brokers.started(lambda: brokers.mosquitto(folder))
            self._stack.callback(broker.stop)
            self.broker_port = broker.port
            self.bridge = self.make_bridge(folder, broker.port)
            self._stack.callback(self.bridge.stop)
            self.bridge.start()
            self._publisher = self._stack.enter_context(Publisher(broker.port))
            self._wait_for_bridge()
            self.greet()
        except BaseException:
            self._stack.close()
            raise

    def make_bridge(self, folder: Path, broker_port: int) -> Bridge:
        """The bridge, not started; history off, since nothing of it is scraped."""
        room = self.devices + 10  # beside the fleet there is the publisher itself
        more = LIMITS.format(devices=room, series=room * 2 * fleet_load.SERIES)
        return Bridge(folder, mqtt_port=broker_port, history=None, more=more)

    def _wait_for_bridge(self) -> None:
        """A bridge that has not subscribed yet would never answer."""
        deadline = time.monotonic() + 10
        while '"broker_connected": true' not in self.bridge.page("/healthz"):
            if time.monotonic() > deadline:
                raise ProcessError(f"the bridge does not reach the broker\n{self.bridge.process.last_lines()}")
            time.sleep(0.05)

    def greet(self) -> None:
        """All hellos."""
        now = time.time()
        devices = range(self.devices)
        self._publisher.publish((fleet_load.hello_topic(i), fleet_load.hello(i, now)) for i in devices)

    def next_round(self, share: float) -> Sequence[int]:
        """Every device, or a share of them, or none, sends new values; returns who, once the bridge has taken them."""
        self.round += 1
        who = fleet_load.changed_devices(self.devices, share, self.round)
        uptime_ms = 2_000 + int((time.monotonic() - self._born) * 1000)
        self._publisher.publish((fleet_load.up_topic(i), self._frame(i, uptime_ms)) for i in who)
        return who

    def _frame(self, device: int, uptime_ms: int) -> bytes:
        seq = self._sent[device]
        self._sent[device] += 1
        return fleet_load.samples(device, self.round, uptime_ms, seq)

    def publish(self, messages: Iterable[tuple[str, bytes]]) -> None:
        """Publish what is for others at this broker."""
        self._publisher.publish(messages)

    def stopwatch(self, source: str) -> Stopwatch:
        """To scrape the bridge from an address of this machine."""
        return Stopwatch(self.bridge.port, self.bridge.process.pid, source)

    def check(self, scrape: Scrape, who: Sequence[int]) -> int:
        """Lines of the page with a value. ProcessError when a device does not stand there with what it sent last."""
        lines = [line for line in scrape.text().splitlines() if not line.startswith("#")]
        shown = {line.rpartition(" ")[0]: line.rpartition(" ")[2] for line in lines}
        for column in fleet_load.COLUMNS:
            for i in who:
                found = shown.get(fleet_load.series(column, i))
                if found is None or float(found) != fleet_load.exposed(column, i, self.round):
                    raise ProcessError(f"{fleet_load.series(column, i)} is {found} on the page")
        return len(lines)

    def close(self) -> None:
        """End what was started."""
        self._stack.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
