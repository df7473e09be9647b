"""The writer against a real server that misbehaves."""

import time
from collections.abc import Sequence

import pytest
from prometheus_client import CollectorRegistry, generate_latest
from structlog import get_logger
from structlog.testing import capture_logs

from host_bridge.options import RemoteWriteOptions
from host_bridge.sinks.remote_write.outgoing import Outgoing
from host_bridge.sinks.remote_write.writer import BATCH_ROWS, Pace, RemoteWriter
from tests.support.prometheus import promtool_check
from tests.support.remote_write import NOW_MS, NOW_S, TAKEN, MemorySource, Receiver, Reply, row
from tests.support.waiting import until
from tests.unit.remote_write.conftest import Start


def rows(n: int, first: int = 1) -> list[Outgoing]:
    """A row a second, an hour ago."""
    return [row(first + k, [NOW_MS - 3_600_000 + 1000 * (first + k)], [first + k]) for k in range(n)]


def values(server: Receiver) -> list[float]:
    """What the server has, without repeats, in hundredths."""
    return sorted({round(value * 100) for points in server.taken().values() for _, value in points})


def test_what_waits_is_sent_and_forgotten(start: Start) -> None:
    """With the headers of remote write 1.0, at its own time."""
    source = MemorySource(rows(3))
    with Receiver() as server:
        writer = start(server.url, source, labels=(("job", "boardpulse"),))
        until(lambda: not source.rows)
        (request,) = server.requests
        assert {name: request.headers[name] for name in
                ("content-type", "content-encoding", "x-prometheus-remote-write-version", "user-agent")} == {
            "content-type": "application/x-protobuf",
            "content-encoding": "snappy",
            "x-prometheus-remote-write-version": "0.1.0",
            "user-agent": "boardpulse/1.2.3",
        }  # fmt: skip
        assert "authorization" not in request.headers
        assert list(server.taken().values()) == [[(NOW_MS - 3_600_000 + 1000 * n, n / 100) for n in (1, 2, 3)]]
        assert (writer.stats.sent, sum(writer.stats.dropped.values()), writer.stats.retries) == (3, 0, 0)
        until(lambda: writer.stats.lag_s == 0 and writer.stats.spool_rows == 0)
        writer.stop(5.0)
        assert source.closed


def test_more_than_a_batch_goes_in_order_over_one_connection(start: Start) -> None:
    """Rows are forgotten as the server takes them, not at the end."""
    source = MemorySource(rows(3 * BATCH_ROWS))
    with Receiver() as server:
        start(server.url, source)
        until(lambda: not source.rows)
        assert values(server) == list(range(1, 3 * BATCH_ROWS + 1))
        assert server.connections == 1
        assert source.done == [BATCH_ROWS, 2 * BATCH_ROWS, 3 * BATCH_ROWS]


def test_wake_sends_at_once(start: Start) -> None:
    """Without it a row waits until the next look."""
    source = MemorySource()
    with Receiver() as server:
        writer = start(server.url, source, pace=Pace(poll_s=60))
        time.sleep(0.05)
        source.rows += rows(1)
        writer.wake()
        until(lambda: server.requests, 5)


@pytest.mark.parametrize(
    "failure", [Reply(500, "disk on fire"), Reply(503), Reply(429), Reply(0), Reply(404), Reply(401), Reply(302)]
)
def test_a_server_that_fails_is_asked_again(start: Start, failure: Reply) -> None:
    """Nothing is lost; the log hears of the beginning and the end, and the metric is 0 meanwhile."""
    source, replies = MemorySource(rows(2)), [failure] * 3
    with Receiver() as server, capture_logs() as logs:
        server.answer = lambda series: replies.pop() if replies else TAKEN
        writer = start(server.url, source)
        until(lambda: writer.stats.retries == 3)
        until(lambda: not source.rows)
        assert values(server) == [1, 2]
        assert writer.stats.working
        assert sum(writer.stats.dropped.values()) == 0
        writer.stop(5)
    assert [entry["event"] for entry in logs] == ["remote_write_failing", "remote_write_recovered"]


def test_a_server_that_is_not_there_yet_is_tried_until_it_is(start: Start) -> None:
    """The bridge may start first."""
    with Receiver() as gone:
        url = gone.url
    source = MemorySource(rows(1))
    writer = start(url, source, pace=Pace(0.02, 0.02, 0.02))
    until(lambda: writer.stats.retries >= 2)
    assert not writer.stats.working
    assert writer.stats.lag_s == pytest.approx(3599)
    assert writer.stats.spool_rows == 1


def test_retry_after_is_honoured(start: Start) -> None:
    """A server that asks for a pause gets it, though our own would be shorter."""
    source, replies = MemorySource(rows(1)), [Reply(429, headers={"Retry-After": "1"})]
    with Receiver() as server:
        server.answer = lambda series: replies.pop() if replies else TAKEN
        start(server.url, source)
        until(lambda: not source.rows)
        first, second = server.requests
        assert second.at - first.at >= 1.0


def test_the_pause_doubles_up_to_a_cap_with_jitter() -> None:
    """So that a fleet of bridges does not come back as one."""
    pace = Pace(first_s=0.5, cap_s=60)
    assert [pace.delay_s(n, 1.0) for n in (1, 2, 3, 7, 8, 9, 10_000)] == [0.5, 1, 2, 32, 60, 60, 60]
    assert [pace.delay_s(n, 0.0) for n in (1, 2, 8)] == [0.25, 0.5, 30]


@pytest.mark.parametrize("status", [400, 500])
def test_one_bad_sample_does_not_cost_the_others(start: Start, status: int) -> None:
    """The request fails as a whole; only what the server will never take is dropped, counted and said."""
    source = MemorySource(rows(200))

    def answer(series: Sequence[tuple[object, list[tuple[int, float]]]]) -> Reply:
        bad = any(value in (0.07, 1.5) for _, points in series for _, value in points)
        return Reply(status, "out of bounds\n") if bad else TAKEN

    with Receiver(answer) as server, capture_logs() as logs:
        writer = start(server.url, source)
        until(lambda: not source.rows)
        assert values(server) == sorted({*range(1, 201)} - {7, 150})
        assert writer.stats.dropped["out_of_bounds"] == sum(writer.stats.dropped.values()) == 2
        assert writer.stats.sent == 198
        until(lambda: logs)
    assert [(entry["event"], entry["samples"]) for entry in logs] == [("remote_write_dropped", 2)]


def test_what_is_too_old_is_dropped_at_once_and_the_rest_arrives(start: Start) -> None:
    """As Prometheus 2.42 says it: status 500."""
    source = MemorySource(rows(1000))

    def answer(series: Sequence[tuple[object, list[tuple[int, float]]]]) -> Reply:
        old = any(value <= 6.0 for _, points in series for _, value in points)
        return Reply(500, "too old sample\n") if old else TAKEN

    with Receiver(answer) as server:
        writer = start(server.url, source)
        until(lambda: not source.rows)
        assert values(server) == list(range(601, 1001))
        assert writer.stats.dropped["too_old"] == 600
        assert len(server.requests) < 60


@pytest.mark.parametrize("reply", [Reply(hang_s=60), Reply(429, headers={"Retry-After": "600"})])
def test_a_stuck_server_does_not_keep_the_bridge_from_stopping(start: Start, reply: Reply) -> None:
    """What is not sent stays where it waits."""
    source = MemorySource(rows(1))
    with Receiver(lambda series: reply) as server:
        writer = start(server.url, source)
        until(lambda: server.requests)
        before = time.monotonic()
        assert writer.stop(5.0)
        assert time.monotonic() - before < 2.0
        assert len(source.rows) == 1


def test_a_server_that_never_answers_is_given_up_after_the_timeout(start: Start) -> None:
    """And asked again over another connection."""
    source, replies = MemorySource(rows(1)), [Reply(hang_s=60)]
    with Receiver() as server:
        server.answer = lambda series: replies.pop() if replies else TAKEN
        writer = start(server.url, source, timeout_s=0.3)
        until(lambda: not source.rows)
        first, second = server.requests
        assert 0.3 <= second.at - first.at < 5
        assert writer.stats.retries == 1


def test_the_metrics_are_clean_and_have_every_reason_from_the_start() -> None:
    """A counter that appears with its first count cannot be alerted on. Registered as a collector of its own."""
    writer = RemoteWriter(RemoteWriteOptions("http://127.0.0.1:1/w"), MemorySource(), lambda: NOW_S, get_logger())
    writer.stats.count_dropped("too_old", 3)
    writer.stats.waiting(7, 700, NOW_MS - 1500)
    registry = CollectorRegistry()
    registry.register(writer.stats)
    page = generate_latest(registry).decode()
    for line in (
        "boardpulse_remote_write_samples_sent_total 0.0",
        'boardpulse_remote_write_samples_dropped_total{reason="too_old"} 3.0',
        'boardpulse_remote_write_samples_dropped_total{reason="spool_full"} 0.0',
        "boardpulse_remote_write_retries_total 0.0",
        "boardpulse_remote_write_lag_seconds 1.5",
        "boardpulse_remote_write_spool_rows 7.0",
        "boardpulse_remote_write_spool_bytes 700.0",
        "boardpulse_remote_write_up 1.0",
    ):
        assert f"\n{line}\n" in page, line
    assert promtool_check(page) == ""


def test_a_writer_that_was_never_started_stops() -> None:
    """A start of the bridge that fails half-way ends in order."""
    assert RemoteWriter(RemoteWriteOptions("http://127.0.0.1:1/w"), MemorySource(), lambda: NOW_S, get_logger()).stop(0)
