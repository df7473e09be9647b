"""The landing page and the JSON behind it."""

import json
import math
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from host_bridge.core.ledger import Counts
from host_bridge.core.view import DeviceView, Reading
from host_bridge.web.devices import fleet_json
from host_bridge.web.page import COLUMNS, age, render, size

NOW = 1_760_000_000.0
HOSTILE = "\"><script>alert(1)</script>\n&amp;'"
VIEW = DeviceView(
    device_id="pico-1",
    platform="rp2",
    source="serial",
    port="/dev/ttyACM0",
    state="online",
    last_seen=NOW - 3,
    boot=77,
    cadence_s=1.0,
    info={"firmware_version": "0.1.0", "runtime": "micropython 1.29.0"},
    series=3,
    ledger=Counts(expected=1012, received=1000, recovered=5, lost=4, dropped_samples=3),
    in_flight=0,
    held=0,
    clock_source="ntp",
    clock_spread_s=0.01,
    alerts=(("overheating", 'sensor_location="cpu"', "critical"),),
)
READINGS = [
    Reading("device_memory_free_bytes", (("memory_type", "gc"),), "196608", "bytes"),
    Reading("device_temperature_celsius", (("sensor_location", "cpu"),), "41.25", "celsius"),
    Reading("device_power_watts", (("component", "board"),), "NaN", "watts"),
]


class Cells(HTMLParser):
    """The table's cells, and every tag that the page has."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self.tags: list[str] = []
        self.within = False
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")
            self.within = True

    def handle_endtag(self, tag: str) -> None:
        self.within = self.within and tag not in ("td", "th")

    def handle_data(self, data: str) -> None:
        if self.within:
            self.rows[-1][-1] += data.strip()


def page(*views: DeviceView, readings: list[Reading] = READINGS) -> str:
    """The page of a fleet in which all devices have the same readings."""
    return render(fleet_json([(view, readings) for view in views], NOW), "0.1.0")


def test_a_board_is_a_row_with_what_an_operator_looks_for() -> None:
    """State, identity, and the values that matter, with units."""
    head, row = Cells(page(VIEW)).rows
    assert head == list(COLUMNS)
    assert row == [
        "onlineoverheating", "pico-1", "rp2", "/dev/ttyACM0", "0.1.0", "micropython 1.29.0", "3 s ago", "192.0 KiB",
        "41.2 °C", "–", "1,005", "7",
    ]  # fmt: skip


def test_a_simulated_value_says_so() -> None:
    """No invented number stands there as if it were measured."""
    simulated = [Reading("device_temperature_celsius", (("sensor_location", "simulated"),), "45.0", "celsius")]
    assert "45.0 °C (simulated)" in page(VIEW, readings=simulated)


def test_boards_are_in_the_order_of_their_names() -> None:
    """The table does not jump about."""
    rows = Cells(page(replace(VIEW, device_id="b"), replace(VIEW, device_id="a"))).rows
    assert [row[1] for row in rows[1:]] == ["a", "b"]


def test_hostile_text_stays_text() -> None:
    """Whatever a board says of itself, it brings no tag into the page."""
    hostile = replace(
        VIEW,
        device_id=HOSTILE,
        platform=HOSTILE,
        port=HOSTILE,
        state=HOSTILE,
        info={"firmware_version": HOSTILE, "runtime": HOSTILE * 1000},
        alerts=((HOSTILE, HOSTILE, HOSTILE),),
    )
    shown = page(hostile)
    assert sorted(set(Cells(shown).tags)) == sorted(set(Cells(page(VIEW)).tags))
    assert "<script>alert" not in shown
    assert len(shown) < len(page(VIEW)) + 200_000


def test_an_empty_fleet_says_what_to_do() -> None:
    """A newcomer is not left with an empty table."""
    assert "boardpulse demo" in page()


def test_the_page_works_without_javascript() -> None:
    """The table is in it, and the browser is asked to load it again."""
    shown = page(VIEW)
    assert '<noscript><meta http-equiv="refresh"' in shown
    assert "<table>" in shown


@pytest.mark.parametrize("value", ["NaN", "+Inf", "-Inf"])
def test_json_has_no_nan(value: str) -> None:
    """JSON knows no NaN: programs other than Python's refuse a page with it."""
    fleet = fleet_json([(VIEW, [Reading("device_power_watts", (), value, "watts")])], NOW)
    json.dumps(fleet, allow_nan=False)
    assert fleet["devices"][0]["readings"][0]["value"] == value


def test_json_has_the_ledger() -> None:
    """What was lost is as visible as what came."""
    frames = fleet_json([(VIEW, [])], NOW)["devices"][0]["frames"]
    assert frames == {
        "expected": 1012, "received": 1000, "recovered": 5, "lost": 4, "dropped_on_device": 3, "held": 0,
        "dropped_by_kind": {"samples": 3, "event": 0, "crash": 0}, "in_flight": 0, "repeated": 0, "too_old": 0,
        "thinned_samples": 0,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(-5, "0 s ago"), (59.9, "59 s ago"), (60, "1 min ago"), (7200, "2 h ago"), (400_000, "4 d ago")],
)
def test_an_age_has_one_unit(seconds: float, text: str) -> None:
    """Also that of a clock that runs ahead."""
    assert age(seconds) == text


@pytest.mark.parametrize(
    ("count", "text"), [(0, "0 B"), (1023, "1023 B"), (2048, "2.0 KiB"), (math.ldexp(3, 50), "3072.0 TiB")]
)
def test_a_size_has_one_unit(count: float, text: str) -> None:
    """Bytes of a microcontroller and of a server."""
    assert size(count) == text


def test_a_history_that_keeps_nothing_is_said_on_the_page() -> None:
    """With what to do; while all is well there is no such line."""
    assert "warning" not in render(fleet_json([(VIEW, [])], NOW, "ok"), "0.1.0")
    page = render(fleet_json([(VIEW, [])], NOW, "/data/history.db: full; free <space>"), "0.1.0")
    assert "Nothing is kept at present: /data/history.db: full; free &lt;space&gt;." in page
