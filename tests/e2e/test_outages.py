"""Nothing is lost and nothing stays broken when the broker, the bridge or the line have a bad moment."""

import random
import signal
import time
from pathlib import Path

import pytest

from boardpulse_tools.scrape import total
from shared_schema.framing import encode_frame
from tests.support.processes import MQTT, UART, Chain

# The acceptance of a stop: SIGTERM ends the bridge within two seconds.
STOP_LIMIT_S = 2.0
# A board makes ten frames a second.
OUTAGE_S = 1.5


def assert_nothing_lost(chain: Chain, device: str) -> None:
    """expected = received + recovered + lost + dropped, with nothing in the last two."""
    assert_ledger_adds_up(chain, device)
    assert chain.total("device_frames_lost_total", device_id=device) == 0
    assert chain.total("device_frames_dropped_on_device_total", device_id=device) == 0


def assert_ledger_adds_up(chain: Chain, device: str) -> None:
    """expected = received + recovered + lost + dropped, but for a frame that is on its way."""
    parts = ("received", "recovered", "lost", "dropped_on_device")

    def adds_up() -> bool:
        page = chain.bridge.page()
        expected = total(page, "device_frames_expected_total", device_id=device)
        accounted = sum(total(page, f"device_frames_{part}_total", device_id=device) for part in parts)
        return 0 < expected <= accounted + 1

    chain.wait(adds_up, f"ledger of {device} that adds up")


def test_a_board_is_heard_over_either_link(tmp_path: Path, link: str) -> None:
    with Chain(tmp_path, [link]) as chain:
        chain.board(link)
        chain.wait_for_samples(f"board-{link}", 10)
        assert chain.values("device_connection_status", device_id=f"board-{link}") == [1]
        assert chain.total("boardpulse_frames_rejected_total") == 0


def test_frames_made_while_the_bridge_was_away_arrive_when_it_is_back(tmp_path: Path, link: str) -> None:
    device = f"board-{link}"
    with Chain(tmp_path, [link]) as chain:
        chain.board(link)
        chain.wait_for_samples(device, 5)
        chain.bridge.process.kill()
        time.sleep(OUTAGE_S)
        chain.bridge.start()
        chain.wait(lambda: chain.arrived(device) > 0, "board on the new bridge")
        assert_nothing_lost(chain, device)
        assert chain.arrived(device) >= OUTAGE_S * 10 - 1
        chain.wait_for_samples(device, 5)
        assert chain.values("device_connection_status", device_id=device) == [1]


def test_a_broker_that_restarts_is_said_and_loses_nothing(tmp_path: Path) -> None:
    device = f"board-{MQTT}"
    with Chain(tmp_path, [MQTT]) as chain:
        assert chain.broker is not None
        chain.board(MQTT)
        chain.wait_for_samples(device, 5)
        chain.wait(lambda: chain.values("boardpulse_broker_connected") == [1], "connection to the broker")
        chain.broker.stop()
        chain.wait(lambda: chain.values("boardpulse_broker_connected") == [0], "bridge that has noticed")
        time.sleep(1)
        chain.broker.start()
        chain.wait(lambda: chain.values("boardpulse_broker_connected") == [1], "connection again", 40)
        chain.wait_for_samples(device, 10, 40)
        assert_nothing_lost(chain, device)
        assert [line["source"] for line in chain.log("link_down")] == [MQTT]


def test_what_a_killed_broker_forgot_is_counted_as_lost(tmp_path: Path) -> None:
    """Killed before it has saved the bridge's session, a broker acknowledges frames that it then gives to nobody."""
    device = f"board-{MQTT}"
    with Chain(tmp_path, [MQTT]) as chain:
        assert chain.broker is not None
        chain.board(MQTT)
        chain.wait_for_samples(device, 2)
        chain.broker.process.kill()
        chain.broker.start()
        chain.wait_for_samples(device, 10, 40)
        assert_ledger_adds_up(chain, device)


def test_a_bridge_that_starts_before_its_broker_serves_and_connects_later(tmp_path: Path) -> None:
    with Chain(tmp_path, [MQTT]) as chain:
        assert chain.broker is not None
        chain.bridge.stop()
        chain.broker.stop()
        chain.bridge.start()
        assert chain.values("boardpulse_broker_connected") == [0]
        chain.broker.start()
        chain.wait(lambda: chain.values("boardpulse_broker_connected") == [1], "connection", 40)
        chain.board(MQTT)
        chain.wait_for_samples(f"board-{MQTT}", 3)


def test_the_next_good_frame_after_any_garbage_is_decoded(tmp_path: Path) -> None:
    """Garbage between frames is counted; frames that it damages come again, because nobody acknowledged them."""
    device = f"board-{UART}"
    chance = random.Random(20261121)
    with Chain(tmp_path, [UART]) as chain:
        assert chain.cable is not None
        chain.board(UART)
        chain.wait_for_samples(device, 3)
        for _ in range(30):
            noise = chance.randbytes(chance.randint(1, 300))
            chain.cable.add_noise(chance.choice([noise, noise + b"\x00", b"\x00" + noise, b"\x00" + noise + b"\x00"]))
            time.sleep(0.05)
        chain.cable.add_noise(b"\x00" + encode_frame(b"\x85\x02 no frame")[:-3] + b"\x00")
        chain.wait_for_samples(device, 10)
        assert chain.total("boardpulse_frames_rejected_total", source="serial") > 0
        assert_nothing_lost(chain, device)


def test_console_text_on_the_line_becomes_log_lines(tmp_path: Path) -> None:
    device = f"board-{UART}"
    with Chain(tmp_path, [UART]) as chain:
        assert chain.cable is not None
        chain.board(UART)
        chain.wait_for_samples(device, 3)
        chain.cable.add_noise(b'\x00Traceback (most recent call last):\r\n  File "main.py", line 3\r\nOSError: 19\r\n')

        def said() -> str:
            return "\n".join(str(line) for line in chain.log("console"))

        chain.wait(lambda: "OSError: 19" in said(), "console text in the log")
        assert "Traceback (most recent call last):" in said()
        assert chain.cable.bridge_port in said()
        chain.wait_for_samples(device, 5)
        assert_nothing_lost(chain, device)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=["SIGTERM", "SIGINT"])
def test_a_signal_ends_the_bridge_in_order_within_two_seconds(tmp_path: Path, number: signal.Signals) -> None:
    with Chain(tmp_path) as chain:
        for link in (UART, MQTT):
            chain.board(link, interval_ms=20)
        for link in (UART, MQTT):
            chain.wait_for_samples(f"board-{link}", 20)
        began = time.monotonic()
        chain.bridge.process.signal(number)
        assert chain.bridge.process.wait(STOP_LIMIT_S) == 0
        assert time.monotonic() - began < STOP_LIMIT_S


def test_a_board_that_is_switched_off_goes_stale_and_its_values_leave_the_page(tmp_path: Path) -> None:
    """With frames ten times a second: stale after 3 × 0.1 s + 5 s. Its connection status stays, and says 0."""
    device = f"board-{UART}"
    with Chain(tmp_path, [UART]) as chain:
        board = chain.board(UART)
        chain.wait_for_samples(device, 3)
        board.kill()
        chain.wait(lambda: chain.values("device_connection_status", device_id=device) == [0], "stale board", 20)
        assert chain.values("device_memory_free_bytes", device_id=device) == []
