"""The commands of the README and of docs/history.md do what these show, run as they say.

What is changed for the test: the port of HTTP is a free one, what runs until Ctrl-C is ended after a while, the bench
times fewer samples, and `make test` is not run within itself.
"""

import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from boardpulse_tools.network import LOOPBACK, free_port, listening
from boardpulse_tools.processes import Process, wait_until
from tests.support.components import require
from tests.support.readme import Shown, shown_commands
from tests.support.waiting import until

ROOT = Path(__file__).parents[2]
README, HISTORY = ROOT / "README.md", ROOT / "docs" / "history.md"
SHOWN = [*shown_commands(README), *shown_commands(HISTORY)]
USUAL_PORT = "9782"
# A newcomer's minute, set-up included; here the environment mostly is there already.
LIVE_WITHIN_S = 90
KEPT_WITHIN_S = 15
DEMO_FILE = r"/\S*boardpulse-demo-\S*/history\.db"
BENCH_SAMPLES = "20"

Demo = tuple[int, str]  # its port, what it printed


def environment() -> dict[str, str]:
    """Ours, without what the `make` that may have started these tests has left in it, in the pages' time zone."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
    return kept | {"TZ": "UTC"}


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """`make run` on another port, with its two boards online."""
    require("micropython")
    port = free_port()
    process = Process(
        "make run",
        ["make", "-C", str(ROOT), "--no-print-directory", "run", f"LISTEN={LOOPBACK}:{port}"],
        tmp_path_factory.mktemp("readme") / "run.log",
        environment(),
    )
    with process:
        wait_until(lambda: "2 boards online" in process.output(), LIVE_WITHIN_S, "two boards online", process)
        yield port, process.output()
        process.stop(10)
    wait_until(lambda: not listening(LOOPBACK, port), 10, "end of the demo")


def normalised(text: str) -> set[str]:
    """Lines without what differs from run to run and machine to machine: numbers, widths, folders, a sensor's place."""
    text = re.sub(DEMO_FILE, "history.db", text)
    text = re.sub(r"\bsimulated\b|\(\)", "", text.replace("(simulated)", ""))
    text = re.sub(r"\d+(\.\d+)*", "0", text)
    return {" ".join(line.split()) for line in text.splitlines() if line.strip("─ ")}


def assert_shown(shown: Shown, actual: str) -> None:
    """Every line that the README shows was printed."""
    assert normalised(shown.output) - normalised(actual) == set(), actual


def run(command: str, timeout_s: float = 60) -> str:
    """What a command of the README prints, run in the checkout by a shell, as its reader does."""
    answer = subprocess.run(
        ["sh", "-c", command],
        cwd=ROOT,
        env=environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=timeout_s,
        check=False,
    )
    assert answer.returncode == 0, answer.stdout + answer.stderr
    return answer.stdout


def id_of(shown: Shown) -> str:
    return " ".join(shown.command.split()[:3])[:40]


def commands(*beginnings: str) -> list[Shown]:
    """The README's commands that begin so."""
    return [shown for shown in SHOWN if shown.command.startswith(beginnings)]


ONE_COMMAND = "make run"
TEST_COMMAND = "make test"
OF_THE_BRIDGE = (".venv/bin/boardpulse devices", ".venv/bin/boardpulse ledger", "curl ")
OF_THE_FILE = ".venv/bin/boardpulse history"
BENCH = ".venv/bin/boardpulse bench wire"
BRIDGE = ".venv/bin/boardpulse bridge"
ALONE = (".venv/bin/boardpulse check-config", ".venv/bin/boardpulse decode")


def test_every_command_is_run_by_a_test() -> None:
    known = commands(ONE_COMMAND, TEST_COMMAND, BENCH, BRIDGE, *OF_THE_BRIDGE, OF_THE_FILE, *ALONE)
    assert [shown.command for shown in SHOWN if shown not in known] == []
    assert commands(ONE_COMMAND)
    assert commands(TEST_COMMAND)


def test_make_run_shows_two_boards(demo: Demo) -> None:
    (shown,) = commands(ONE_COMMAND)
    assert shown.command == ONE_COMMAND
    assert_shown(shown, demo[1])


@pytest.mark.parametrize("shown", commands(*OF_THE_BRIDGE), ids=id_of)
def test_what_is_asked_of_the_demo_is_answered(demo: Demo, shown: Shown) -> None:
    command = shown.command.replace(USUAL_PORT, str(demo[0]))
    if "boardpulse" in command:
        command += f" --url http://{LOOPBACK}:{demo[0]}"
    assert_shown(shown, run(command))


@pytest.mark.parametrize("shown", commands(OF_THE_FILE), ids=lambda shown: " ".join(shown.command.split()[4:])[:40])
def test_what_the_demo_has_kept_is_shown(demo: Demo, shown: Shown) -> None:
    """From the file that the demo names, once it has been up for as long as the page goes back."""
    (path,) = re.findall(DEMO_FILE, demo[1])
    command = re.sub(DEMO_FILE, path, shown.command)
    until(lambda: normalised(shown.output) <= normalised(run(command)), KEPT_WITHIN_S)
    assert_shown(shown, run(command))


@pytest.mark.parametrize("shown", commands(*ALONE), ids=id_of)
@pytest.mark.usefixtures("demo")
def test_what_needs_no_bridge_prints_what_is_shown(shown: Shown) -> None:
    assert_shown(shown, run(shown.command))


@pytest.mark.parametrize("shown", commands(BRIDGE), ids=id_of)
@pytest.mark.usefixtures("demo")
def test_the_bridge_serves_until_it_is_ended(tmp_path: Path, shown: Shown) -> None:
    port = free_port()
    words = [*shown.command.split(), "--listen", f"{LOOPBACK}:{port}"]
    words[0] = str(ROOT / words[0])
    words = [str(ROOT / word) if word.endswith(".toml") else word for word in words]
    with Process("bridge", words, tmp_path / "bridge.log", environment()) as process:
        wait_until(lambda: listening(LOOPBACK, port), 20, "answer of the bridge", process)
        assert process.stop() == 0


@pytest.mark.usefixtures("demo")
def test_the_bench_prints_the_same_sizes() -> None:
    (shown,) = commands(BENCH)
    printed = run(f"{shown.command} --samples {BENCH_SAMPLES}", 120)
    assert_shown(shown, printed)
    sizes = shown.output.split("\n\n")[0]
    assert sizes in printed


def test_make_test_runs_all_tests() -> None:
    """It is what runs this test: that it takes all of them is read from what make would do."""
    (shown,) = commands(TEST_COMMAND)
    assert shown.command == TEST_COMMAND
    planned = run(f"make --dry-run --no-print-directory {shown.command.removeprefix('make ')}")
    assert planned.splitlines()[-1].endswith("-m pytest -n 2")  # no test is chosen, none left out
