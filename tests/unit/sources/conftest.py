"""An inbox that a source delivers to, a pseudo-terminal for a UART, and a broker."""

import os
import tty
from collections.abc import Iterator
from pathlib import Path

import pytest

from boardpulse_tools import broker as brokers
from boardpulse_tools.broker import Broker
from host_bridge.core.received import Received
from tests.support.components import require
from tests.support.publisher import Publisher


class Inbox:
    """Takes what a source delivers; refuses everything while `full`."""

    def __init__(self) -> None:
        self.all: list[Received] = []
        self.full = False
        self.refused = 0

    def __call__(self, received: Received) -> bool:
        if self.full:
            self.refused += 1
            return False
        self.all.append(received)
        return True

    def of(self, what: int) -> list[Received]:
        """What came of one kind."""
        return [received for received in self.all if received.what == what]

    def payloads(self, what: int) -> list[bytes | str]:
        """The payloads of one kind."""
        return [received.payload for received in self.of(what)]


class Board:
    """The board's end of a line: bytes go in and out raw. `path` is the port for the bridge."""

    def __init__(self) -> None:
        self.fd, slave = os.openpty()
        tty.setraw(slave)
        self.path = os.ttyname(slave)
        self._slave: int | None = slave

    def write(self, data: bytes) -> None:
        """Send bytes to the bridge."""
        os.write(self.fd, data)

    def read(self) -> bytes:
        """What the bridge has sent; waits for the first byte."""
        return os.read(self.fd, 65536)

    def unplug(self) -> None:
        """Take the board away, its device file with it."""
        for fd in (self.fd, self._slave):
            if fd is not None:
                os.close(fd)
        self.fd, self._slave = -1, None

    def close(self) -> None:
        """Unplug it, unless that was done."""
        if self.fd >= 0:
            self.unplug()


@pytest.fixture
def inbox() -> Inbox:
    """Where sources deliver to."""
    return Inbox()


@pytest.fixture
def board() -> Iterator[Board]:
    """A board on a pseudo-terminal."""
    board = Board()
    yield board
    board.close()


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    """A running mosquitto."""
    require("mosquitto")
    broker = brokers.started(lambda: brokers.mosquitto(tmp_path))
    yield broker
    broker.stop()


@pytest.fixture
def publisher(broker: Broker) -> Iterator[Publisher]:
    """A client of the broker."""
    publisher = Publisher(broker.port)
    yield publisher
    publisher.close()
