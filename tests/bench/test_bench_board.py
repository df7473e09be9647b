"""`boardpulse bench board`, shortened: what it measures, its goals, its JSON, its exit code."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from boardpulse_tools.bench.board import allocation
from boardpulse_tools.bench.board.fixture import PROGRAM, flash
from boardpulse_tools.bench.board.goals import LIMITS, goals, notes, tables
from boardpulse_tools.bench.board.heap import OUTBOX_BYTES
from boardpulse_tools.bench.board.interpreters import Part, Unix, parsed, unix
from boardpulse_tools.bench.board.port import Port
from boardpulse_tools.bench.board.results import Results
from boardpulse_tools.bench.report import Report, as_text
from boardpulse_tools.processes import ProcessError
from boardpulse_tools.upy_board import UpyBoard
from tests.support.components import require

CYCLES = 2000  # of 100,000: the whole takes two minutes
PROMISED = {
    "alloc_bytes_per_cycle_64": 0,
    "alloc_bytes_per_cycle_32": 0,
    "growth_bytes_100k_cycles": 0,
    "heap_uart_32_bytes": 20_480,
    "heap_mqtt_32_bytes": 30_720,
    "heap_minimal_32_bytes": 12_288,
    "mpy_all_bytes": 24_576,
    "mpy_minimal_bytes": 12_288,
    "encode_vs_json_ratio": 2.0,
    "first_frame_ms": 100,
}
# These are met and stay so. A goal that is reached joins them.
MET = ("alloc_bytes_per_cycle_64", "alloc_bytes_per_cycle_32", "growth_bytes_100k_cycles", "first_frame_ms")
ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def answer() -> subprocess.CompletedProcess[str]:
    """The command as a user runs it, with fewer cycles than it takes by itself."""
    for component in ("micropython", "node", "micropython32"):
        require(component)
    command = [sys.executable, "-m", "host_bridge", "bench", "board", "--json", "--cycles", str(CYCLES)]
    return subprocess.run(command, capture_output=True, text=True, timeout=180, check=False)


@pytest.fixture(scope="module")
def whole(answer: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    """The object that it has printed."""
    assert answer.returncode in (0, 1), answer.stderr
    parsed_answer: dict[str, Any] = json.loads(answer.stdout)
    return parsed_answer


@pytest.mark.timeout(240)
def test_it_prints_one_object_with_machine_results_and_goals(whole: dict[str, Any]) -> None:
    """Every promised number is among the goals, with the promised limit."""
    assert {"machine", "results", "goals", "notes"} <= whole.keys()
    assert {name: goal["limit"] for name, goal in whole["goals"].items()} == PROMISED


@pytest.mark.parametrize("name", MET)
def test_a_goal_that_was_reached_is_kept(whole: dict[str, Any], name: str) -> None:
    """Its value is at most its limit."""
    assert whole["goals"][name]["met"], (whole["goals"][name], whole["results"]["failed"])


def test_every_number_was_measured(whole: dict[str, Any]) -> None:
    """None is missing: what is not met was measured, too."""
    assert whole["results"]["failed"] == {}
    assert [name for name, goal in whole["goals"].items() if goal["value"] is None] == []


def test_cycles_send_frames_and_have_them_acknowledged(whole: dict[str, Any]) -> None:
    """A frame a second, one each ten seconds of the batch, one each ten seconds of health, none of them twice."""
    for name in ("uart_64", "uart_32", "uart_clock_set_64", "uart_clock_set_32", "mqtt_32"):
        assert whole["results"][f"allocation_{name}"]["frames_per_cycle"] == pytest.approx(1.2), name


def test_an_outbox_that_nobody_empties_was_full(whole: dict[str, Any]) -> None:
    """More frames were made than 16 KB hold, and the sequence numbers went on."""
    for bits in (32, 64):
        assert whole["results"][f"growth_{bits}"]["frames"] >= CYCLES


def test_heap_without_the_outbox_is_what_is_counted(whole: dict[str, Any]) -> None:
    """Its buffer and arrays, measured, are subtracted, and nothing else."""
    for name in ("uart", "mqtt", "minimal"):
        heap = whole["results"][f"heap_{name}_32"]
        assert heap["net"] == heap["all"] - heap["outbox"]
        assert OUTBOX_BYTES < heap["outbox"] < 1.5 * OUTBOX_BYTES
        assert heap["net"] > 0
    assert whole["results"]["heap_minimal_32"]["net"] < whole["results"]["heap_uart_32"]["net"]


def test_the_outbox_that_is_not_counted_is_the_default() -> None:
    """A configuration without outbox_bytes gets as many."""
    assert f"| {OUTBOX_BYTES} |" in (ROOT / "docs" / "configuration-board.md").read_text()


def test_frames_that_are_timed_are_those_of_the_wire(whole: dict[str, Any]) -> None:
    """Ten metrics take at most 60 bytes on a UART; JSON of the same takes several times as many."""
    for word in ("64", "32"):
        timed = whole["results"][f"encode_{word}"]
        assert 30 < timed["frame_bytes"] <= 60
        assert timed["json_bytes"] > 4 * timed["frame_bytes"]
        assert timed["ratio"] == pytest.approx(timed["encode_us"] / timed["json_us"])


def test_a_shortened_run_says_so(whole: dict[str, Any]) -> None:
    """Nobody takes 2,000 cycles for 100,000."""
    assert any("2,000 cycles" in note for note in whole["notes"])


def test_the_exit_code_says_whether_all_goals_are_met(
    answer: subprocess.CompletedProcess[str], whole: dict[str, Any]
) -> None:
    """0 or 1."""
    assert answer.returncode == (0 if all(goal["met"] for goal in whole["goals"].values()) else 1)


def test_what_cannot_be_measured_is_a_goal_that_is_not_met() -> None:
    """And the report says why."""

    def fails() -> dict[str, float]:
        raise ProcessError("out of order")

    results = Results()
    results.add({"heap_uart_32": fails, "flash": lambda: {"all_bytes": 1.0}})
    report = Report(results.as_json(), goals(results), tables(results), notes(results, 100_000))
    met = {goal.name for goal in report.goals if goal.met}
    assert met == {"mpy_all_bytes"}
    assert "out of order" in as_text(report)
    assert report.exit_code == 1


def test_the_worst_of_several_interpreters_counts() -> None:
    """Growth on one of them is growth."""
    results = Results()
    results.add({"growth_64": lambda: {"growth_bytes": 0.0}})
    (limit,) = [limit for limit in LIMITS if limit.name == "growth_bytes_100k_cycles"]
    assert limit.goal(results).value is None
    results.add({"growth_32": lambda: {"growth_bytes": 16.0}})
    assert limit.goal(results).value == 16


def files_with(reading: str) -> dict[str, bytes]:
    """A board one of whose sensors also does this whenever it is read."""
    changed = PROGRAM.replace("        self.n = (self.n + 37) % 1000\n", f"        {reading}\n")
    assert changed != PROGRAM
    return {**flash(link="uart", arch="x64"), "bench_board.py": changed.encode()}


def on_64_bit() -> Unix:
    """MicroPython's unix port."""
    require("micropython")
    found = unix()
    assert found is not None
    return found


def test_one_object_a_cycle_is_seen_as_allocation() -> None:
    """A sensor that makes an object of 40 bytes whenever it is read takes two blocks of 32 a cycle, and a head."""
    taken = allocation.bytes_per_cycle(on_64_bit(), files_with("bytearray(40)"))
    assert 64 <= taken["bytes_per_cycle"] <= 96 + 64


def test_one_object_a_cycle_that_is_kept_is_seen_as_growth() -> None:
    """A sensor that keeps something whenever it is read makes the heap grow."""
    grown = allocation.growth(on_64_bit(), files_with("self.kept = (getattr(self, 'kept', None), 1)"), CYCLES)
    assert grown["growth_bytes"] > 1000


def test_a_board_at_a_port_is_measured_and_keeps_its_files(tmp_path: Path) -> None:
    """An emulated board: it runs the bench's program from this machine, and nothing stays on it."""
    require("micropython")
    with UpyBoard(tmp_path) as board:
        (board.root / "main.py").write_text("print('mine')")
        port = Port(board.port)
        assert port.bits == 64
        run = port.run(flash(link="uart", arch="x64"), [Part("import boardpulse"), Part("print('answer', 42)")])
        assert sorted(path.name for path in board.root.iterdir()) == ["main.py"]
    assert run.numbers == {"answer": 42}


def test_a_port_that_is_none_is_said() -> None:
    """And leaves the rest of the bench as it is."""
    with pytest.raises(ProcessError, match="/dev/not-there"):
        Port("/dev/not-there")


def test_output_is_read_line_by_line() -> None:
    """Numbers by their names, loaded files apart."""
    found = parsed("a 1\nopened lib/x.mpy\nb 2.5\nnothing\n")
    assert found.numbers == {"a": 1.0, "b": 2.5}
    assert found.opened == ("lib/x.mpy",)
