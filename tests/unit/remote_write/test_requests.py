"""Rows become requests of bounded size."""

from host_bridge.sinks.remote_write.protobuf import encode_request
from host_bridge.sinks.remote_write.requests import MAX_BYTES, MAX_SAMPLES, requests
from host_bridge.sinks.remote_write.samples import Names, samples_of
from tests.support.remote_write import ENERGY, NOW_MS, TEMPERATURE, row


def test_requests_have_at_most_2000_samples_and_lose_none() -> None:
    """A row may need several, and several rows one; each is finished with the request that has its last sample."""
    big = row(1, range(NOW_MS, NOW_MS + 2_500), range(5_000), (TEMPERATURE, ENERGY))
    rows = [big, row(2, [NOW_MS], [None]), row(5, [NOW_MS], [1]), row(6, [NOW_MS], [2])]
    found = list(requests(rows, Names()))
    assert [len(request.samples) for request in found] == [2000, 2000, 1002]
    assert [request.finished for request in found] == [[], [], [1, 2, 5, 6]]
    sent = [sample for request in found for sample in request.samples]
    assert sent == [sample for one in rows for sample in samples_of(one, Names())]
    assert MAX_SAMPLES == 2000


def test_requests_have_at_most_a_mebibyte() -> None:
    """Labels count, once a series in each request: long ones of many series, and a bound that one sample fills."""
    rows = [row(n, [NOW_MS], [n], device_id=f"{n:03}" + "x" * 900) for n in range(1, 1500)]
    found = list(requests(rows, Names()))
    sizes = [len(encode_request(request.samples)) for request in found]
    assert max(sizes) <= MAX_BYTES
    assert len(sizes) == 2
    assert [len(request.samples) for request in requests(rows[:3], Names(), max_bytes=10)] == [1, 1, 1]


def test_rows_without_a_sample_are_finished_all_the_same() -> None:
    """They would wait for ever otherwise."""
    assert [(r.samples, r.finished) for r in requests([row(1, [1], [None]), row(2, [], [])], Names())] == [([], [1, 2])]
    assert list(requests([], Names())) == []
