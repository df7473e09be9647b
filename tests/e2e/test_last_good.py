"""A configuration that is cut short while it is written, as real processes see it."""

from pathlib import Path

import pytest

from tests.support.processes import UART, Chain

DEVICE = "board-uart"


@pytest.mark.parametrize("left", [0, 40])
def test_a_board_whose_configuration_was_cut_short_goes_on_with_the_last_one(tmp_path: Path, left: int) -> None:
    """On the next start it is the same board, and a warning on the bridge says what is wrong."""
    with Chain(tmp_path, [UART]) as chain:
        board = chain.board(UART)
        chain.wait_for_samples(DEVICE, 2)
        board.stop()
        config = tmp_path / DEVICE / "boardpulse.json"
        config.write_bytes(config.read_bytes()[:left])
        board.start()
        chain.wait_for_samples(DEVICE, 2)
        chain.wait(lambda: bool(chain.log("board_event")), "event")
        (event,) = chain.log("board_event")
        assert (event["level"], event["source"], event["device_id"]) == ("warning", "config", DEVICE)
        assert "boardpulse.json should be one whole JSON object" in event["message"]
        assert config.with_name("boardpulse.last.json").stat().st_size > left
