"""Values: what may stand on the page, and what becomes missing and is counted."""

import math

import pytest

from tests.support.boards import ENERGY, REQUESTS, TEMPERATURE, Board, Bridge, custom

HISTOGRAM = custom("press", 2, unit="seconds", scale=-3, bounds=[100, 250, 500])


def shown(series: object, name: str, *frames: object, **samples: object) -> tuple[str | None, dict[str, str]]:
    """The value on the page after these single-column frames, and the values rejected, by reason."""
    b, board = Bridge(), Board(series=[series])
    b.uart(board.hello())
    for i, column in enumerate(frames):
        b.uart(board.samples(column, uptime=10_000 * i, **samples))  # type: ignore[arg-type]
    rejected = {key[len('reason="') : -1]: n for key, n in b.values("device_values_rejected_total").items()}
    return b.value(name), rejected


@pytest.mark.parametrize(
    ("column", "value", "rejected"),
    [
        (2150, "21.50", {}),
        (-10_000, "-100.00", {}),
        (40_000, "400.00", {}),
        (-10_001, None, {"range": "1"}),
        (40_001, None, {"range": "1"}),
        (1 << 60, None, {"range": "1"}),
        (None, None, {}),
        (math.nan, "NaN", {}),
        (math.inf, "+Inf", {}),
        (-math.inf, "-Inf", {}),
        ([2150], "21.50", {}),
    ],
)
def test_a_gauge(column: object, value: str | None, rejected: dict[str, str]) -> None:
    """Within the catalogue's range, or one of the specials; anything else is missing."""
    assert shown(TEMPERATURE, "device_temperature_celsius", 2000, column) == (value, rejected)


def test_a_number_that_is_no_integer_is_missing() -> None:
    """Only the value, not the frame."""
    from cbor2 import dumps

    b, board = Bridge(), Board()
    b.uart(board.hello())
    b.uart(dumps([2, board.boot, 0, 1000, 0, 0, 1, 21.5, 40_000]))
    assert b.value("device_temperature_celsius") is None
    assert b.value("device_memory_free_bytes") == "40000"
    assert b.fleet.tally.values["integer"] == 1


@pytest.mark.parametrize(
    ("frames", "value", "rejected"),
    [
        ((5, 9), "9", {}),
        ((5, 5), "5", {}),
        ((5, 4), None, {"decreasing": "1"}),
        ((5, 4, 6), "6", {"decreasing": "1"}),
        ((5, -1), None, {"range": "1"}),
        ((5, (1 << 53) + 1), None, {"range": "1"}),
        ((5, math.nan), None, {"special": "1"}),
        ((5, math.inf), None, {"special": "1"}),
        ((5, None), None, {}),
        ((5, None, 7), "7", {}),
    ],
)
def test_a_counter(frames: tuple[object, ...], value: str | None, rejected: dict[str, str]) -> None:
    """It never decreases within a boot, and has no specials."""
    assert shown(REQUESTS, "device_inference_requests_total", *frames) == (value, rejected)


def test_a_counter_goes_on_over_restarts() -> None:
    """The board counts from zero; the page does not go back."""
    b = Bridge()
    for boot in (1, 2, 3):
        board = Board(boot=boot, series=[ENERGY])
        b.uart(board.hello())
        b.uart(board.samples(0, uptime=1))
        b.uart(board.samples(5000, uptime=1000))
    assert b.value("device_energy_joules_total") == "15.000"


@pytest.mark.parametrize(
    ("n", "column", "value", "rejected"),
    [
        (3, [2000, 50, -25], "20.25", {}),
        (3, 2000, "20.00", {}),
        (3, [2000, None, 50], "20.50", {}),
        (3, [2000, 50, None], None, {}),
        (3, [2000, math.nan, 50], "20.50", {}),
        (3, [2000, 50, math.inf], "+Inf", {}),
        (3, [2000, 90_000, -89_000], "30.00", {"range": "1"}),
        (3, [90_000, 1, 1], None, {"range": "3"}),
        (3, 90_000, None, {"range": "3"}),
        (3, [None, 2000, 1], "20.01", {}),
        (3, None, None, {}),
        (3, math.nan, "NaN", {}),
        ([0, 0], [2000, 1, 1], "20.02", {}),
    ],
)
def test_the_last_of_many_samples_is_shown_and_all_are_checked(
    n: object, column: object, value: str | None, rejected: dict[str, str]
) -> None:
    """A frame of several samples: deltas, nulls and specials between them."""
    assert shown(TEMPERATURE, "device_temperature_celsius", column, n=n) == (value, rejected)


def test_counters_of_many_samples() -> None:
    """Each is held to the one before it."""
    assert shown(REQUESTS, "device_inference_requests_total", [5, 3, -1, 4], n=4) == ("11", {"decreasing": "1"})


def histogram(*frames: list[object], n: object = 1) -> tuple[dict[str, str], Bridge]:
    """The buckets after these frames of five columns each."""
    b, board = Bridge(), Board(series=[HISTOGRAM])
    b.uart(board.hello())
    for i, columns in enumerate(frames):
        b.uart(board.samples(*columns, uptime=10_000 * i, n=n))
    return b.values("device_press_seconds_bucket"), b


def test_a_histogram_is_cumulative_on_the_page_and_not_on_the_line() -> None:
    """Three buckets and the one without a bound, then the sum."""
    buckets, b = histogram([1, 2, 3, 4, 2500])
    assert buckets == {'le="0.1"': "1", 'le="0.25"': "3", 'le="0.5"': "6", 'le="+Inf"': "10"}
    assert (b.value("device_press_seconds_count"), b.value("device_press_seconds_sum")) == ("10", "2.500")


@pytest.mark.parametrize(
    ("columns", "reason"),
    [
        ([1, 2, 2, 4, 2500], "decreasing"),
        ([1, 2, 3, 4, 2499], "decreasing"),
        ([1, 2, math.nan, 4, 2500], "special"),
        ([1, 2, 3, (1 << 53) + 1, 2500], "range"),
        ([1, 2, None, 4, 2500], None),
    ],
)
def test_a_histogram_is_whole_or_missing(columns: list[object], reason: str | None) -> None:
    """One column that cannot be right takes the others with it."""
    buckets, b = histogram([1, 2, 3, 4, 2500], columns)
    assert buckets == {}
    assert b.values("device_values_rejected_total") == ({f'reason="{reason}"': "1"} if reason else {})
    buckets, b = histogram([1, 2, 3, 4, 2500], columns, [2, 2, 3, 4, 2600])
    assert buckets['le="+Inf"'] == "11"


def test_a_histogram_of_negative_observations_may_have_a_falling_sum() -> None:
    """Temperatures below zero."""
    b, board = Bridge(), Board(series=[custom("frost", 2, unit="celsius", bounds=[-10, 0, 10])])
    b.uart(board.hello())
    b.uart(board.samples(1, 0, 0, 0, -20, uptime=1))
    b.uart(board.samples(2, 0, 0, 0, -45, uptime=2))
    assert b.value("device_frost_celsius_sum") == "-45"


def test_a_histogram_goes_on_over_restarts() -> None:
    """Bucket by bucket."""
    b = Bridge()
    for boot in (1, 2):
        board = Board(boot=boot, series=[HISTOGRAM])
        b.uart(board.hello())
        b.uart(board.samples(1, 2, 3, 4, 2500, uptime=1))
    assert b.value("device_press_seconds_count") == "20"
    assert b.value("device_press_seconds_sum") == "5.000"


def test_a_histogram_among_other_series_takes_its_own_columns() -> None:
    """From position to series: gauge, histogram, counter, gauge."""
    b, board = Bridge(), Board(series=[TEMPERATURE, HISTOGRAM, REQUESTS, [1, "gc"]])
    b.uart(board.hello())
    b.uart(board.samples(2150, 1, 2, 3, 4, 2500, 42, 40_000))
    assert b.value("device_temperature_celsius") == "21.50"
    assert b.value("device_press_seconds_count") == "10"
    assert b.value("device_inference_requests_total") == "42"
    assert b.value("device_memory_free_bytes") == "40000"


def test_surplus_columns_are_skipped_and_counted() -> None:
    """A board of a later version."""
    b, board = Bridge(), Board()
    b.uart(board.hello())
    b.uart(board.samples(2150, 40_000, 7, 8))
    assert b.value("device_temperature_celsius") == "21.50"
    assert b.value("device_fields_skipped_total") == "2"


def test_no_value_stands_under_a_wrong_name_behind_a_series_of_unknown_width() -> None:
    """A key of a later catalogue may be a histogram: with more columns than explained, what is behind is skipped."""
    b, board = Bridge(), Board(series=[TEMPERATURE, 9999, [1, "gc"]])
    b.uart(board.hello())
    b.uart(board.samples(2150, 1, 2, 3, 4, 40_000))
    assert b.value("device_temperature_celsius") == "21.50"
    assert b.value("device_memory_free_bytes") is None
    b.uart(board.samples(2160, 1, 40_000, uptime=2000))
    assert b.value("device_memory_free_bytes") == "40000"


def test_thresholds_see_every_sample_of_a_batch() -> None:
    """An excursion inside it is an alert, though the last value is in order."""
    from host_bridge.core.actions import Alert
    from host_bridge.settings import Settings, Threshold
    from tests.support.boards import only

    rule = Threshold("hot", "device_temperature_celsius", critical_above=85)
    b, board = Bridge(Settings(thresholds=(rule,))), Board(series=[TEMPERATURE])
    b.uart(board.hello())
    alerts = only(b.uart(board.samples([2000, 7000, -7000], n=3, uptime=1000)), Alert)
    assert [(alert.before, alert.after, alert.value) for alert in alerts] == [
        ("ok", "critical", 90.0),
        ("critical", "ok", 20.0),
    ]
