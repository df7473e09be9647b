"""What `bench exposition`, `bench scale` and `bench uart` make of what they have measured."""

import array
import os
import time
from typing import Any

import pytest

from boardpulse_tools.bench.exposition import goals as exposition_goals
from boardpulse_tools.bench.exposition.stall import longest_ms
from boardpulse_tools.bench.process_use import cpu_seconds, rss_bytes
from boardpulse_tools.bench.scale import goals as scale_goals
from boardpulse_tools.bench.scale.fleet import MadeFleet
from boardpulse_tools.bench.scale.measure import _slope
from boardpulse_tools.bench.stats import summary
from boardpulse_tools.bench.uart.writer import Line


def size(ours: float, client: float, **peers: float) -> dict[str, Any]:
    """A measured size, as far as goals look at it."""
    medians = {name: {"median": value} for name, value in {"all": ours, "prometheus_client": client, **peers}.items()}
    return {"lines": 41, "prometheus_client_lines": 12, "seconds": medians, "cpu_seconds": medians}


def test_scrapes_are_divided_by_those_of_others_of_12000_series() -> None:
    sizes = {12_000: size(0.02, 0.2, mqtt_exporter=0.4), 120_000: size(0.3, 2.0)}
    found = {goal.name: goal.value for goal in exposition_goals.goals(sizes, {"scraped_ms": {"median": 20.0}})}
    assert found == {
        "scrape_12k_vs_mqtt_exporter": pytest.approx(0.05),
        "scrape_12k_vs_mqtt2prometheus": None,
        "scrape_12k_vs_prometheus_client": pytest.approx(0.1),
        "scrape_120k_s": 0.3,
        "ingest_stall_ms": 20.0,
    }


def test_the_gate_is_offered_the_rounds_that_were_disturbed_least() -> None:
    """Rounds in which something else ran, of ours or of theirs, change nothing; without 12,000 series there is none."""
    found = size(0.02, 0.2)
    found["cpu_seconds"] = {"all": summary((0.01, 0.02)), "prometheus_client": summary((0.2, 4.0))}
    name = "scrape_12k_cpu_vs_prometheus_client"
    assert exposition_goals.gated({12_000: found}) == {name: pytest.approx(0.05)}
    assert exposition_goals.gated({1_200: found}) == {name: None}


def test_what_was_not_measured_is_not_met() -> None:
    assert not any(goal.met for goal in exposition_goals.goals({1_200: size(0.001, 1.0)}, None))


def test_a_ratio_is_told_in_time_in_processor_time_and_for_a_line() -> None:
    found = exposition_goals.ratios(size(0.02, 0.2))
    assert found.keys() == {"prometheus_client"}
    assert found["prometheus_client"]["seconds_per_line"] == pytest.approx(0.1 * 12 / 41)


def test_the_longest_pause_is_that_of_a_frame_which_was_due_during_the_scrape() -> None:
    pairs = array.array("d", [1.0, 0.5, 2.0, 0.001, 2.5, 0.040, 3.0, 0.002, 4.0, 0.9])
    assert longest_ms(pairs, (1.5, 3.5)) == pytest.approx(40.0)
    with pytest.raises(ValueError, match="no frame was due"):
        longest_ms(pairs, (5.0, 6.0))


def test_growth_is_the_largest_size_over_the_smallest() -> None:
    sizes = {
        str(devices): {
            "engine_us": {"median": cost},
            "memory": {"most_bytes_per_device": memory, "memory_growth": memory / 4_000},
        }
        for devices, cost, memory in ((100, 8.0, 9_000.0), (1_000, 9.0, 5_000.0), (10_000, 12.0, 4_000.0))
    }
    assert {goal.name: goal.value for goal in scale_goals.goals(sizes)} == {
        "bytes_per_device": 4_000.0,
        "memory_growth": 1.0,
        "cost_growth": pytest.approx(1.5),
    }


def test_memory_that_grows_for_ever_has_a_slope_and_one_that_settles_has_none() -> None:
    assert _slope([100 + 7 * look for look in range(20)]) == pytest.approx(7)
    assert _slope([100, 300, 400, *[450] * 17]) == 0


def test_a_made_fleet_counts_every_frame_that_the_engine_and_the_core_took() -> None:
    """And a page that was drawn shows all twelve series of each."""
    made = MadeFleet(20)
    made.greet()
    made.take(made.frames(60))
    made.handle(made.frames(40))
    made.check(100)
    assert made.fleet.series_total == 20 * 12
    assert made.draw()[1] > 20 * 12 * 50
    with pytest.raises(RuntimeError, match="100 of 101"):
        made.check(101)


def test_a_line_that_nobody_reads_loses_bytes_and_counts_them() -> None:
    """As a UART does; what it has sent is counted all the same."""
    line = Line(0, seconds=1.0, batch=1)
    while not line.done:
        line.step(line.sent + 9_216)
    assert line.frames > 1_000
    assert 0 < line.lost < line.sent


def test_processor_time_and_memory_of_a_process_are_read() -> None:
    before = cpu_seconds(os.getpid())
    until = time.process_time() + 0.05
    while time.process_time() < until:
        pass
    assert 0.05 <= cpu_seconds(os.getpid()) - before < 5
    held = bytearray(os.urandom(1024) * 20_000)
    assert rss_bytes(os.getpid()) > len(held)
