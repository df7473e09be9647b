"""Columns and times: what an encoder writes for them and what is read back."""

# ruff: noqa: E501  # tables of values

import math

import pytest

from shared_schema import batches, columns
from shared_schema.cbor import Writer
from shared_schema.cbor_reader import loads
from shared_schema.errors import SchemaError

Values = list[int | float | None]


def column(values: Values, n: int | None = None) -> object:
    """The wire form of a column."""
    w = Writer(bytearray(200))
    batches.column(w, values, len(values) if n is None else n)
    return loads(bytes(w.buf[: w.pos]))


def times(gaps: list[int], interval: int) -> object:
    """The wire form of times."""
    w = Writer(bytearray(200))
    batches.times(w, gaps, len(gaps), interval)
    return loads(bytes(w.buf[: w.pos]))


@pytest.mark.parametrize(
    ("values", "wire"),
    [
        ([5], 5), ([5, 5, 5], 5), ([None], None), ([None, None], None), ([5, 6, 4], [5, 1, -2]), ([0, None], [0, None]),
        ([None, 7, None, 9], [None, 7, None, 2]), ([-3, -3, -4], [-3, 0, -1]), ([0, 0], 0), ([None, 0], [None, 0]),
        ([2**53, -(2**53)], [2**53, -(2**54)]), ([math.inf, math.inf], math.inf), ([math.inf, -math.inf], [math.inf, -math.inf]),
    ],
)  # fmt: skip
def test_column_there_and_back(values: Values, wire: object) -> None:
    """A column of equal elements is one element; others are a first value and differences."""
    assert column(values) == wire
    assert columns.expand(wire, len(values)) == values


def test_nans_are_one_constant() -> None:
    """NaN differs from itself, and is still equal as an element; from a number it differs."""
    nan = math.nan
    assert isinstance(column([nan, float("nan")]), float)
    assert isinstance(column([nan, 1]), list)
    assert isinstance(column([1, nan]), list)


def test_only_the_first_n_values_are_sent() -> None:
    """A sampler's column may be longer than the frame."""
    assert column([1, 2, 3, 4], 2) == [1, 1]


@pytest.mark.parametrize(
    ("gaps", "interval", "wire", "offsets"),
    [
        ([0], 1000, 1, [0]),
        ([9, 1000, 1000], 1000, 3, [0, 1000, 2000]),
        ([0, 1003, 997], 1000, [3, -3], [0, 1003, 2000]),
        ([0, 0, 0], 0, 3, [0, 0, 0]),
        ([0, 5, 0], 0, [5, 0], [0, 5, 5]),
        ([0, 0], 1000, [-1000], [0, 0]),
    ],
)
def test_times_there_and_back(gaps: list[int], interval: int, wire: object, offsets: list[int]) -> None:
    """Equidistant times are the count; others what each gap has over the interval. gaps[0] is not read."""
    assert times(gaps, interval) == wire
    assert columns.offsets(wire, interval) == offsets  # type: ignore[arg-type]
    assert columns.count(wire) == len(offsets)


@pytest.mark.parametrize("wire", [[-1001], [0, -1001], [True], [None], ["1"], [1.0], [2**53], [2**52, 2**52]])
def test_times_that_cannot_be(wire: list[int]) -> None:
    """Time never runs backwards, and never beyond what an uptime can be."""
    with pytest.raises(SchemaError, match="times"):
        columns.offsets(wire, 1000)


@pytest.mark.parametrize("element", [True, False, "7", b"7", [1], {}, object()])
def test_a_column_holds_numbers_and_nulls_only(element: object) -> None:
    """Booleans are no integers, alone and among others."""
    for wire in (element, [1, element]):
        with pytest.raises(SchemaError):
            columns.expand(wire, 2)


def test_finite_floats_are_handed_on() -> None:
    """One value that is no integer does not take its frame with it; differences go on behind it."""
    assert columns.expand([5, 1.5, 2], 3) == [5, 1.5, 7]
