"""`boardpulse bench profile` in a short real run, as a user runs it."""

import json
import subprocess
import sys
from typing import Any

import pytest

LIMIT_S = 120
PAGE_BYTES = 2_000  # of a board's lines at least, which stand in memory


@pytest.fixture(scope="module")
def results() -> dict[str, Any]:
    """Of its report."""
    command = [sys.executable, "-m", "host_bridge", "bench", "profile", "--short", "--json"]
    answer = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT_S, check=False)
    assert answer.returncode == 0, answer.stderr
    found: dict[str, Any] = json.loads(answer.stdout)["results"]
    return found


def test_shares_add_up_and_little_is_left_for_the_rest(results: dict[str, Any]) -> None:
    assert results["loads"].keys() == {"message", "message_batch", "message_history", "page"}
    for name, load in results["loads"].items():
        assert sum(load["parts"].values()) == pytest.approx(1), name
        assert load["parts"]["rest"] < 0.05, name
        assert load["without_part"] == [], name


def test_each_load_is_in_the_parts_that_do_its_work(results: dict[str, Any]) -> None:
    """And the store only where there is one."""
    names = ("message", "message_batch", "message_history", "page")
    message, batch, kept, page = (results["loads"][name]["parts"] for name in names)
    # Thresholds are none: while all is in order they are looked at with the ranges of the values.
    for part in ("frames into samples: CBOR", "values", "ledger and sequence", "clock"):
        assert message[part] > 0
        assert batch[part] > 0
        assert kept[part] > 0
    assert kept["records for the store"] > 0
    assert kept["the store: rows, SQLite"] > 0
    assert [part for part in (*message, *batch) if "store: " in part or "page: " in part] == []
    assert batch["values"] > message["values"]  # ten of each
    assert sum(share for part, share in page.items() if "page: " in part) > 0.3
    assert [part for part in page if "frame" in part or "store" in part] == []


def test_the_ten_dearest_functions_are_told_in_order_with_their_calls(results: dict[str, Any]) -> None:
    for load in results["loads"].values():
        shares = [one["share"] for one in load["dearest"]]
        assert len(shares) == 10
        assert shares == sorted(shares, reverse=True)
    calls = [one["calls"] for one in results["loads"]["message"]["dearest"]]
    assert min(calls) == 1  # a message, of those that each message needs


def test_costs_are_told_without_cprofile_and_are_more_with_it(results: dict[str, Any]) -> None:
    for name, load in results["loads"].items():
        assert load["cpu"]["count"] == load["profiled_cpu"]["count"] == results["rounds"]
        assert 0 < load["cpu"]["min"] < load["profiled_cpu"]["median"], name
    message, kept = (results["loads"][name]["cpu"]["median"] for name in ("message", "message_history"))
    assert 0.5 < message < kept < 5_000


def test_the_memory_of_a_device_is_told_twice_and_both_agree(results: dict[str, Any]) -> None:
    memory = results["memory"]
    fleet, page, kinds = (sum(one["bytes"] for one in memory[name].values()) for name in ("fleet", "page", "kinds"))
    assert 500 < fleet < page - PAGE_BYTES
    assert kinds == pytest.approx(page, rel=0.15)
