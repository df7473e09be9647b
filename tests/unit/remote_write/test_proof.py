"""A wrong url is told from bad samples: for it nothing that waits is thrown away."""

from collections.abc import Sequence

import pytest
from structlog.testing import capture_logs

from tests.support.remote_write import ENERGY, NOW_MS, TAKEN, TEMPERATURE, MemorySource, Receiver, Reply, row
from tests.support.waiting import until
from tests.unit.remote_write.conftest import Start
from tests.unit.remote_write.test_writer import rows, values

Series = Sequence[tuple[object, list[tuple[int, float]]]]

# As VictoriaMetrics 1.79.5 and Prometheus 2.42 answer what is sent to another path than theirs.
WRONG_URL = [
    Reply(400, 'requestURI: /api/v1/writ; unsupported path requested: "/api/v1/writ"\n'),
    Reply(400, "proto: wrong wireType = 2 for field StartTimestampMs\n"),
    Reply(400, '{"status":"error","errorType":"bad_data","error":"no match[] parameter provided"}'),
    Reply(422, '{"status":"error","errorType":"422","error":"missing `query` arg"}'),
    Reply(413, "request entity too large"),
]


@pytest.mark.parametrize("reply", WRONG_URL)
def test_a_wrong_url_costs_nothing_of_what_waits(start: Start, reply: Reply) -> None:
    """It is said with the server's words and what to do, and once the url is right all of it arrives."""
    source = MemorySource(rows(300))
    with Receiver(lambda series: reply) as server, capture_logs() as logs:
        writer = start(server.url, source)
        until(lambda: writer.stats.retries >= 3)
        assert len(source.rows) == 300
        assert sum(writer.stats.dropped.values()) == 0
        assert not writer.stats.working
        assert f"HTTP {reply.status} {reply.text.strip()[:40]}" in writer.state
        assert "check [remote_write] url" in writer.state
        server.answer = lambda series: TAKEN
        until(lambda: not source.rows)
        assert values(server) == list(range(1, 301))
        until(lambda: writer.state == "ok")
        writer.stop(5)
    assert [entry["event"] for entry in logs] == ["remote_write_failing", "remote_write_recovered"]
    assert "check [remote_write] url" in logs[0]["advice"]


def test_a_path_that_the_server_does_not_know_any_more_costs_nothing(start: Start) -> None:
    """Though it took samples before: what it says is about the path."""
    source = MemorySource(rows(1))
    with Receiver() as server:
        writer = start(server.url, source)
        until(lambda: writer.stats.sent == 1)
        server.answer = lambda series: WRONG_URL[0]
        source.rows = rows(3, 2)
        until(lambda: writer.stats.retries >= 3)
        assert sum(writer.stats.dropped.values()) == 0
        assert len(source.rows) == 3


def test_a_server_that_takes_others_is_believed_about_a_bad_sample(start: Start) -> None:
    """In words that nobody knows, in the first request of all."""
    source = MemorySource(
        [row(n, [NOW_MS - 9000 + n], [n, 1], (TEMPERATURE, ENERGY)) for n in range(1, 4)]
        + [row(9, [NOW_MS - 5000], [7], (TEMPERATURE,), "bad")]
    )

    def answer(series: Series) -> Reply:
        bad = any(("device_id", "bad") in labels for labels, _ in series)  # type: ignore[operator]
        return Reply(400, "label value is not to our taste") if bad else TAKEN

    with Receiver(answer) as server:
        writer = start(server.url, source)
        until(lambda: not source.rows)
        assert writer.stats.dropped["refused"] == sum(writer.stats.dropped.values()) == 1
        assert writer.stats.sent == 6
        assert sum(len(points) for points in server.taken().values()) >= 6


def test_a_first_frame_that_is_bad_waits_for_one_that_proves_the_server(start: Start) -> None:
    """Alone it proves nothing; what comes behind it does."""
    source = MemorySource([row(1, [NOW_MS - 9000], [7], (TEMPERATURE,), "bad")])

    def answer(series: Series) -> Reply:
        bad = any(("device_id", "bad") in labels for labels, _ in series)  # type: ignore[operator]
        return Reply(400, "no") if bad else TAKEN

    with Receiver(answer) as server:
        writer = start(server.url, source)
        until(lambda: writer.stats.retries >= 2)
        assert len(source.rows) == 1
        source.rows += rows(1, 2)
        until(lambda: not source.rows)
        assert (writer.stats.sent, writer.stats.dropped["refused"]) == (1, 1)


def test_words_that_only_remote_write_has_are_proof(start: Start) -> None:
    """All samples are bad, and the server says so."""
    source = MemorySource(rows(20))
    with Receiver(lambda series: Reply(400, "out of order sample\n")) as server:
        writer = start(server.url, source)
        until(lambda: not source.rows)
        assert writer.stats.dropped["out_of_order"] == 20


def test_a_trial_is_never_dated_ahead(start: Start) -> None:
    """A Prometheus that took it would refuse what comes after it."""
    # 2,000 samples fill a request: the one that is ahead is in the next.
    source = MemorySource(
        [row(1, range(NOW_MS - 3000, NOW_MS - 1000), range(2000)), row(2, [NOW_MS + 3_000], [7], (ENERGY,))]
    )
    with Receiver(lambda series: WRONG_URL[1]) as server:
        writer = start(server.url, source)
        until(lambda: writer.stats.retries >= 2)
        assert all(time_ms <= NOW_MS for request in server.requests for _, time_ms, _ in request.points())


def test_a_bridge_that_tries_a_url_stops_at_once(start: Start) -> None:
    """In the midst of the trials."""
    source = MemorySource([row(n, [NOW_MS - 9000], [7], (TEMPERATURE,), f"b{n}") for n in range(1, 40)])
    with Receiver(lambda series: Reply(400, "no", hang_s=0.3)) as server:
        writer = start(server.url, source)
        until(lambda: len(server.requests) >= 2)
        assert writer.stop(2.0)
        assert len(source.rows) == 39
