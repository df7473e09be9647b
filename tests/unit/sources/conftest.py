"""An inbox that a source delivers to, a pseudo-terminal for a UART, and a broker."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from boardpulse_tools import broker as brokers
from boardpulse_tools.broker import Broker
from host_bridge.core.received import Received
from tests.support.components import require
from tests.support.line import Board
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
