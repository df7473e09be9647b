"""Bad samples are found and dropped; the others arrive."""

import random
from collections.abc import Callable, Sequence

import pytest

from host_bridge.sinks.remote_write.answer import OUT_OF_ORDER, REFUSED, TOO_OLD, Refused
from host_bridge.sinks.remote_write.samples import Sample
from host_bridge.sinks.remote_write.settle import settle


class Server:
    """Takes a request whole or not at all, as Prometheus does."""

    def __init__(self, refuses: Callable[["Server", Sample], str | None]) -> None:
        self.refuses = refuses
        self.taken: list[Sample] = []
        self.dropped: list[tuple[Sample, str]] = []
        self.requests = 0

    def deliver(self, samples: Sequence[Sample]) -> Refused | None:
        self.requests += 1
        for sample in sorted(samples, key=lambda sample: sample[:2]):
            reason = self.refuses(self, sample)
            if reason is not None:
                return Refused(reason)
        self.taken.extend(samples)
        return None

    def drop(self, samples: Sequence[Sample], refused: Refused) -> None:
        self.dropped += [(sample, refused.reason) for sample in samples]

    def settle(self, samples: list[Sample]) -> None:
        settle(samples, self.deliver, self.drop)
        found = sorted([*self.taken, *(sample for sample, _ in self.dropped)])
        assert found == sorted(samples), "each sample is settled once"


def samples(times: int, series: int) -> list[Sample]:
    """So many times of so many series, in no order."""
    out = [(time, b"series %d" % n, float(time)) for time in range(times) for n in range(series)]
    random.Random(7).shuffle(out)
    return out


def test_what_is_good_goes_in_one_request() -> None:
    """The usual case costs nothing."""
    server = Server(lambda _, sample: None)
    server.settle(samples(100, 20))
    assert server.requests == 1


@pytest.mark.parametrize("bad", [{0}, {1999}, {700, 701}, {3, 500, 1999}])
def test_only_the_bad_samples_are_dropped(bad: set[int]) -> None:
    """With a handful of requests for each: about twice the logarithm of the batch."""
    server = Server(lambda _, sample: REFUSED if sample[0] in bad else None)
    server.settle(samples(2000, 1))
    assert {sample[0] for sample, _ in server.dropped} == bad
    assert server.requests <= 1 + 22 * len(bad)


def test_all_bad_ends() -> None:
    """And drops all."""
    server = Server(lambda _, sample: REFUSED)
    server.settle(samples(10, 3))
    assert len(server.dropped) == 30
    assert server.requests == 2 * 30 - 1


def test_reasons_are_kept_apart() -> None:
    """Each sample is counted under its own."""
    server = Server(lambda _, sample: {5: TOO_OLD, 9: REFUSED}.get(sample[0]))
    server.settle(samples(20, 1))
    assert sorted((sample[0], reason) for sample, reason in server.dropped if sample[0] >= 5) == [
        (5, TOO_OLD), (9, REFUSED),
    ]  # fmt: skip


def in_order(server: Server, sample: Sample) -> str | None:
    """Prometheus without an out_of_order_time_window: each series only goes forward, from 100 on."""
    newest = max((one[0] for one in server.taken if one[1] == sample[1]), default=99)
    return OUT_OF_ORDER if sample[0] <= newest else None


def test_a_server_that_only_goes_forward_gets_all_that_it_would_have_taken() -> None:
    """Older halves go first: a newer one that is taken would shut out older good samples."""
    server = Server(in_order)
    server.settle(samples(200, 3))
    assert {sample[0] for sample, _ in server.dropped} == set(range(100))
    assert len(server.taken) == 300


def test_a_batch_beyond_the_window_costs_a_few_requests_a_series() -> None:
    """After a long outage whole batches are too old: what is older than a series' newest refused is not even sent."""
    server = Server(lambda _, sample: TOO_OLD if sample[0] < 150 else None)
    server.settle(samples(200, 10))
    assert len(server.dropped) == 1500
    assert len(server.taken) == 500
    assert server.requests < 150
