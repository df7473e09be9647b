"""How long it takes from a board's PUBLISH to the value on the bridge's page, while the fleet streams.

A device besides the fleet publishes at random moments a frame with a number and the time; the page is read over and
over, and its last byte is the moment at which the number in it was visible. So a latency contains one scrape of the
whole fleet: nobody sees a value sooner. Peers get the same two numbers as an object, under two of the names that they
know.
"""

from __future__ import annotations

import json
import random
import socket
import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Self

import cbor2

from boardpulse_tools.bench.first_sight import FirstSights
from boardpulse_tools.bench.ingest import packets
from boardpulse_tools.network import LOOPBACK
from boardpulse_tools.scrape import Scraper
from shared_schema.messages import HELLO, SAMPLES, WIRE_VERSION, topic

DEVICE = "bench-probe"
NUMBER, SENT = "bench_probe_number", "bench_probe_sent_timestamp"
JSON_NUMBER, JSON_SENT = "memory_used_bytes", "memory_free_bytes"
BOOT = 0x2900_0001
INTERVAL_MS = 1000
MIN_PAUSE_S, MAX_PAUSE_S = 0.15, 0.25  # longer than a scrape, so that hardly a number is replaced unseen
SCRAPE_PAUSE_S = 0.005
_TIMEOUT_S = 10.0


class Probe:
    """The device, connected to the broker at `port`, publishing with this QoS between `with` and its end.

    json_topic: where peers hear objects; empty: it sends frames.
    """

    def __init__(self, port: int, qos: int, json_topic: str = "") -> None:
        self._qos = qos
        self._json_topic = json_topic
        self._socket = socket.create_connection((LOOPBACK, port), timeout=_TIMEOUT_S)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket.sendall(packets.connect("bench-probe"))
        self._socket.recv(len(packets.CONNACK))
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="probe", daemon=True)

    def __enter__(self) -> Self:
        if not self._json_topic:
            self._socket.sendall(packets.publish(topic(DEVICE, "hello"), _hello(time.time()), retain=True))
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._ended.set()
        self._thread.join(_TIMEOUT_S)
        self._socket.close()

    def _run(self) -> None:
        """What the broker answers is left in the socket: a few bytes for each number."""
        chance = random.Random(1)  # noqa: S311 - moments, not secrets
        began = time.monotonic()
        number = 0
        while not self._ended.wait(chance.uniform(MIN_PAUSE_S, MAX_PAUSE_S)):
            uptime = 1 + round((time.monotonic() - began) * 1000)
            self._socket.sendall(self._object(number) if self._json_topic else self._frame(number, uptime))
            number += 1

    def _frame(self, number: int, uptime: int) -> bytes:
        frame = cbor2.dumps([SAMPLES, BOOT, number, uptime, 0, 0, 1, number, time.time_ns() // 1000])
        return packets.publish(topic(DEVICE, "up"), frame, self._qos, number)

    def _object(self, number: int) -> bytes:
        said = json.dumps({JSON_NUMBER: number, JSON_SENT: time.time()}).encode()
        return packets.publish(f"{self._json_topic}/{DEVICE}", said, self._qos, number)


def _hello(unix_s: float) -> bytes:
    series = [{1: NUMBER.removeprefix("device_")}, {1: SENT, 3: "seconds", 4: -6}]
    anchor = [int(unix_s), int(unix_s % 1 * 1000), 2, 20]
    body = {0: WIRE_VERSION, 1: DEVICE, 2: "bench", 3: 0, 4: [[INTERVAL_MS, 1, series]], 6: anchor}
    return cbor2.dumps([HELLO, BOOT, 0, 0, body])


def latencies_ms(http_port: int, going_on: Callable[[], bool], json_prefix: str = "") -> FirstSights:
    """Read the page as long as something goes on. json_prefix: of a peer's metrics; empty: it is the bridge's page."""
    names = f"device_{NUMBER}", f"device_{SENT}_seconds"
    if json_prefix:
        names = json_prefix + JSON_NUMBER, json_prefix + JSON_SENT
    sights = FirstSights()
    with Scraper(LOOPBACK, http_port) as scraper:
        while going_on():
            page = scraper.get()
            now = time.time()
            number, sent = (_value(page, name) for name in names)
            if number is not None and sent is not None:
                sights.see(int(number), sent, now)
            time.sleep(SCRAPE_PAUSE_S)
    return sights


def _value(page: str, name: str) -> float | None:
    """The value of the probe's metric of that name. Searched by hand: the page has ten thousand other series."""
    first = page.find(f"\n{name}{{")
    found = -1 if first < 0 else page.find(DEVICE, first)
    if found < 0:
        return None
    line = page[page.rindex("\n", 0, found) + 1 : page.index("\n", found)]
    if not line.startswith(f"{name}{{"):
        return None
    return float(line.partition("} ")[2].split(" ")[0])  # behind it a peer has a timestamp
