"""The page of the boards' series."""

import math
import subprocess
import threading
import time
from collections.abc import Iterable

import pytest
from prometheus_client.metrics_core import Metric
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse_text

from tests.support.boards import Board, Bridge, custom
from tests.support.components import require

EVERYTHING = [
    [3, "cpu"],
    [1, "gc"],
    [15, "net", "1"],
    [16, "net", "1"],
    [10, "0"],
    custom("soil", unit="ratio", scale=-3, labels=[["bed", 'a "quoted"\\ \n one']], help='The "soil"\nof \\ bed'),
]
COLUMNS = [2150, 40_000, 17, *([1] * 18), 123_456, 240, -5]


def full_bridge() -> Bridge:
    """One board with a gauge, a counter, a histogram and a custom metric."""
    b, board = Bridge(), Board(series=EVERYTHING)
    b.uart(board.hello(k5={1: "0.1.0", 2: "micropython 1.29.0"}))
    b.uart(board.samples(*COLUMNS))
    b.uart(board.event())
    return b


def samples(families: Iterable[Metric]) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    """Every sample, by name and labels."""
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in families
        for sample in family.samples
    }


def test_both_formats_parse_and_say_the_same() -> None:
    """By prometheus_client's own parsers."""
    b = full_bridge()
    text = samples(parse_text(b.page()))
    openmetrics = samples(parse_openmetrics(b.page(openmetrics=True) + "# EOF\n"))
    assert text == openmetrics
    labels = (("bed", 'a "quoted"\\ \n one'), ("device_id", "board-1"), ("platform", "esp32"))
    assert text["device_soil_ratio", labels] == -0.005


def test_promtool_finds_nothing_to_say() -> None:
    """Names, units, help texts and types follow Prometheus' conventions."""
    promtool = require("promtool")
    done = subprocess.run(
        [promtool, "check", "metrics"], input=full_bridge().page(), text=True, capture_output=True, check=False
    )
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def test_device_id_and_platform_come_first() -> None:
    """Then the metric's own labels, in the catalogue's order."""
    assert (
        'device_memory_free_bytes{device_id="board-1",platform="esp32",memory_type="gc"} 40000\n'
        in full_bridge().page()
    )


def test_families_are_sorted_and_headed_once() -> None:
    """With several boards, too."""
    b = full_bridge()
    other = Board("board-2", boot=5, series=EVERYTHING)
    b.uart(other.hello(), port="other")
    b.uart(other.samples(*COLUMNS), port="other")
    heads = [line.split()[2] for line in b.page().splitlines() if line.startswith("# TYPE")]
    assert heads == sorted(set(heads))
    helps = [line.split()[2] for line in b.page().splitlines() if line.startswith("# HELP")]
    assert helps == heads


def test_openmetrics_names_counters_without_total_and_says_units() -> None:
    """As version 1.0.0 asks."""
    page = full_bridge().page(openmetrics=True)
    assert "# TYPE device_inference_requests counter\n" in page
    assert "\ndevice_inference_requests_total{" in page
    assert "# UNIT device_temperature_celsius celsius\n" in page
    assert "# UNIT device_info" not in page


def test_there_are_no_timestamps() -> None:
    """A sample is name, labels and value."""
    for line in full_bridge().page().splitlines():
        if not line.startswith("#"):
            assert len(line.rpartition("} ")[2].split()) == 1


def test_a_help_text_stays_on_its_line() -> None:
    """Whatever a board writes into it."""
    page = full_bridge().page()
    assert '# HELP device_soil_ratio The "soil"\\nof \\\\ bed\n' in page
    assert '# HELP device_soil_ratio The \\"soil\\"\\nof \\\\ bed\n' in full_bridge().page(openmetrics=True)


def test_what_has_not_changed_is_not_drawn_again() -> None:
    """The page of before, from what is kept."""
    b = full_bridge()
    page = b.page()
    assert len(b.fleet.dirty) == 0
    assert b.page() == page


def test_a_family_without_values_is_not_on_the_page() -> None:
    """Neither heading nor series."""
    b, board = Bridge(), Board()
    b.uart(board.hello())
    b.uart(board.samples(None, 40_000))
    assert "device_temperature_celsius" not in b.page()


def test_specials() -> None:
    """As Prometheus writes them."""
    b, board = Bridge(), Board(series=[[3, "a"], [3, "b"], [3, "c"]])
    b.uart(board.hello())
    b.uart(board.samples(math.nan, math.inf, -math.inf))
    assert list(b.values("device_temperature_celsius").values()) == ["NaN", "+Inf", "-Inf"]


def test_places_of_series_that_have_gone_are_used_again() -> None:
    """A board that changes its declaration for ever takes no more memory."""
    b, board = Bridge(), Board()
    b.uart(board.hello())
    for i in range(300):
        board.series, board.declaration = [[3, f"place-{i}"]], i % 256
        b.uart(board.hello(uptime=i))
        b.uart(board.samples(2000, uptime=i))
        page = b.page()
    assert page.count("device_temperature_celsius{") == 1
    assert len([table for table in b.exposition._tables if table[0].family.name == "device_temperature_celsius"]) == 1


def test_families_that_nobody_has_any_more_are_forgotten() -> None:
    """A board that invents names for ever takes no more memory either."""
    b, board = Bridge(), Board()
    for i in range(300):
        board.series, board.declaration = [custom(f"invented_{i}")], i % 256
        b.uart(board.hello(uptime=i))
        b.uart(board.samples(1, uptime=i))
        b.page()
    assert sum(family.name.startswith("device_invented") for family in b.exposition._families) == 1


def test_a_storm_of_invented_names_does_not_hold_up_the_page() -> None:
    """The time to draw grows with the number of families, not with its square."""
    b = Bridge()
    for i in range(100):
        board = Board(f"board-{i}", series=[custom(f"invented_{i}_{j}") for j in range(200)])
        b.mqtt(board, board.hello(), "hello")
        b.mqtt(board, board.samples(*range(200)))
    began = time.thread_time()
    page = b.page()
    assert time.thread_time() - began < 2.0  # many times what it takes; the square took eight seconds
    names = [line.split("{")[0] for line in page.splitlines() if line.startswith("device_invented")]
    assert names == sorted(names)
    assert len(names) == 20_000


@pytest.mark.parametrize("openmetrics", [False, True])
def test_an_empty_fleet_is_an_empty_page(openmetrics: bool) -> None:
    """No boards yet."""
    assert Bridge().page(openmetrics) == ""


def test_pages_are_whole_while_values_come_in() -> None:
    """Scrapes go on beside the engine; each histogram adds up, each series stands once."""
    b, board = Bridge(), Board(series=EVERYTHING)
    b.uart(board.hello())
    stop = threading.Event()

    def ingest() -> None:
        n = 0
        while not stop.is_set():
            n += 1
            if n % 50 == 0:
                board.declaration = (board.declaration + 1) % 256
                board.series = EVERYTHING[: 4 + n % 3]
                b.uart(board.hello(uptime=n))
            columns = [2150 + n % 50, n, n, *([n] * 18), n * 100, 240, -5]
            b.uart(board.samples(*columns[: 22 + len(board.series) - 4], uptime=n))

    thread = threading.Thread(target=ingest)
    thread.start()
    try:
        for _ in range(200):
            found = samples(parse_openmetrics(b.page(openmetrics=True, again=False) + "# EOF\n"))
            buckets = [
                value for (name, _), value in found.items() if name == "device_inference_duration_seconds_bucket"
            ]
            counts = [value for (name, _), value in found.items() if name == "device_inference_duration_seconds_count"]
            assert [max(buckets)] == counts if counts else not buckets
            assert all(value % 18 == 0 for value in counts)
    finally:
        stop.set()
        thread.join()


class Growing(dict[str, int]):
    """Counts to which the engine adds one as soon as they were looked at."""

    def copy(self) -> dict[str, int]:
        """The counts, and then there is one more."""
        found = dict(self)
        self["special"] = self.get("special", 0) + 1
        return found


def test_a_page_can_be_drawn_while_a_device_gets_a_new_line() -> None:
    """No value stands in another's line, and the next page has the new one."""
    b = full_bridge()
    device = b.fleet._router.devices["board-1"]  # no public call stops between two looks at it
    device.rejected.counts = Growing(range=2)
    b.uart(Board(seq=9).samples(*COLUMNS))
    labels = 'device_values_rejected_total{device_id="board-1",platform="esp32",reason='
    assert labels + '"range"} 2' in b.page(again=False).splitlines()
    b.uart(Board(seq=10).samples(10**9, *COLUMNS[1:]))  # too hot, so that there is one more
    assert labels + '"special"} 1' in b.page(again=False).splitlines()


def test_what_is_held_stands_on_the_page() -> None:
    """At once, though the frame itself says nothing yet."""
    b, board = Bridge(), Board()
    b.uart(board.hello())
    b.page()
    b.uart(Board(boot=78).samples(1, 2))
    assert b.value("device_frames_held") == "1"
