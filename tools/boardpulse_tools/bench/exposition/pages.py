"""Getting /metrics with a stopwatch."""

import gzip
import http.client
import socket
import time
from types import TracebackType
from typing import NamedTuple, Self

from boardpulse_tools.bench.process_use import cpu_seconds
from boardpulse_tools.network import LOOPBACK

TIMEOUT_S = 60.0


class Scrape(NamedTuple):
    """One scrape. seconds: from the request to the last byte; cpu_s: of the serving process meanwhile."""

    seconds: float
    cpu_s: float
    began: float  # on the monotonic clock, which all processes share
    body: bytes
    packed: bool

    def text(self) -> str:
        """The page."""
        return (gzip.decompress(self.body) if self.packed else self.body).decode()


class Stopwatch:
    """Scrapes one server over a connection that stays open, as Prometheus does.

    `source`: the address to come from. A bridge compresses for clients of other addresses than loopback only.
    """

    def __init__(self, port: int, pid: int, source: str = LOOPBACK) -> None:
        self._pid = pid
        self._connection = http.client.HTTPConnection(LOOPBACK, port, timeout=TIMEOUT_S, source_address=(source, 0))

    def scrape(self, packed: bool = False) -> Scrape:
        """Get the page; HTTPException when it is not to be had."""
        headers = {"Accept": "text/plain", "Accept-Encoding": "gzip" if packed else "identity"}
        cpu, began = cpu_seconds(self._pid), time.monotonic()
        self._connection.request("GET", "/metrics", headers=headers)
        answer = self._connection.getresponse()
        body = answer.read()
        seconds = time.monotonic() - began
        if answer.status != http.client.OK:
            raise http.client.HTTPException(f"/metrics answered {answer.status}")
        is_packed = answer.headers.get("Content-Encoding") == "gzip"
        return Scrape(seconds, cpu_seconds(self._pid) - cpu, began, body, is_packed)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._connection.close()


def outer_address() -> str | None:
    """An address of this machine that is not loopback; None where it has none. Nothing is sent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # TEST-NET-1: the way there says which address we would come from
        except OSError:
            return None
        address = str(probe.getsockname()[0])
    return None if address.startswith("127.") else address
