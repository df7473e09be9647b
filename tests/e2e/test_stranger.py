"""SPEC.md is enough: a board written from it alone (tests/support/stranger.py) is accepted by the bridge, over both
links, with a key and without."""

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.processes import MQTT, UART
from tests.support.stranger import COMMAND_RESULT, EVENT, RESET, SET, Board, MqttBoard
from tests.support.stranger_rig import KEY, OTHER_KEY, Rig
from tests.support.stranger_wire import decode, encode, seal
from tests.support.waiting import until

TEMPERATURE, HISTOGRAM = 0, 1
POWER_ON, DEEP_SLEEP = {9: 1}, {9: 4, 13: 1}
INFO = {"firmware_version": "9.9", "runtime": "none", "board": "Kiln", "mcu": "x", "application": "a"}


@pytest.fixture
def rig(tmp_path: Path, link: str, key: bytes) -> Iterator[Rig]:
    """A rig on each link, with a key and without."""
    rig = Rig(tmp_path, link, key)
    try:
        rig.start()
        yield rig
    finally:
        rig.close()


both_ways = pytest.mark.parametrize("key", [b"", KEY], ids=["bare", "sealed"])
bare = pytest.mark.parametrize("key", [b""], ids=["bare"])
sealed = pytest.mark.parametrize("key", [KEY], ids=["sealed"])
on_a_line = pytest.mark.parametrize("link", [UART])
on_mqtt = pytest.mark.parametrize("link", [MQTT])


def measure(board: Board, requests: int) -> None:
    """Five frames: a batch, a single sample, custom metrics, an event, a span; sent until they are acknowledged."""
    board.samples(TEMPERATURE, [[2150, None, 2149], [100_000] * 3, [5, 6, 7]])
    board.samples(TEMPERATURE, [[2200], [99_000], [9]])
    board.samples(HISTOGRAM, [[1], [requests], [math.nan], [4], [2], [1], [1], [2500]])
    board.event("hot", 1, {4: "kiln", 5: {"a": 1, "b": None, "c": True, "d": "x"}})
    board.span("fire", 4210, {"cone": 6})
    board.run(lambda: not board.outbox)


def shown(rig: Rig) -> list[float]:
    """What `measure` makes of the page, besides counters."""
    names = ("temperature_celsius", "memory_free_bytes", "door_open", "queue_wait_seconds_sum", "connection_status")
    return [rig.value(name) for name in names]


@both_ways
def test_a_life(rig: Rig) -> None:
    """Values, counters, a histogram; a repeat; a deep sleep; a second boot, which counts on; a stop."""
    first = rig.board(POWER_ON | {5: dict(enumerate(INFO.values(), 1))})
    measure(first, 4)
    until(lambda: shown(rig) == [22.0, 99_000, 1, 2.5, 1])
    assert rig.ledger(5) == (5, 0, 0, 0)
    assert [rig.value("queue_wait_seconds_bucket", le=le) for le in ("0.001", "0.01", "0.1", "+Inf")] == [4, 6, 7, 8]
    assert rig.value("info", **INFO) == 1
    assert [rig.value("firings_total"), rig.value("energy_joules_total")] == [4, 0.009]
    assert rig.value("events_total", type="alarm", severity="info") == 1
    assert (rig.state(), rig.value("boots_total", reset_cause="power_on")) == ("online", 1)
    assert math.isnan(rig.value("pressure_pascals"))
    first.transmit("up", encode([3, first.boot, 3, 5, {1: 1, 2: 1, 3: "hot"}]), 3)
    until(lambda: rig.value("frames_repeated_total") == 1)
    assert rig.value("events_total") == 1
    first.bye(2, 60_000)
    first.run(lambda: not first.outbox)
    until(lambda: rig.state() == "asleep")
    second = rig.board(DEEP_SLEEP)
    measure(second, 3)
    until(lambda: rig.value("firings_total") == 7)
    assert rig.value("queue_wait_seconds_count") == 16
    assert rig.ledger(11) == (11, 0, 0, 0)
    assert (rig.state(), rig.value("boots_total", reset_cause="deep_sleep")) == ("online", 1)
    second.bye(0)
    second.run(lambda: not second.outbox)
    until(lambda: (rig.state(), rig.value("connection_status")) == ("stopped", 0))
    assert rig.rejected() == {}


@bare
@on_a_line
def test_what_is_lost_on_the_line(rig: Rig) -> None:
    """It is sent again and counted as recovered; what the board gives up instead is counted as dropped."""
    board = rig.board(POWER_ON)
    board.event("0")
    late = board.event("1", lost=True)
    board.event("2")
    board.run(lambda: list(board.outbox) == [late, late + 1])
    board.run(lambda: not board.outbox)
    assert rig.ledger(3) == (2, 1, 0, 0)
    board.drop(board.event("3", lost=True))
    board.event("4")
    board.run(lambda: not board.outbox)
    assert rig.ledger(5) == (3, 1, 0, 1)


@both_ways
def test_a_bridge_that_restarts_asks_and_takes_up(rig: Rig) -> None:
    """It has lost its history, and forgotten everything; what the board holds meanwhile arrives all the same."""
    board = rig.board(POWER_ON)
    measure(board, 4)
    rig.ledger(5)
    rig.bridge.stop()
    rig.bridge.history.unlink()
    for celsius in (23, 24):
        board.samples(TEMPERATURE, [[celsius * 100], [99_000], [10]])
    rig.start()
    board.run(lambda: not board.outbox)
    until(lambda: rig.value("temperature_celsius") == 24)
    rig.ledger(2)
    assert (rig.state(), rig.rejected(), board.refused) == ("online", {}, [])
    if rig.link == UART:
        assert [9, board.boot] in board.heard


@both_ways
def test_a_bridge_that_restarts_goes_on_where_it_was(rig: Rig) -> None:
    """It asks for nothing, and its ledger goes on."""
    board = rig.board(POWER_ON)
    measure(board, 4)
    rig.ledger(5)
    rig.bridge.stop()
    for celsius in (23, 24):
        board.samples(TEMPERATURE, [[celsius * 100], [99_000], [10]])
    rig.start()
    board.run(lambda: not board.outbox)
    until(lambda: rig.value("temperature_celsius") == 24)
    rig.ledger(7)
    assert (rig.state(), rig.rejected(), board.refused) == ("online", {}, [])
    assert [9, board.boot] not in board.heard


@both_ways
def test_commands(rig: Rig) -> None:
    """Executed once, answered each time; samples of before and after a change of the declaration are understood."""
    board = rig.board(POWER_ON)
    measure(board, 4)
    board.samples(TEMPERATURE, [[2300], [1], [1]], lost=True)

    def command(kind: int, number: int, what: Any) -> tuple[int, int]:
        """The command comes down; the answer's number and code."""
        frame = encode([kind, board.boot, number, what])
        before = board.seq
        board.take(seal(rig.key, "kiln-1", frame) if rig.key else frame)
        body = decode(board.outbox[before])[4]
        assert body[1] == COMMAND_RESULT
        return body[8], body[9]

    assert command(SET, 1, {1: [[TEMPERATURE, 500]], 4: [1_900_000_000, 250, 40]}) == (1, 0)
    assert command(SET, 1, {1: [[TEMPERATURE, 700]]}) == (1, 0)
    assert command(SET, 2, {1: [[TEMPERATURE, 700], [9, 1000]]}) == (2, 1)
    assert (board.groups[TEMPERATURE][0], board.declaration) == (500, 1)
    board.samples(TEMPERATURE, [[2400, 2500], [2, 3], [2, 3]])
    board.again()
    board.run(lambda: not board.outbox)
    until(lambda: rig.value("temperature_celsius") == 25)
    until(lambda: rig.value("events_total", type="command") == 3)
    assert rig.value("clock_anchors_refused_total") == 1  # it is in the future
    assert command(RESET, 3, 0) == (3, 0)
    board.run(lambda: not board.outbox)
    rig.ledger(12)
    assert rig.rejected() == {}


@bare
@on_a_line
def test_a_bye_that_is_sent_again_wakes_nobody(rig: Rig) -> None:
    """The ack of a bye may be lost."""
    board = rig.board(POWER_ON)
    board.bye(2, 60_000)
    board.again()
    board.run(lambda: not board.outbox)
    until(lambda: rig.value("frames_repeated_total") == 1)
    assert rig.state() == "asleep"


@sealed
@on_mqtt
def test_a_topic_is_for_the_device_that_it_names(rig: Rig) -> None:
    """Frames without a tag, with another board's key, with another board's kid: all refused."""
    board = rig.board(POWER_ON)
    measure(board, 4)
    frame = encode([EVENT, board.boot, board.seq, 5, {1: 1, 2: 1, 3: "no"}])
    assert isinstance(board, MqttBoard)
    for data in (seal(OTHER_KEY, "kiln-2", frame), frame, seal(OTHER_KEY, "kiln-1", frame)):
        board.publish("up", data)
    until(lambda: rig.rejected().get("auth") == 2)
    assert rig.rejected() == {"auth": 2, "identity": 1}
    assert rig.ledger(5) == (5, 0, 0, 0)
