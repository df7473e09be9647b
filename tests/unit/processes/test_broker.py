"""The brokers that demos, benches and tests start."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from boardpulse_tools import broker as brokers
from boardpulse_tools.network import LOOPBACK, free_port, listening
from boardpulse_tools.processes import Process, ProcessError
from tests.support.components import require

Make = Callable[[Path], brokers.Broker]


@pytest.fixture(params=["embedded", "mosquitto"])
def make(request: pytest.FixtureRequest) -> Make:
    if request.param == "mosquitto":
        require("mosquitto")
        return brokers.mosquitto
    return brokers.embedded


def test_a_broker_accepts_connections_until_it_is_stopped(make: Make, tmp_path: Path) -> None:
    broker = brokers.started(lambda: make(tmp_path))
    try:
        assert broker.ready
    finally:
        broker.stop()
    assert not broker.ready


def test_it_listens_on_loopback_only(make: Make, tmp_path: Path) -> None:
    """Every address of 127/8 reaches a server on 0.0.0.0; only the first reaches one on 127.0.0.1."""
    broker = brokers.started(lambda: make(tmp_path))
    try:
        assert not listening("127.0.0.2", broker.port)
    finally:
        broker.stop()


def test_a_broker_whose_port_was_taken_is_started_on_another(tmp_path: Path) -> None:
    taken = brokers.started(lambda: brokers.embedded(tmp_path))
    ports = iter([taken.port, free_port()])
    try:
        broker = brokers.started(lambda: brokers.embedded(tmp_path, next(ports)))
        broker.stop()
        assert broker.port != taken.port
    finally:
        taken.stop()


def test_a_broker_that_never_comes_up_says_why(tmp_path: Path) -> None:
    program = [sys.executable, "-c", "raise SystemExit('no such option')"]
    with pytest.raises(ProcessError, match="no such option"):
        brokers.started(lambda: brokers.Broker("broken", Process("broker", program, tmp_path / "log"), free_port()))


def test_nothing_listens_on_a_free_port() -> None:
    assert not listening(LOOPBACK, free_port())
