"""`boardpulse ledger`, asked of a server whose boards have these ledgers."""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from click.testing import CliRunner, Result

from host_bridge.cli import boardpulse, exit_codes
from host_bridge.core.ledger import Counts
from host_bridge.core.view import DeviceView
from host_bridge.options import HttpOptions
from host_bridge.web.devices import fleet_json
from host_bridge.web.server import HttpServer

WHOLE = Counts(
    expected=2000,
    received=1900,
    recovered=50,
    lost=7,
    dropped_samples=20,
    dropped_events=2,
    dropped_crashes=1,
    repeated=9,
    thinned=35,
)
VIEW = DeviceView(
    device_id="pico-1",
    platform="rp2",
    source="serial",
    port="/dev/ttyACM0",
    state="online",
    last_seen=1.0,
    boot=77,
    cadence_s=1.0,
    info={},
    series=3,
    ledger=WHOLE,
    in_flight=20,
    held=0,
    clock_source="ntp",
    clock_spread_s=0.01,
    alerts=(),
)
OTHER = replace(VIEW, device_id="kiln", ledger=Counts(expected=5, received=5), in_flight=0)

Shown = Callable[..., Result]


class Pages:
    """A bridge with some boards. Each answer takes the next of `answers`, the last one for ever."""

    version = "0.1.0"

    def __init__(self) -> None:
        self.answers: list[tuple[DeviceView, ...]] = [()]
        self.history = "ok"

    def metrics(self, openmetrics: bool) -> list[bytes]:
        return []

    def fleet(self) -> dict[str, Any]:
        views = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return fleet_json([(view, []) for view in views], 1.0, self.history)

    def health(self) -> tuple[bool, dict[str, Any]]:
        return True, {}


@pytest.fixture
def pages() -> Pages:
    """What the server shows."""
    return Pages()


@pytest.fixture
def shown(pages: Pages) -> Iterator[Shown]:
    """Runs `boardpulse ledger` against the server."""
    server = HttpServer(HttpOptions("127.0.0.1", 0), pages)
    server.start()
    yield lambda *words: CliRunner().invoke(boardpulse, ["ledger", "--url", server.url, *words], prog_name="boardpulse")
    server.stop()


def rows(result: Result) -> dict[str, list[str]]:
    """The table's cells by board."""
    lines = [re.split(r"\s{2,}", line.strip()) for line in result.stdout.splitlines()]
    return {cells[0]: cells[1:] for cells in lines}


def test_each_board_is_a_row_and_all_together_are_the_last(pages: Pages, shown: Shown) -> None:
    """In the order of the sum, with what stands beside it at the end."""
    pages.answers = [(VIEW, OTHER)]
    result = shown()
    assert result.exit_code == exit_codes.OK, result.output
    assert rows(result) == {
        "Device": ["Expected", "Received", "Recovered", "Lost", "Dropped samples", "Dropped events", "Dropped crashes",
                   "In flight", "Repeated", "Too old", "Thinned samples", "Adds up"],
        "kiln": ["5", "5", "0", "0", "0", "0", "0", "0", "0", "0", "0", "yes"],
        "pico-1": ["2,000", "1,900", "50", "7", "20", "2", "1", "20", "9", "0", "35", "yes"],
        "in all": ["2,005", "1,905", "50", "7", "20", "2", "1", "20", "9", "0", "35", "yes"],
    }  # fmt: skip


def test_one_board_can_be_asked_for(pages: Pages, shown: Shown) -> None:
    """The others are neither shown nor judged."""
    pages.answers = [(VIEW, replace(OTHER, in_flight=3))]
    result = shown("pico-1")
    assert (result.exit_code, list(rows(result))) == (exit_codes.OK, ["Device", "pico-1", "in all"])


def test_a_ledger_that_does_not_add_up_is_a_failure(pages: Pages, shown: Shown) -> None:
    """With the difference in the table, a sentence about it, and exit code 1."""
    pages.answers = [(OTHER, replace(VIEW, in_flight=0))]
    result = shown()
    assert result.exit_code == exit_codes.FAILED
    assert rows(result)["pico-1"][-1] == rows(result)["in all"][-1] == "no: +20"
    assert result.stderr.startswith(
        "The ledger of pico-1 does not add up: 2,000 frames were expected and 1,980 are accounted for while nothing is "
        "in flight."
    )
    assert json.loads(shown("--json").stdout)["adds_up"] is False


def test_errors_of_two_boards_do_not_make_up_for_each_other(pages: Pages, shown: Shown) -> None:
    """The total may add up though its parts do not."""
    pages.answers = [(replace(VIEW, in_flight=0), replace(OTHER, in_flight=20))]
    result = shown("--json")
    told = json.loads(result.stdout)
    assert (result.exit_code, told["adds_up"], told["total"]["adds_up"]) == (exit_codes.FAILED, False, True)


def test_a_frame_that_comes_while_the_bridge_answers_is_no_failure(pages: Pages, shown: Shown) -> None:
    """What does not add up is asked for again first."""
    pages.answers = [(replace(VIEW, in_flight=19),), (VIEW,)]
    assert shown().exit_code == exit_codes.OK


@pytest.mark.parametrize("options", [(), ("--json",)])
def test_while_nothing_is_kept_it_is_a_failure(pages: Pages, shown: Shown, options: tuple[str, ...]) -> None:
    """Then nothing is counted: that it adds up says nothing. The sentence is the bridge's own, with what to do."""
    pages.answers = [(VIEW,)]
    pages.history = "/var/history.db is damaged: page 7. What to do: move it away"
    result = shown(*options)
    assert result.exit_code == exit_codes.FAILED
    assert result.stderr == (
        "The bridge keeps and counts nothing at present: /var/history.db is damaged: page 7. What to do: move it away\n"
    )


def test_without_a_history_it_is_none(pages: Pages, shown: Shown) -> None:
    """Frames are counted as they are decoded then."""
    pages.answers, pages.history = [(VIEW,)], "off"
    assert shown().exit_code == exit_codes.OK


def test_as_json_it_has_all_numbers(pages: Pages, shown: Shown) -> None:
    """Under the names that the bridge has for them."""
    pages.answers = [(VIEW,)]
    told = json.loads(shown("--json").stdout)
    numbers = {
        "expected": 2000, "received": 1900, "recovered": 50, "lost": 7, "in_flight": 20, "repeated": 9, "too_old": 0,
        "dropped_on_device": {"samples": 20, "event": 2, "crash": 1}, "thinned_samples": 35,
        "adds_up": True,
    }  # fmt: skip
    assert told == {"devices": [{"device_id": "pico-1", **numbers}], "total": numbers, "adds_up": True}


def test_a_board_that_the_bridge_does_not_know_is_told_with_close_names(pages: Pages, shown: Shown) -> None:
    """A typing error is the usual cause."""
    pages.answers = [(VIEW, OTHER)]
    result = shown("pico-2")
    assert (result.exit_code, result.stderr) == (
        exit_codes.FAILED,
        "Error: There is no board pico-2; did you mean pico-1?\n",
    )


def test_without_boards_it_says_so(shown: Shown) -> None:
    """An empty table would look like a fault."""
    assert shown().stdout == "The bridge has not heard any board yet.\n"


def test_without_a_bridge_it_says_what_to_do(free_port: int) -> None:
    """Exit code 3, as `boardpulse devices`."""
    result = CliRunner().invoke(boardpulse, ["ledger", "--url", f"http://127.0.0.1:{free_port}"])
    assert result.exit_code == exit_codes.NO_BRIDGE
    assert "boardpulse bridge" in result.stderr
