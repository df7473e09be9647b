"""Limits with hysteresis and duration."""

import itertools
import math

import pytest

from host_bridge.core.catalogue import BY_KEY
from host_bridge.core.columns import Column, Family
from host_bridge.core.series import Series
from host_bridge.core.thresholds import (
    BAND,
    BEYOND,
    CLEAR,
    CRITICAL,
    CRITICAL_BAND,
    CRITICAL_HELD,
    OK,
    PENDING,
    READINGS,
    STATES,
    TABLE,
    WARNING,
    WARNING_HELD,
    Watch,
    applies,
)
from host_bridge.settings import Threshold

ROWS = {
    #          clear  band     critical band  beyond    warning  critical
    OK: (OK, OK, OK, PENDING, WARNING, CRITICAL),
    PENDING: (OK, OK, OK, PENDING, WARNING, CRITICAL),
    WARNING: (OK, WARNING, WARNING, WARNING, WARNING, CRITICAL),
    CRITICAL: (OK, WARNING, CRITICAL, CRITICAL, WARNING, CRITICAL),
}
COLUMNS = (CLEAR, BAND, CRITICAL_BAND, BEYOND, WARNING_HELD, CRITICAL_HELD)


@pytest.mark.parametrize(("state", "reading"), list(itertools.product(STATES, READINGS)))
def test_every_pair(state: str, reading: str) -> None:
    """The whole table."""
    assert TABLE[state, reading] == ROWS[state][COLUMNS.index(reading)]


class Watched:
    """A temperature, in hundredths of a degree, and what its threshold said."""

    def __init__(self, **limits: float) -> None:
        metric = BY_KEY[3]
        self.said: list[tuple[str, str, float | None]] = []
        self.series = Series(Column(Family(metric), metric, ("cpu",)), "")
        rule = Threshold("hot", metric.name, **limits)  # type: ignore[arg-type]  # limits are floats
        self.watch = Watch(
            rule, self.series, lambda _, before, after, value, __: self.said.append((before, after, value))
        )

    def feed(self, *values: float | None, every_ms: int = 1000, start: int = 0) -> list[str]:
        """The states after each value, in degrees."""
        states = []
        for i, value in enumerate(values):
            scaled = value if value is None or not math.isfinite(value) else round(value * 100)
            self.watch.observe(scaled, start + i * every_ms)
            states.append(self.watch.state)
        return states


def test_beyond_a_limit_the_alert_is_raised_at_once() -> None:
    """Without a duration."""
    watched = Watched(warning_above=70, critical_above=85)
    assert watched.feed(20, 70, 70.01, 85.01, 70.01, 20) == [OK, OK, WARNING, CRITICAL, WARNING, OK]
    assert watched.said == [
        (OK, WARNING, pytest.approx(70.01)),
        (WARNING, CRITICAL, pytest.approx(85.01)),
        (CRITICAL, WARNING, pytest.approx(70.01)),
        (WARNING, OK, pytest.approx(20)),
    ]


def test_a_clear_level_stops_flapping() -> None:
    """It was raised above 70, and ends at 65."""
    watched = Watched(warning_above=70, clear_below=65)
    assert watched.feed(71, 69, 66, 71, 65) == [WARNING, WARNING, WARNING, WARNING, OK]
    assert len(watched.said) == 2


def test_a_critical_alert_falls_back_to_a_warning_before_it_ends() -> None:
    """Between clear level and warning limit."""
    assert Watched(warning_above=70, critical_above=85, clear_below=65).feed(90, 67, 60) == [CRITICAL, WARNING, OK]


def test_a_critical_alert_without_a_warning_stays_until_it_is_clear() -> None:
    """There is nothing to fall back to."""
    assert Watched(critical_above=85, clear_below=80).feed(90, 82, 80) == [CRITICAL, CRITICAL, OK]


def test_a_value_must_stay_beyond_for_the_whole_duration() -> None:
    """A peak is no alert."""
    watched = Watched(critical_above=85, for_s=3)
    assert watched.feed(90, 90, 80, 90, 90, 90, 90) == [PENDING, PENDING, OK, PENDING, PENDING, PENDING, CRITICAL]
    assert len(watched.said) == 1


def test_each_severity_has_its_own_duration() -> None:
    """Warning for three seconds, critical for one of them: a warning."""
    watched = Watched(warning_above=70, critical_above=85, for_s=3)
    assert watched.feed(71, 71, 71, 90, 90, 90, 90) == [PENDING] * 3 + [WARNING] * 3 + [CRITICAL]


def test_lower_limits_mirror_the_upper_ones() -> None:
    """A cold store."""
    watched = Watched(warning_below=5, critical_below=0, clear_above=6)
    assert watched.feed(10, 5, 4.99, -0.01, 5.5, 6) == [OK, OK, WARNING, CRITICAL, WARNING, OK]


def test_both_sides_at_once() -> None:
    """From too cold to too hot without being in order between them."""
    watched = Watched(warning_below=5, critical_above=85)
    assert watched.feed(3, 90, 4, 20) == [WARNING, CRITICAL, WARNING, OK]


def test_missing_values_change_nothing() -> None:
    """Neither a null nor NaN is in order, nor beyond a limit."""
    watched = Watched(warning_above=70)
    assert watched.feed(71, None, math.nan, 71) == [WARNING] * 4
    assert watched.feed(math.inf, -math.inf) == [WARNING, OK]


def test_without_data_an_alert_ends() -> None:
    """The board is silent: nobody knows whether it still holds."""
    watched = Watched(warning_above=70)
    watched.feed(71)
    watched.watch.no_data(5000)
    assert watched.said[-1] == (WARNING, OK, None)


def test_a_new_boot_begins_its_durations_anew() -> None:
    """Its uptime starts at zero."""
    watched = Watched(critical_above=85, for_s=3)
    watched.feed(90, start=1_000_000)
    assert watched.feed(90, 90, 90, 90) == [PENDING, PENDING, PENDING, CRITICAL]


@pytest.mark.parametrize("limit", [0.07, 1.1, 0.29, 70.55, 1.15])
def test_a_value_at_its_limit_is_not_beyond_it(limit: float) -> None:
    """Limits are compared as decimals: 0.29 * 100 is less than 29 to a float."""
    watched = Watched(warning_above=limit, warning_below=limit)
    watched.watch.observe(round(limit * 100), 0)
    assert watched.watch.state == OK


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        (Threshold("r", "device_temperature_celsius"), True),
        (Threshold("r", "device_power_watts"), False),
        (Threshold("r", "device_temperature_celsius", devices="lab-*"), True),
        (Threshold("r", "device_temperature_celsius", devices="office-*"), False),
        (Threshold("r", "device_temperature_celsius", labels=(("sensor_location", "c?u"),)), True),
        (Threshold("r", "device_temperature_celsius", labels=(("sensor_location", "gpu"),)), False),
        (Threshold("r", "device_temperature_celsius", labels=(("nowhere", "x"),)), False),
    ],
)
def test_a_rule_applies_by_metric_device_and_labels(rule: Threshold, expected: bool) -> None:
    """Shell patterns."""
    assert applies(rule, "lab-7", Watched().series) is expected
