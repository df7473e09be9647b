"""Boards and cables that end with their test."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from boardpulse_tools import broker as brokers
from boardpulse_tools.broker import Broker
from tests.e2e.firmware.boards import INTERPRETERS, Board, Cable
from tests.support.components import require

Start = Callable[..., Board]


@pytest.fixture(params=INTERPRETERS)
def interpreter(request: pytest.FixtureRequest) -> str:
    """Each interpreter that the firmware runs on as a process."""
    name: str = request.param
    return name


@pytest.fixture
def start(interpreter: str, tmp_path: Path) -> Iterator[Start]:
    """start(config, program=None) → a running Board."""
    boards: list[Board] = []

    def begin(config: dict[str, Any], program: str | None = None) -> Board:
        folder = tmp_path / f"board{len(boards)}"
        folder.mkdir()
        boards.append(Board(interpreter, folder, config, program))
        return boards[-1]

    yield begin
    for board in boards:
        print(board.console())
        board.close()


@pytest.fixture
def cable() -> Iterator[Cable]:
    """A line to a board."""
    cable = Cable()
    yield cable
    cable.close()


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    """A mosquitto that runs."""
    require("mosquitto")
    broker = brokers.started(lambda: brokers.mosquitto(tmp_path / "broker"))
    yield broker
    broker.stop()
