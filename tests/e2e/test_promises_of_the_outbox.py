"""What boards promise of the frames that they hold, with real processes: counted from what they wrote down."""

from pathlib import Path

import pytest

from boardpulse_tools.bench import overflow
from boardpulse_tools.bench.chaos.rig import Rig
from boardpulse_tools.bench.chaos.run import Run
from boardpulse_tools.bench.chaos.tally import Count
from tests.support.components import require

KEEPALIVE_S = 5
SAMPLES = 30


def run_in(folder: Path) -> Run:
    """A short run that tells nobody."""
    require("micropython")
    require("mosquitto")
    return Run(folder, 7, True, lambda text: None)


def assert_all_arrived(rig: Rig) -> None:
    """Every sample that was written down is in history, once, at its time; the ledgers add up and name no loss."""
    outcome = rig.outcome()
    count: Count = outcome["count"]
    assert count.taken > 4 * SAMPLES
    assert (count.lost, count.duplicated, count.wrong, outcome["mismatch"]) == (0, 0, 0, 0), outcome
    assert all(device["ledger"]["lost"] == 0 for device in outcome["devices"].values())


@pytest.mark.timeout(150)
def test_a_broker_that_forgets_everything_loses_nothing_of_boards_that_wait_for_the_bridge(tmp_path: Path) -> None:
    """`"ack": "bridge"`: mosquitto without persistence is killed again and again while boards stream; what it had
    acknowledged and not delivered comes again."""
    with Rig(run_in(tmp_path), keepalive_s=KEEPALIVE_S) as rig:
        broker = rig.broker
        broker.stop()
        config = tmp_path / "broker" / "mosquitto.conf"
        config.write_text(config.read_text().replace("persistence true", "persistence false"))
        store = tmp_path / "broker" / "mosquitto.db"
        store.unlink(missing_ok=True)
        broker.start()
        for i in range(2):
            rig.mqtt_board(f"acked-{i}", link={"keepalive_s": KEEPALIVE_S, "ack": "bridge"})
        for _ in range(4):
            rig.wait_for_samples(SAMPLES, 60)
            broker.process.kill()
            broker.start()
        assert not store.exists()
        rig.wait_for_samples(SAMPLES, 60)
        rig.wait_until_quiet(60)
        assert_all_arrived(rig)


@pytest.mark.timeout(150)
def test_a_broker_that_is_stopped_in_order_loses_nothing_of_any_board(tmp_path: Path) -> None:
    """The default, `"ack": "broker"`: mosquitto with persistence is restarted with SIGTERM while boards stream."""
    with Rig(run_in(tmp_path), keepalive_s=KEEPALIVE_S) as rig:
        for i in range(2):
            rig.mqtt_board(f"kept-{i}", link={"keepalive_s": KEEPALIVE_S})
        for _ in range(4):
            rig.wait_for_samples(SAMPLES, 60)
            rig.broker.stop()
            rig.broker.start()
        rig.wait_for_samples(SAMPLES, 60)
        rig.wait_until_quiet(60)
        assert_all_arrived(rig)


@pytest.mark.timeout(150)
def test_beyond_the_outbox_exactly_what_is_counted_is_missing(tmp_path: Path) -> None:
    """Links cut for longer than the outboxes hold: on a UART, over MQTT in both modes, single samples and batches."""
    found = overflow.measure(run_in(tmp_path))
    assert found["miscounted"] == 0, found
    assert all(device["dropped"] + device["thinned"] > 0 for device in found["devices"].values()), found
