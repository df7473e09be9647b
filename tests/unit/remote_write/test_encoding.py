"""The bytes of a WriteRequest, judged by Google's protobuf, and the samples in it, judged by the page."""

import math
import struct
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families as parse_text

from host_bridge.core.catalogue import Metric
from host_bridge.core.columns import Column, Family
from host_bridge.core.numerals import decimal
from host_bridge.core.records import KeptSeries
from host_bridge.sinks.remote_write.outgoing import Outgoing
from host_bridge.sinks.remote_write.protobuf import SAMPLE_BYTES, encode_labels, encode_request, varint
from host_bridge.sinks.remote_write.samples import NAN, Names, float64, samples_of
from host_bridge.sinks.table import histogram_lines
from shared_schema.messages import GAUGE, HISTOGRAM, MAX_VALUE
from tests.support.remote_write import DURATION, ENERGY, NOW_MS, TEMPERATURE, Labels, decode, row, same

LABELS = {"__name__": "device_x", "platform": "rp2", "Zone": "é", "device_id": "a"}


def decoded(of: Outgoing, external: tuple[tuple[str, str], ...] = ()) -> dict[Labels, list[tuple[int, float]]]:
    """What a server reads of a row."""
    return dict(decode(encode_request(samples_of(of, Names(external)))))


@pytest.mark.parametrize(
    ("number", "encoded"),
    [(0, "00"), (127, "7f"), (128, "8001"), (300, "ac02"), (1 << 63, "80808080808080808001"), (-1, "ff" * 9 + "01")],
)
def test_varint(number: int, encoded: str) -> None:
    """As in https://protobuf.dev/programming-guides/encoding/#varints."""
    assert varint(number).hex() == encoded


def test_labels_are_in_the_order_of_their_names_and_samples_in_that_of_their_times() -> None:
    """Receivers may refuse anything else. Capitals are before _, and _ before small letters: the order of bytes."""
    labels = encode_labels(LABELS)
    other = encode_labels({"__name__": "y"})
    request = encode_request([(3, labels, 3.0), (1, other, 9.0), (1, labels, 1.0), (-2, labels, math.inf)])
    assert decode(request) == [
        (
            (("Zone", "é"), ("__name__", "device_x"), ("device_id", "a"), ("platform", "rp2")),
            [(-2, math.inf), (1, 1.0), (3, 3.0)],
        ),
        ((("__name__", "y"),), [(1, 9.0)]),
    ]


@given(
    st.lists(
        st.tuples(
            st.integers(-(1 << 63), (1 << 63) - 1),
            st.dictionaries(st.text(min_size=1, max_size=200), st.text(max_size=300), max_size=4),
            st.floats(allow_nan=False),
        ),
        max_size=30,
    )
)
def test_whatever_is_encoded_is_decoded(samples: list[tuple[int, dict[str, str], float]]) -> None:
    """Any label, time and value, and no sample is larger than what requests are cut by."""
    request = encode_request([(time, encode_labels(labels), value) for time, labels, value in samples])
    found = [(time, labels, value) for labels, points in decode(request) for time, value in points]
    expected = [(time, tuple(sorted(labels.items())), value) for time, labels, value in samples]
    assert sorted(found) == sorted(expected)
    sizes = sum(len(encode_labels(labels)) + 6 + SAMPLE_BYTES for _, labels, _ in samples)
    assert len(request) <= sizes


@given(st.integers(-MAX_VALUE * 64, MAX_VALUE * 64), st.integers(-12, 12))
def test_values_are_rounded_once_to_what_the_page_says(value: int, scale: int) -> None:
    """The nearest float64 of integer × 10**scale, the one that Prometheus reads from /metrics."""
    found = float64(value, scale)
    assert found == float(decimal(value, scale))
    assert found == float(Fraction(value) * Fraction(10) ** scale)


@pytest.mark.parametrize("payload", ["7ff8000000000000", "7ff0000000000002", "fff8000000000001", "7ff8deadbeef0000"])
def test_no_nan_ends_a_series(payload: str) -> None:
    """A board's NaN, with whatever payload, goes out as the one that Prometheus writes for NaN."""
    nan = struct.unpack(">d", bytes.fromhex(payload))[0]
    request = encode_request(samples_of(row(1, [NOW_MS], [nan]), Names()))
    assert bytes.fromhex("010000000000f87f") in request
    assert struct.pack("<d", NAN).hex() == "010000000000f87f"
    assert float64(-math.inf, 3) == -math.inf


def test_a_row_s_columns_become_series_and_missing_values_nothing() -> None:
    """Column-major, as the store has them; names and labels as on /metrics."""
    of = row(1, [NOW_MS, NOW_MS + 1000], [2150, None, 17, 18], (TEMPERATURE, ENERGY))
    assert decoded(of) == {
        (
            ("__name__", "device_temperature_celsius"), ("device_id", "pico-1"), ("platform", "rp2"),
            ("sensor_location", "cpu"),
        ): [(NOW_MS, 21.5)],
        (("__name__", "device_energy_joules_total"), ("device_id", "pico-1"), ("platform", "rp2")): [
            (NOW_MS, 0.017), (NOW_MS + 1000, 0.018),
        ],
    }  # fmt: skip


def test_a_series_without_a_single_value_is_left_out() -> None:
    """An empty TimeSeries is none."""
    assert decoded(row(1, [1, 2], [None, None])) == {}


@pytest.mark.parametrize(
    ("bounds", "scale", "columns"),
    [
        ((1_000, 250_000), -6, [3, 4, 5, 1_234_567]),
        ((-20, 0, 2_000_000_000), -1, [0, 0, 0, 0, -5]),
        ((1, 5, 10**15), 3, [1, 2, 3, 4, MAX_VALUE]),
    ],
)
def test_a_histogram_has_exactly_the_page_s_lines(bounds: tuple[int, ...], scale: int, columns: list[int]) -> None:
    """Cumulative buckets with the same `le`, sum and count: drawn by the page, read by Prometheus' client library."""
    metric = Metric(0, "device_d_seconds", HISTOGRAM, "seconds", scale, 0, MAX_VALUE, ("model",), "h", bounds)
    own = 'device_id="pico-1",platform="rp2"'
    lines = histogram_lines(Column(Family(metric), metric, ("m",)), own, tuple(columns))
    page = "# TYPE device_d_seconds histogram\n" + lines
    on_the_page = {
        tuple(sorted({"__name__": sample.name, **sample.labels}.items())): [(NOW_MS, sample.value)]
        for family in parse_text(page)
        for sample in family.samples
    }
    kept = KeptSeries("device_d_seconds", (("model", "m"),), HISTOGRAM, scale, bounds)
    assert decoded(row(1, [NOW_MS], columns, (kept,))) == on_the_page


def test_a_histogram_with_a_missing_column_is_left_out_as_a_whole() -> None:
    """Buckets without their sum would be a lie; the next sample has all of it."""
    found = decoded(row(1, [1, 2, 3], [1, 1, 1, 2, None, 2, 3, 3, 3, 9, 9, math.nan], (DURATION,)))
    assert {time for points in found.values() for time, _ in points} == {1}
    assert len(found) == 5


def test_columns_behind_a_histogram_are_the_next_series() -> None:
    """It takes as many as it has bounds, and two."""
    found = decoded(row(1, [NOW_MS], [1, 1, 1, 2, 2150], (DURATION, TEMPERATURE)))
    assert [points for labels, points in found.items() if ("__name__", TEMPERATURE.name) in labels] == [
        [(NOW_MS, 21.5)]
    ]


def test_external_labels_make_the_series_that_a_scrape_makes() -> None:
    """job and instance are the target's; a board's own label of that name becomes exported_job, as in a scrape."""
    series = KeptSeries("device_x", (("job", "own"), ("room", "a")), GAUGE, 0)
    (labels,) = decoded(row(1, [1], [1], (series,)), (("job", "boardpulse"), ("instance", "h:9782")))
    assert labels == (
        ("__name__", "device_x"), ("device_id", "pico-1"), ("exported_job", "own"), ("instance", "h:9782"),
        ("job", "boardpulse"), ("platform", "rp2"), ("room", "a"),
    )  # fmt: skip


def test_an_empty_label_is_no_label() -> None:
    """The protocol forbids empty values; a device whose platform is not known has none."""
    (labels,) = decoded(Outgoing(1, "pico-1", "", (KeptSeries("device_x", (("room", ""),), GAUGE, 0),), [1], [1]))
    assert labels == (("__name__", "device_x"), ("device_id", "pico-1"))


def test_floats_are_equal_to_themselves_as_the_tests_need_it() -> None:
    """The helper of these tests tells NaN from numbers."""
    assert same(math.nan, math.nan)
    assert not same(math.nan, 1.0)
