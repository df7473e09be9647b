"""Numbers on the page are exactly those of the wire."""

import math

import pytest

from host_bridge.core.numerals import canonical, decimal


@pytest.mark.parametrize(
    ("value", "scale", "text"),
    [
        (12345, -3, "12.345"),
        (-12345, -3, "-12.345"),
        (5, -3, "0.005"),
        (-5, -3, "-0.005"),
        (0, -3, "0.000"),
        (1000, -3, "1.000"),
        (999, -3, "0.999"),
        (42, 0, "42"),
        (-42, 0, "-42"),
        (0, 0, "0"),
        (240, 6, "240000000"),
        (0, 6, "0"),
        (-3, 2, "-300"),
        (1, -12, "0.000000000001"),
        (1 << 53, 12, "9007199254740992000000000000"),
        ((1 << 53) - 1, -6, "9007199254.740991"),
        (math.nan, -2, "NaN"),
        (math.inf, 0, "+Inf"),
        (-math.inf, 3, "-Inf"),
    ],
)
def test_exact(value: float, scale: int, text: str) -> None:
    """No float error, no exponent."""
    assert decimal(value, scale) == text


@pytest.mark.parametrize(
    ("value", "scale", "text"),
    [
        (100, -6, "0.0001"),
        (10, -6, "1e-05"),
        (1_000_000, -6, "1.0"),
        (30_000_000, -6, "30.0"),
        (1_000_000, 0, "1e+06"),
        (1_500_000, 0, "1.5e+06"),
        (100_000, 0, "100000.0"),
        (123_456_789_012, 0, "1.23456789012e+11"),
        (-5, 0, "-5.0"),
        (0, 0, "0.0"),
        (2, 12, "2e+12"),
    ],
)
def test_bounds_are_written_as_openmetrics_wants_them(value: int, scale: int, text: str) -> None:
    """The way Go prints them."""
    assert canonical(value, scale) == text
