"""The comparison of MQTT clients in a short real run: the bridge's source, and what libraries are to be had."""

from pathlib import Path

import pytest

from boardpulse_tools.bench.ingest import client_results, clients, peers, results, rounds
from boardpulse_tools.bench.ingest.clients import LIBRARIES, PROTOTYPE, PYMOSQUITTO, QOS, SOURCE, named
from boardpulse_tools.bench.ingest.loads import Loads, Plan
from boardpulse_tools.bench.ingest.subjects import PAHO_QOS_0, PAHO_QOS_1, paho
from tests.support.components import require

PLAN = Plan(devices=100, rate=500, warm_up_s=0.2, window_s=0.8, latency_s=0, frames_flood=3_000)


@pytest.mark.timeout(300)
def test_every_client_takes_every_message_and_is_divided_by_the_source(tmp_path: Path) -> None:
    """By its own count, in the steady stream and in the flood; with QoS 1 the source has confirmed each."""
    require("mosquitto")
    found = clients.available(peers.cache_folder())
    subjects = [*found.subjects, paho(PAHO_QOS_0, 0), paho(PAHO_QOS_1, 1)]
    loads = Loads(PLAN, tmp_path)
    measured = results.results(rounds.run(subjects, loads, tmp_path, 1, lambda _: None))
    for name, one in measured.items():
        assert one["failures"] == [], name
        assert (one["sent"], one["lost"], one["flood_sent"], one["flood_lost"]) == (400, 0, 3_000, 0), name
        assert one["cpu_us_per_message"]["median"] > 0, name
    there = [library for library in LIBRARIES if library not in found.missing]
    there += [PROTOTYPE] if PYMOSQUITTO in there else []
    assert {named(SOURCE, qos) for qos in QOS} <= measured.keys()
    assert client_results.ratios(measured).keys() == {
        PAHO_QOS_0,
        PAHO_QOS_1,
        *(named(library, qos) for library in there for qos in QOS),
    }
