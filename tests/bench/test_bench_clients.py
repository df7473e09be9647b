"""The comparison of MQTT clients in a short real run: the bridge's source, and what libraries are to be had."""

import subprocess
import sys
from pathlib import Path

import pytest
from paho.mqtt import publish

from boardpulse_tools.bench.ingest import broker as brokers
from boardpulse_tools.bench.ingest import client_results, clients, peers, results, rounds
from boardpulse_tools.bench.ingest.clients import LIBRARIES, PROTOTYPE, PYMOSQUITTO, QOS, SOURCE, named
from boardpulse_tools.bench.ingest.loads import Loads, Plan
from boardpulse_tools.bench.ingest.subjects import PAHO_QOS_0, PAHO_QOS_1, paho
from boardpulse_tools.broker import Broker, started
from boardpulse_tools.processes import ProcessError, wait_until
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


# A subscriber with a persistent session that dies while it is handed a message, before it could have kept it.
DIES = """
import os, sys, threading
sys.path.append(sys.argv[1])
from pymosquitto import Mosquitto
def connected(client, *_):
    client.subscribe("again", 1)
def handed(_client, _data, message):
    print(message.payload.decode(), flush=True)
    if sys.argv[3] == "die":
        threading.Event().wait(0.3)
        os._exit(3)
client = Mosquitto("dies", False)
client.on_connect, client.on_message = connected, handed
client.connect("127.0.0.1", int(sys.argv[2]), 60)
if sys.argv[3] != "die":
    threading.Timer(2.0, lambda: os._exit(0)).start()
client.loop_forever()
"""


@pytest.mark.timeout(120)
def test_libmosquitto_confirms_a_message_before_it_hands_it_over(tmp_path: Path) -> None:
    """Why it cannot carry the bridge's source: what came is lost when the bridge dies before it has kept it. Should
    this fail one day, decision 0005 has to be looked at again."""
    require("mosquitto")
    try:
        libraries = clients.installed(peers.cache_folder(), PYMOSQUITTO, LIBRARIES[PYMOSQUITTO])
    except ProcessError as error:
        pytest.skip(str(error))
    broker = started(lambda: brokers.unlimited(tmp_path / "broker"))
    try:
        handed, code = _subscriber(libraries, broker, "die")
        assert (handed, code) == ("one\n", 3)
        handed, code = _subscriber(libraries, broker, "live")
        assert (handed, code) == ("two\n", 0)
    finally:
        broker.stop()


def _subscriber(libraries: Path, broker: Broker, how: str) -> tuple[str, int]:
    """What it was handed while a message was published, and its exit code."""
    command = [sys.executable, "-c", DIES, str(libraries), str(broker.port), how]
    subscribed = broker.process.output().count(" again")
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        wait_until(lambda: broker.process.output().count(" again") > subscribed, 20, "subscription", broker.process)
        publish.single("again", "one" if how == "die" else "two", qos=1, hostname="127.0.0.1", port=broker.port)
        handed, _ = child.communicate(timeout=30)
    return handed, child.returncode
