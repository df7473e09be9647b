"""Thirty minutes of late samples into a real Prometheus and a real VictoriaMetrics, and back out: every one of them."""

import http.server
import math
import threading
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path

import pytest
from structlog import get_logger

from boardpulse_tools.bench.backfill import ExpectedSeries, backfill_gaps, matrix
from boardpulse_tools.metric_servers import MetricServer, PrometheusReceiver, VictoriaMetrics
from boardpulse_tools.network import LOOPBACK
from host_bridge.core.records import KeptSeries, Value
from host_bridge.options import RemoteWriteOptions
from host_bridge.sinks.remote_write.outgoing import Outgoing, OutgoingSource
from host_bridge.sinks.remote_write.writer import Pace, RemoteWriter
from shared_schema.messages import GAUGE
from tests.support.components import require
from tests.support.remote_write import DURATION, ENERGY, TEMPERATURE, MemorySource
from tests.support.waiting import until

OUTAGE_S = 1800
BOARDS = ("pico-1", "esp32-7")
PER_FRAME = 30
SPECIAL = KeptSeries("device_soil_ratio", (("bed", 'a "b" \\ \n é'),), GAUGE, -3)
SERIES = (TEMPERATURE, ENERGY, DURATION, SPECIAL)
SPECIALS: tuple[Value, ...] = (None, math.inf, -math.inf, math.nan)
KEEPS_NAN = {"prometheus"}  # VictoriaMetrics takes a NaN and forgets it: docs/remote-write.md says so
PAGE = """\
# TYPE device_temperature_celsius gauge
device_temperature_celsius{device_id="pico-1",platform="rp2",sensor_location="cpu"} 99
"""
PACE = Pace(poll_s=0.05, first_s=0.05, cap_s=0.5)
SERVERS: dict[str, Callable[[Path], MetricServer]] = {
    "prometheus": PrometheusReceiver,
    "victoria-metrics": VictoriaMetrics,
}


def columns(second: int) -> tuple[Value, ...]:
    """What a board measured in a second: temperature, energy, a histogram, and now and then a special value."""
    temperature = 2150 + (second * 37) % 1000 - 900
    special = SPECIALS[second // 7 % 4] if second % 7 == 0 else second % 1000
    return temperature, second * 1234, second * 3, second * 2, second, second * 123_457, special


def outage(first_ms: int, boards: tuple[str, ...] = BOARDS) -> list[Outgoing]:
    """The frames of an outage that began at `first_ms`: a sample a second, with some milliseconds that wander."""
    rows: list[Outgoing] = []
    for start in range(0, OUTAGE_S, PER_FRAME):
        seconds = range(start, start + PER_FRAME)
        for board in boards:
            times = [first_ms + 1000 * second + second % 17 for second in seconds]
            values = [value for column in zip(*map(columns, seconds), strict=True) for value in column]
            rows.append(Outgoing(len(rows) + 1, board, "rp2", SERIES, times, values))
    return rows


def expected(
    first_ms: int, labels: dict[str, str], seconds: range = range(OUTAGE_S), nan: bool = True
) -> Iterator[ExpectedSeries]:
    """What a server is to have, reckoned here by decimal arithmetic, a second at a time; `nan` False: without NaN."""
    members: list[tuple[str, dict[str, str], Callable[[tuple[Value, ...]], float | None]]] = [
        ("device_temperature_celsius", {"sensor_location": "cpu"}, lambda row: scaled(row[0], -2)),
        ("device_energy_joules_total", {}, lambda row: scaled(row[1], -3)),
        ("device_inference_duration_seconds_bucket", {"model": "m", "le": "0.001"}, lambda row: scaled(row[2], 0)),
        ("device_inference_duration_seconds_bucket", {"model": "m", "le": "0.25"}, lambda row: total(row[2:4])),
        ("device_inference_duration_seconds_bucket", {"model": "m", "le": "+Inf"}, lambda row: total(row[2:5])),
        ("device_inference_duration_seconds_count", {"model": "m"}, lambda row: total(row[2:5])),
        ("device_inference_duration_seconds_sum", {"model": "m"}, lambda row: scaled(row[5], -6)),
        ("device_soil_ratio", {"bed": 'a "b" \\ \n é'}, lambda row: scaled(row[6], -3)),
    ]
    for board in BOARDS:
        for name, own, value_of in members:
            found = [((first_ms + 1000 * s + s % 17) / 1000, value_of(columns(s))) for s in seconds]
            points = [(at, value) for at, value in found if value is not None and (nan or value == value)]
            every = {"device_id": board, "platform": "rp2", **own, **labels}
            yield ExpectedSeries(name, every, [at for at, _ in points], [value for _, value in points])


def scaled(value: Value, scale: int) -> float | None:
    """As a decimal number, rounded once."""
    return value if value is None or isinstance(value, float) else float(Decimal(value).scaleb(scale))


def total(values: tuple[Value, ...]) -> float:
    """Of integers."""
    return float(sum(value for value in values if isinstance(value, int)))


@contextmanager
def writing(server: MetricServer, source: OutgoingSource, **options: object) -> Generator[RemoteWriter]:
    """A writer that sends to the server."""
    settings = RemoteWriteOptions(server.write_url, **options)  # type: ignore[arg-type]
    writer = RemoteWriter(settings, source, time.time, get_logger(), pace=PACE)
    writer.start()
    try:
        yield writer
    finally:
        assert writer.stop(5)


def labels_of(server: MetricServer, metric: str, first_ms: int) -> list[bytes]:
    """The label sets of the metric's series."""
    return [labels for labels, _ in matrix(server.url, metric, time.time(), time.time() - first_ms / 1000 + 60)]


@pytest.mark.parametrize("name", SERVERS)
def test_thirty_minutes_come_back_with_every_value_at_its_time(name: str, tmp_path: Path) -> None:
    """Gauges, counters, histograms and specials of two boards, a sample a second: none missing, none moved."""
    require(name)
    first_ms = int(time.time() * 1000) - (OUTAGE_S + 60) * 1000
    source = MemorySource(outage(first_ms))
    with SERVERS[name](tmp_path / name) as server:
        with writing(server, source, labels=(("site", "north"),)) as writer:
            until(lambda: not source.rows, 60)
        server.settle()
        series = list(expected(first_ms, {"site": "north"}))
        assert writer.stats.sent == sum(len(one.times) for one in series) > 28_000
        assert sum(writer.stats.dropped.values()) == 0
        there = list(expected(first_ms, {"site": "north"}, nan=name in KEEPS_NAN))
        missing, time_error_s = backfill_gaps(server.url, there)
        assert missing == 0
        assert time_error_s < 0.0005
        assert len(labels_of(server, "device_soil_ratio", first_ms)) == len(BOARDS)


@pytest.mark.parametrize("name", SERVERS)
def test_what_is_not_there_is_told(name: str, tmp_path: Path) -> None:
    """The comparison itself: a sample that was never sent is missing, one that was moved is found beside its time."""
    require(name)
    first_ms = int(time.time() * 1000) - 600_000
    with SERVERS[name](tmp_path / name) as server:
        source = MemorySource([Outgoing(1, "b", "rp2", (TEMPERATURE,), [first_ms, first_ms + 1000], [100, 100])])
        with writing(server, source):
            until(lambda: not source.rows)
        server.settle()
        first = first_ms / 1000
        labels = {"device_id": "b"}
        times, values = [first + 0.25, first + 1, first + 2, first + 3], [1.0, 1.0, 1.0, 7.0]
        one = ExpectedSeries(TEMPERATURE.name, labels, times, values)
        missing, time_error_s = backfill_gaps(server.url, [one])
        assert (missing, round(time_error_s, 3)) == (2, 0.25)
        assert backfill_gaps(server.url, [one._replace(labels={"device_id": "c"})])[0] == 4


def test_backfilled_samples_are_in_the_series_that_prometheus_scrapes(tmp_path: Path) -> None:
    """With `labels` as the scrape gives them, an outage is a line without a gap, not a second series."""
    require("prometheus")
    first_ms = int(time.time() * 1000) - (OUTAGE_S + 60) * 1000
    source = MemorySource(outage(first_ms, ("pico-1",)))
    with serving(PAGE.encode()) as target, PrometheusReceiver(tmp_path / "p", target=target) as server:
        until(lambda: labels_of(server, "device_temperature_celsius", first_ms), 20)
        with writing(server, source, labels=(("instance", target), ("job", "boardpulse"))) as writer:
            until(lambda: not source.rows, 60)
        assert sum(writer.stats.dropped.values()) == 0
        assert len(labels_of(server, "device_temperature_celsius", first_ms)) == 1
        labels = {"job": "boardpulse", "instance": target}
        series = [one for one in expected(first_ms, labels) if one.labels["device_id"] == "pico-1"]
        missing, time_error_s = backfill_gaps(server.url, series)
        assert missing == 0
        assert time_error_s < 0.0005


@contextmanager
def serving(page: bytes) -> Generator[str]:
    """A /metrics on loopback that always says the same; host:port."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/plain; version=0.0.4")
            self.end_headers()
            self.wfile.write(page)

        def log_message(self, *args: object) -> None:
            """Say nothing."""

    with http.server.ThreadingHTTPServer((LOOPBACK, 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        yield f"{LOOPBACK}:{server.server_address[1]}"
        server.shutdown()
        thread.join(10)


def test_what_is_older_than_prometheus_takes_is_dropped_and_counted_and_the_rest_arrives(tmp_path: Path) -> None:
    """Prometheus 2.42 fails the whole request with status 500; half of the outage is beyond its window."""
    require("prometheus")
    now_ms = int(time.time() * 1000)
    first_ms = now_ms - OUTAGE_S * 1000
    current = Outgoing(1, "pico-1", "rp2", SERIES, [now_ms], list(columns(OUTAGE_S)))
    other = Outgoing(2, "esp32-7", "rp2", SERIES, [now_ms], list(columns(OUTAGE_S)))
    with PrometheusReceiver(tmp_path / "p", window="15m") as server:
        source = MemorySource([current, other])
        with writing(server, source) as writer:
            until(lambda: not source.rows)
            source.rows = outage(first_ms)
            until(lambda: not source.rows, 60)
            dropped = writer.stats.dropped
            taken = list(expected(first_ms, {}, range(900, OUTAGE_S)))
            lost = list(expected(first_ms, {}, range(899)))
            assert dropped["too_old"] == sum(dropped.values())
            assert sum(len(one.times) for one in lost) <= dropped["too_old"] <= sum(len(one.times) for one in lost) + 40
        assert backfill_gaps(server.url, taken)[0] == 0


def test_a_prometheus_without_a_window_loses_only_what_it_cannot_take(tmp_path: Path) -> None:
    """Without out_of_order_time_window a series goes forward only: its late samples are dropped, another's arrive."""
    require("prometheus")
    now_ms = int(time.time() * 1000)
    first_ms = now_ms - 600_000
    seconds = range(60)
    late = [first_ms + 1000 * second for second in seconds]
    with PrometheusReceiver(tmp_path / "p", window="") as server:
        source = MemorySource([Outgoing(1, "pico-1", "rp2", (TEMPERATURE,), [now_ms], [1])])
        with writing(server, source) as writer:
            until(lambda: not source.rows)
            source.rows = [Outgoing(n, BOARDS[n], "rp2", (TEMPERATURE,), late, list(seconds)) for n in (0, 1)]
            until(lambda: not source.rows)
            assert writer.stats.dropped["out_of_order"] == sum(writer.stats.dropped.values()) == 60
        labels = {"device_id": "esp32-7"}
        times, values = [at / 1000 for at in late], [second / 100 for second in seconds]
        assert backfill_gaps(server.url, [ExpectedSeries(TEMPERATURE.name, labels, times, values)])[0] == 0


@pytest.mark.parametrize("name", SERVERS)
def test_a_server_that_is_restarted_meanwhile_misses_nothing(name: str, tmp_path: Path) -> None:
    """What it has not confirmed waits and is sent again; what it has twice, it shows once."""
    require(name)
    first_ms = int(time.time() * 1000) - (OUTAGE_S + 60) * 1000
    source = MemorySource(outage(first_ms))
    source_rows, source.rows = source.rows, source.rows[:40]
    with SERVERS[name](tmp_path / name) as server:
        with writing(server, source) as writer:
            until(lambda: not source.rows, 30)
            server.stop()
            source.rows = source_rows[20:]  # the half of what was sent once more, as after a kill of the bridge
            until(lambda: writer.stats.retries >= 3, 30)
            server.start()
            until(lambda: not source.rows, 60)
        server.settle()
        assert sum(writer.stats.dropped.values()) == 0
        missing, time_error_s = backfill_gaps(server.url, expected(first_ms, {}, nan=name in KEEPS_NAN))
        assert missing == 0
        assert time_error_s < 0.0005
        window_s = time.time() - first_ms / 1000 + 60
        (energy,) = matrix(server.url, f'{ENERGY.name}{{device_id="pico-1"}}', time.time(), window_s)
        assert len(energy[1]) == OUTAGE_S


def test_a_prometheus_that_takes_no_remote_write_keeps_everything_waiting(tmp_path: Path) -> None:
    """404 until its owner turns it on: nothing is thrown away, and the log says what the server says."""
    require("prometheus")
    source = MemorySource(outage(int(time.time() * 1000) - 3_600_000)[:2])
    with PrometheusReceiver(tmp_path / "p", receive=False) as server, writing(server, source) as writer:
        until(lambda: writer.stats.retries >= 3, 20)
        assert sum(writer.stats.dropped.values()) == 0
        assert len(source.rows) == 2


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("victoria-metrics", "/api/v1/writ"),
        ("victoria-metrics", "/api/v1/push"),
        ("victoria-metrics", "/api/v1/query"),
        ("victoria-metrics", "/federate"),
        ("prometheus", "/api/v1/writ"),
        ("prometheus", "/api/v1/read"),
        ("prometheus", "/api/v1/series"),
    ],
)
def test_a_mistyped_url_throws_nothing_away(name: str, wrong: str, tmp_path: Path) -> None:
    """Whatever the server answers there: it is said with what to do, and all that waited arrives at the right one."""
    require(name)
    first_ms = int(time.time() * 1000) - (OUTAGE_S + 60) * 1000
    source = MemorySource(outage(first_ms))
    frames = len(source.rows)
    with SERVERS[name](tmp_path / name) as server:
        settings = RemoteWriteOptions(f"{server.url}{wrong}")
        writer = RemoteWriter(settings, source, time.time, get_logger(), pace=PACE)
        writer.start()
        try:
            until(lambda: writer.stats.retries >= 3, 20)
        finally:
            assert writer.stop(5)
        assert len(source.rows) == frames
        assert sum(writer.stats.dropped.values()) == writer.stats.sent == 0
        assert "HTTP 4" in writer.state
        assert "check [remote_write] url" in writer.state
        with writing(server, source) as right:
            until(lambda: not source.rows, 60)
            assert sum(right.stats.dropped.values()) == 0
        server.settle()
        assert backfill_gaps(server.url, expected(first_ms, {}, nan=name in KEEPS_NAN))[0] == 0
