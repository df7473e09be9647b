"""A board that already runs the firmware, behind the serial port that PORT names: the real bridge on it."""

import os
import time
from collections.abc import Iterator

import pytest

from boardpulse_tools.bridge import Bridge
from boardpulse_tools.processes import wait_until
from boardpulse_tools.scrape import total

PORT = os.environ.get("PORT", "")
FRAMES = int(os.environ.get("FRAMES", "30"))
HELLO_S = 40.0  # the firmware's longest pause before it sends an unacknowledged frame again is 30 s
SLOWEST_FRAME_S = 5.0


@pytest.fixture(scope="module")
def bridge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bridge]:
    """A bridge that listens to the board."""
    bridge = Bridge(tmp_path_factory.mktemp("hil"), [PORT])
    bridge.start()
    yield bridge
    bridge.stop()


def online(bridge: Bridge) -> bool:
    """Whether a board is heard on the port."""
    return total(bridge.page(), "device_connection_status", port=PORT) == 1


def arrived(bridge: Bridge) -> float:
    """Reliable frames that have arrived."""
    page = bridge.page()
    return total(page, "device_frames_received_total") + total(page, "device_frames_recovered_total")


def test_the_board_says_who_it_is(bridge: Bridge) -> None:
    """A hello comes, and with it device_info."""
    wait_until(lambda: online(bridge), HELLO_S, f"hello on {PORT}", bridge.process)
    assert total(bridge.page(), "device_info") == 1


def test_frames_stream_and_the_ledger_adds_up(bridge: Bridge) -> None:
    """FRAMES frames arrive, none is lost or refused, and what was expected is what is accounted for."""
    wait_until(lambda: online(bridge), HELLO_S, f"hello on {PORT}", bridge.process)
    goal = arrived(bridge) + FRAMES
    wait_until(lambda: arrived(bridge) >= goal, FRAMES * SLOWEST_FRAME_S, f"{FRAMES} frames", bridge.process)
    page = bridge.page()
    accounted = sum(
        total(page, f"device_frames_{name}_total") for name in ("received", "recovered", "lost", "dropped_on_device")
    )
    # A frame may be on the line while the page is made.
    assert 0 <= total(page, "device_frames_expected_total") - accounted <= 1
    assert total(page, "device_frames_lost_total") == 0
    assert total(page, "boardpulse_frames_rejected_total", source="serial") == 0


def test_values_are_fresh(bridge: Bridge) -> None:
    """The board's free memory is on the page, and the board was heard within seconds."""
    wait_until(lambda: online(bridge), HELLO_S, f"hello on {PORT}", bridge.process)
    wait_until(
        lambda: total(bridge.page(), "device_memory_free_bytes") > 0, HELLO_S, "a value of free memory", bridge.process
    )
    age = time.time() - total(bridge.page(), "device_last_seen_timestamp_seconds")
    assert -1 < age < HELLO_S
