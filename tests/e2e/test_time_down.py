"""Boards without a wall clock, as firmware on the unix port whose clock was never set: the bridge tells the time."""

import time
from pathlib import Path
from typing import Any

import pytest

from shared_schema.cbor_reader import loads
from shared_schema.framing import FRAME, Deframer
from shared_schema.parse import parse
from tests.support.processes import MQTT, SAME_EVERYWHERE, UART, Chain

DEVICE = "clockless"
HELLO, BRIDGE = 1, 3
NO_CLOCK = """
import sys
import boardpulse
from boardpulse import posix
posix.wall_clock = lambda: (0, 0, 0)
sys.exit(boardpulse.main(sys.argv[1]))
"""


def commands(chain: Chain) -> float:
    """Commands that the board has answered."""
    return chain.total("device_events_total", device_id=DEVICE, type="command", severity="info")


def anchors(line: bytes) -> list[Any]:
    """What hellos on a line said of the board's clock."""
    frames = [parse(loads(bytes(payload))) for what, payload in Deframer().feed(line) if what == FRAME]
    return [frame.anchor for frame in frames if frame.kind == HELLO]


@pytest.mark.parametrize("link", [UART, MQTT])
def test_a_board_without_a_clock_gets_one(tmp_path: Path, link: str) -> None:
    """Once. It answers, and says hello with the time that it has now; its samples are dated by their arrival still."""
    with Chain(tmp_path, [link]) as chain:
        chain.board(link, NO_CLOCK, device_id=DEVICE, sensors=SAME_EVERYWHERE)
        chain.wait(lambda: commands(chain) == 1, "answer to the time")
        chain.wait_for_samples(DEVICE, 20)
        assert commands(chain) == 1
        assert chain.values("device_clock_source", device_id=DEVICE, source="arrival") == [1]
        assert chain.values("device_clock_offset_seconds", device_id=DEVICE) == []
        if chain.cable is not None:
            first, *_, last = anchors(bytes(chain.cable.from_board))
            assert first is None
            assert last[2] == BRIDGE
            assert abs(last[0] - time.time()) < 30
            assert last[1] < 1000


def test_a_board_with_a_clock_is_told_nothing(tmp_path: Path) -> None:
    """Its operating system has one."""
    with Chain(tmp_path, [UART]) as chain:
        chain.board(UART, device_id=DEVICE, sensors=SAME_EVERYWHERE)
        chain.wait_for_samples(DEVICE, 30)
        assert commands(chain) == 0
        assert chain.values("device_clock_source", device_id=DEVICE, source="os") == [1]


@pytest.mark.parametrize("link", [UART, MQTT])
def test_a_board_that_sleeps_gets_it_in_its_window(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, link: str) -> None:
    """It is awake for a moment in each period."""
    monkeypatch.setenv("BOARDPULSE_MEMORY", str(tmp_path / "memory"))
    with Chain(tmp_path, [link]) as chain:
        sleep = {"mode": "light", "period_ms": 1500, "awake_ms": 1200}
        chain.board(link, NO_CLOCK, device_id=DEVICE, sleep=sleep, sensors=SAME_EVERYWHERE)
        chain.wait(lambda: commands(chain) == 1, "answer to the time")
        before = chain.arrived(DEVICE)
        chain.wait(lambda: chain.arrived(DEVICE) > before + 2, "frames")
        assert commands(chain) == 1
