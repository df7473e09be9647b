"""What a user's Prometheus gets: a golden page, clean for promtool, and a temperature that can be asked for."""

import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse_text

from boardpulse_tools.network import LOOPBACK
from boardpulse_tools.processes import wait_until
from tests.support.golden import assert_golden, normalised
from tests.support.processes import LINKS, SAME_EVERYWHERE, Chain
from tests.support.prometheus import Prometheus, promtool_check

GOLDEN = Path(__file__).parent / "golden" / "metrics.txt"

# An application with metrics of its own, and simulated readings so that every machine has the same.
APPLICATION = """\
import asyncio
import sys

import boardpulse
from boardpulse.sensors.simulated import Simulated

boardpulse.start(sys.argv[1]).add_sensor(Simulated())
boardpulse.gauge("soil_moisture", unit="ratio", labels={"bed": 'the "left" one'}, help="Water in the soil.").set(0.25)
boardpulse.counter("pump_starts", help="Starts of the pump.").inc(3)
wait = boardpulse.histogram("pump_wait", [0.1, 1, 10], unit="seconds", help="How long the pump waited.")
for seconds in (0.05, 0.5, 0.7, 100):
    wait.observe(seconds)
with boardpulse.inference("gestures", "3"):
    pass
boardpulse.log("warning", "the tank is almost empty", litres=3)
asyncio.run(boardpulse.run())
"""

# Labels whose values differ from run to run.
VARYING = {
    "broker": "(broker)",
    "mcu": "(mcu)",
    "port": "(port)",
    "python": "(version)",
    "runtime": "(runtime)",
    "version": "(version)",
}


@pytest.fixture(scope="module")
def chain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chain]:
    """A bridge with a board on each link."""
    with Chain(tmp_path_factory.mktemp("page")) as chain:
        for link in LINKS:
            chain.board(link, APPLICATION, sensors=SAME_EVERYWHERE, application="garden", application_version="7")
        for link in LINKS:
            chain.wait_for_samples(f"board-{link}", 5)
            chain.wait(lambda link=link: complete(chain, f"board-{link}"), f"all metrics of board-{link}", 40)
        yield chain


def complete(chain: Chain, device: str) -> bool:
    """Also the metrics that boards send seldom are there."""
    return bool(
        chain.values("device_filesystem_free_bytes", device_id=device)
        and chain.values("device_sensor_errors_total", device_id=device)
        and chain.values("device_events_total", device_id=device)
    )


def test_the_page_is_the_golden_one(chain: Chain) -> None:
    """Families, help, types and labels; values, ports and versions may differ."""
    assert_golden(normalised(chain.bridge.page(), VARYING), GOLDEN)


def test_promtool_finds_nothing_to_say(chain: Chain) -> None:
    assert promtool_check(chain.bridge.page()) == ""


def test_both_formats_say_the_same(chain: Chain) -> None:
    """OpenMetrics is parsed by its reference parser; its families are those of the text format."""
    request = urllib.request.Request(
        f"{chain.bridge.url}metrics", headers={"Accept": "application/openmetrics-text; version=1.0.0"}
    )
    with urllib.request.urlopen(request, timeout=5) as answer:
        assert answer.headers["Content-Type"].startswith("application/openmetrics-text")
        openmetrics = {family.name: family for family in parse_openmetrics(answer.read().decode())}
    text = {family.name: family for family in parse_text(chain.bridge.page())}
    ours = {name for name in text if name.startswith("device_")}
    assert ours <= openmetrics.keys()
    for name in ours:
        assert {(sample.name, str(sample.labels)) for sample in text[name].samples} == {
            (sample.name, str(sample.labels)) for sample in openmetrics[name].samples
        }


def test_values_are_what_the_board_measured(chain: Chain) -> None:
    for link in LINKS:
        device = f"board-{link}"
        assert chain.values("device_soil_moisture_ratio", device_id=device, bed=r"the \"left\" one") == [0.25]
        assert chain.values("device_pump_starts_total", device_id=device) == [3]
        buckets = {le: chain.values("device_pump_wait_seconds_bucket", device_id=device, le=le)[0] for le in BOUNDS}
        assert buckets == {"0.1": 1, "1.0": 3, "10.0": 3, "+Inf": 4}
        assert chain.values("device_pump_wait_seconds_sum", device_id=device) == [pytest.approx(101.25)]
        assert chain.values("device_inference_requests_total", device_id=device, model="gestures") == [1]
        assert chain.values("device_filesystem_size_bytes", device_id=device, mountpoint="/")[0] > 2**20
        assert 0 < chain.values("device_memory_free_bytes", device_id=device, memory_type="gc")[0] < 2**20
        assert 35 <= chain.values("device_temperature_celsius", device_id=device)[0] <= 55
        assert chain.values("device_info", device_id=device, application="garden", application_version="7") == [1]


BOUNDS = ("0.1", "1.0", "10.0", "+Inf")


def test_an_event_of_a_board_is_a_log_line(chain: Chain) -> None:
    lines = [line for line in chain.log("board_event") if "tank" in str(line)]
    assert {line["device_id"] for line in lines} == {"board-uart", "board-mqtt"}
    assert all(line["level"] == "warning" and "litres" in str(line) for line in lines)


def test_prometheus_scrapes_the_bridge_and_answers_for_a_temperature(chain: Chain, tmp_path: Path) -> None:
    with Prometheus(tmp_path / "prometheus", f"{LOOPBACK}:{chain.bridge.port}") as prometheus:
        query = 'device_temperature_celsius{device_id="board-uart"}'
        wait_until(lambda: bool(prometheus.query(query)), 20, "temperature in Prometheus")
        (answer,) = prometheus.query(query)
        assert 35 <= float(answer["value"][1]) <= 55
        assert answer["metric"]["sensor_location"] == "simulated"
        assert answer["metric"]["platform"] == "unix"
        assert [one["value"][1] for one in prometheus.query('up{job="boardpulse"}')] == ["1"]
        online = prometheus.query("sum(device_connection_status)")
        assert online[0]["value"][1] == "2"
        (target,) = prometheus.get("targets")["activeTargets"]
        assert target["lastError"] == ""
