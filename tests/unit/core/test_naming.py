"""The names of custom metrics."""

import pytest

from host_bridge.core.naming import NameRefusedError, exposed, exposed_name
from shared_schema.hello import CustomMetric
from tests.support.boards import custom


def name(*args: object, **fields: object) -> str:
    """The exposed name."""
    return exposed_name(CustomMetric(custom(*args, **fields)))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("metric", "exposed_as"),
    [
        (custom("soil_moisture", unit="ratio"), "device_soil_moisture_ratio"),
        (custom("people"), "device_people"),
        (custom("doors_opened", 1), "device_doors_opened_total"),
        (custom("doors_opened_total", 1), "device_doors_opened_total"),
        (custom("water", 1, unit="liters"), "device_water_liters_total"),
        (custom("water_liters_total", 1, unit="liters"), "device_water_liters_total"),
        (custom("tank_celsius", unit="celsius"), "device_tank_celsius"),
        (custom("press", 2, unit="seconds", bounds=[1, 2]), "device_press_seconds"),
    ],
)
def test_unit_and_total_are_added_once(metric: dict[int, object], exposed_as: str) -> None:
    """SPEC.md section 3: the bridge adds device_, unit and _total."""
    assert exposed_name(CustomMetric(metric)) == exposed_as  # type: ignore[arg-type]


@pytest.mark.parametrize("wrong", ["cars_total", "cars_bucket", "cars_created"])
def test_a_gauge_must_not_look_like_a_counter(wrong: str) -> None:
    """OpenMetrics would not parse it; the reason is said."""
    with pytest.raises(NameRefusedError, match="must not end like") as caught:
        exposed_name(CustomMetric(custom(wrong)))
    assert caught.value.args[0] == "name"


def test_it_becomes_a_metric_like_those_of_the_catalogue() -> None:
    """With range, labels and a help text."""
    metric = exposed(CustomMetric(custom("x", unit="volts", scale=-3, labels=[["rail", "5v"]])))
    assert (metric.unit, metric.scale, metric.labels) == ("volts", -3, ("rail",))
    assert (metric.least, metric.greatest) == (-(1 << 53), 1 << 53)
    assert metric.help


def test_a_help_text_is_kept() -> None:
    """What the board says about its metric."""
    assert exposed(CustomMetric(custom("x", help="Why not."))).help == "Why not."
