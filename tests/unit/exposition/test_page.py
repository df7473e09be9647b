"""The whole of /metrics, and what the bridge says about itself."""

import subprocess

from prometheus_client.metrics_core import Metric
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse_text

from host_bridge.engine import Engine
from host_bridge.sinks.page import Page
from host_bridge.sinks.self_metrics import SelfMetrics
from tests.support.boards import Board, Bridge
from tests.support.components import require


class Whole:
    """A bridge with its whole page."""

    def __init__(self) -> None:
        self.bridge = Bridge()
        self.engine = Engine(self.bridge.fleet, log=lambda line: None)
        self.self_metrics = SelfMetrics(self.engine, self.bridge.fleet, "1.2.3")
        self.page = Page(self.bridge.exposition, self.self_metrics)
        board = Board()
        self.bridge.uart(board.hello())
        self.bridge.uart(board.samples(2150, 99_999_999_999_999))
        self.bridge.bad("crc")
        self.self_metrics.broker_connected("mqtt://broker:1883", False)
        self.self_metrics.source_dropped("mqtt", 3)

    def families(self) -> dict[str, Metric]:
        """By name, of the text format."""
        return {family.name: family for family in parse_text(b"".join(self.page.pieces()).decode())}

    def value(self, name: str, **labels: str) -> float:
        """One sample."""
        found = [
            sample.value
            for family in self.families().values()
            for sample in family.samples
            if sample.name == name and labels.items() <= sample.labels.items()
        ]
        assert len(found) == 1, (name, labels, found)
        return float(found[0])


def test_one_page_in_each_format() -> None:
    """Boards and bridge together, with one end."""
    whole = Whole()
    whole.page.pieces()
    text, openmetrics = (b"".join(whole.page.pieces(kind)).decode() for kind in (False, True))
    assert openmetrics.count("# EOF") == 1
    assert openmetrics.endswith("# EOF\n")
    assert "# EOF" not in text
    names = {family.name for family in parse_openmetrics(openmetrics)}
    assert {"device_temperature_celsius", "boardpulse_frames_received", "boardpulse_build_info"} <= names
    assert names == {family.name for family in parse_text(text)}


def test_promtool_finds_nothing_to_say() -> None:
    """About the whole page."""
    done = subprocess.run(
        [require("promtool"), "check", "metrics"],
        input=b"".join(Whole().page.pieces()),
        capture_output=True,
        check=False,
    )
    assert (done.returncode, done.stdout + done.stderr) == (0, b"")


def test_what_is_counted() -> None:
    """Under the names that dashboards and rules use."""
    whole = Whole()
    assert whole.value("boardpulse_frames_received_total", source="serial", kind="hello") == 1
    assert whole.value("boardpulse_frames_received_total", source="serial", kind="samples") == 1
    assert whole.value("boardpulse_frames_rejected_total", source="serial", reason="crc") == 1
    assert whole.value("boardpulse_frames_rejected_total", source="serial", reason="cbor") == 0
    assert whole.value("boardpulse_values_refused_total", reason="range") == 1
    assert whole.value("boardpulse_values_refused_total", reason="decreasing") == 0
    assert whole.value("boardpulse_series_refused_total", reason="conflict") == 0
    assert whole.value("boardpulse_devices", state="online") == 1
    assert whole.value("boardpulse_devices", state="offline") == 0
    assert whole.value("boardpulse_broker_connected", broker="mqtt://broker:1883") == 0
    assert whole.value("boardpulse_frames_dropped_total", source="mqtt") == 3
    assert whole.value("boardpulse_series") == 2
    assert whole.value("boardpulse_queue_frames") == 0
    assert whole.value("boardpulse_build_info", version="1.2.3") == 1


def test_every_reason_is_there_from_the_start() -> None:
    """A rate over a counter that appears with its first event misses that event."""
    whole = Whole()
    reasons = {sample.labels["reason"] for sample in whole.families()["boardpulse_frames_rejected"].samples}
    assert reasons == {"framing", "crc", "too_long", "cbor", "schema", "identity", "auth"}


def test_scrapes_are_timed() -> None:
    """Each page that was drawn."""
    whole = Whole()
    for _ in range(3):
        whole.page.pieces()
    assert whole.value("boardpulse_scrape_duration_seconds_count") == 4


def test_an_engine_that_has_ended_shows() -> None:
    """boardpulse_up is 0 then."""
    whole = Whole()
    assert whole.value("boardpulse_up") == 0
    whole.engine.start()
    assert whole.value("boardpulse_up") == 1
    whole.engine.stop()
    assert whole.value("boardpulse_up") == 0


def test_names_can_be_asked_for() -> None:
    """?name[]= works for a registry that describes itself."""
    restricted = Whole().self_metrics.registry.restricted_registry(["boardpulse_series"])
    assert [family.name for family in restricted.collect()] == ["boardpulse_series"]
