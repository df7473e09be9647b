"""What the writer makes of dates, of rows that cannot be read, and of more than may wait."""

import threading
import time
from collections.abc import Sequence

from structlog.testing import capture_logs

from host_bridge.sinks.remote_write.outgoing import Outgoing
from host_bridge.sinks.remote_write.writer import BATCH_ROWS
from tests.support.remote_write import ENERGY, NOW_MS, NOW_S, TAKEN, TEMPERATURE, MemorySource, Receiver, Reply, row
from tests.support.waiting import until
from tests.unit.remote_write.conftest import Start
from tests.unit.remote_write.test_writer import rows, values


def test_a_sample_from_the_future_is_never_sent(start: Start) -> None:
    """It would make Prometheus refuse all that comes after it."""
    source = MemorySource([row(1, [NOW_MS - 1, NOW_MS + 6_000, NOW_MS + 10**12], [1, 2, 3]), *rows(1, 2)])
    with Receiver() as server:
        writer = start(server.url, source)
        until(lambda: not source.rows)
        assert values(server) == [1, 2]
        assert writer.stats.dropped["future"] == 2
        assert all(time_ms <= NOW_MS for request in server.requests for _, time_ms, _ in request.points())


def test_a_sample_that_is_a_little_ahead_waits_for_its_date_and_holds_up_nobody(start: Start) -> None:
    """A board's clock may be ahead of ours by a little."""
    clock, lock = [NOW_S], threading.Lock()

    def wall() -> float:
        with lock:
            return clock[0]

    source = MemorySource([row(1, [NOW_MS + 400], [1]), row(2, [NOW_MS - 1000], [2])])
    # The first row fills a request of its own only when it is not with the second: so the second must not wait for it.
    source.rows[1:] = [row(n, range(NOW_MS - 3000, NOW_MS - 1000), range(2, 2002)) for n in (2, 3)]
    with Receiver() as server:
        writer = start(server.url, source, wall=wall)
        until(lambda: writer.stats.sent == 4000)
        time.sleep(0.2)
        assert source.done == []  # row 1 is not sent, and what is forgotten is what was sent up to an id
        with lock:
            clock[0] += 0.4
        until(lambda: not source.rows)
        assert writer.stats.sent == 4001
        assert server.requests[-1].points()[0][1:] == (NOW_MS + 400, 0.01)


def test_a_clock_that_is_set_back_while_a_request_waits_sends_nothing_early(start: Start) -> None:
    """The date is looked at before each attempt, not when the row is taken."""
    clock = [NOW_S]
    source = MemorySource([row(1, [NOW_MS - 1000], [1])])

    def answer(series: object) -> Reply:
        clock[0] = NOW_S - 60
        return Reply(503)

    with Receiver(answer) as server:
        writer = start(server.url, source, wall=lambda: clock[0])
        until(lambda: not source.rows)
        assert len(server.requests) == 1
        assert writer.stats.dropped["future"] == 1


def test_a_bridge_without_the_time_waits_for_it(start: Start) -> None:
    """A machine without a clock of its own begins in 1970: what waits there is not from the future."""
    clock = [42.0]
    source = MemorySource(rows(2))
    with Receiver() as server:
        writer = start(server.url, source, wall=lambda: clock[0])
        time.sleep(0.1)
        assert len(source.rows) == 2
        clock[0] = NOW_S
        until(lambda: not source.rows)
        assert values(server) == [1, 2]
        assert sum(writer.stats.dropped.values()) == 0


def test_more_than_may_wait_is_dropped_oldest_first_and_counted(start: Start) -> None:
    """While the server is away; what is in hand stays in hand, so that nothing is both dropped and sent."""
    source = MemorySource([row(n, [NOW_MS - 9000 + n], [n, 2 * n], (TEMPERATURE, ENERGY)) for n in range(1, 1001)], 400)
    away = threading.Event()
    with Receiver(lambda series: TAKEN if away.is_set() else Reply(503)) as server:
        writer = start(server.url, source)
        until(lambda: writer.stats.dropped["spool_full"])
        away.set()
        until(lambda: not source.rows)
        assert writer.stats.dropped["spool_full"] == 2 * 600
        assert writer.stats.sent == 2 * 400
        kept = [*range(1, BATCH_ROWS + 1), *range(1001 - (400 - BATCH_ROWS), 1001)]
        assert len(server.taken()) == 2
        (temperatures,) = [
            points for labels, points in server.taken().items() if ("__name__", TEMPERATURE.name) in labels
        ]
        assert [round(value * 100) for _, value in temperatures] == kept


def test_a_row_that_cannot_be_read_is_counted_and_left_behind(start: Start) -> None:
    """One damaged row must not stop all that come after it."""
    source = MemorySource([row(1, [NOW_MS, NOW_MS], [1]), *rows(1, 2)])
    with Receiver() as server:
        writer = start(server.url, source)
        until(lambda: not source.rows)
        assert values(server) == [2]
        assert writer.stats.dropped["unreadable"] == 2


def test_a_store_that_fails_is_asked_again(start: Start) -> None:
    """The thread outlives it, and the log has the traceback."""
    failures = [OSError("disk"), OSError("disk")]

    class Failing(MemorySource):
        def outgoing_batch(self, max_rows: int) -> Sequence[Outgoing]:
            if failures:
                raise failures.pop()
            return super().outgoing_batch(max_rows)

    source = Failing(rows(1))
    with Receiver() as server, capture_logs() as logs:
        start(server.url, source)
        until(lambda: not source.rows)
        assert values(server) == [1]
    assert [entry["event"] for entry in logs] == ["remote_write_failed"] * 2
