"""Children that die are named and started again, later each time."""

import signal
import sys
from pathlib import Path

import pytest

from boardpulse_tools.processes import Process, wait_until
from boardpulse_tools.supervise import FIRST_PAUSE_S, MAX_PAUSE_S, WELL_AFTER_S, Supervised

DIES = [sys.executable, "-c", "print('no broker'); raise SystemExit(3)"]
LIVES = [sys.executable, "-c", "import time; time.sleep(60)"]


@pytest.fixture
def said() -> list[str]:
    return []


def wait_for_end(child: Supervised) -> None:
    wait_until(lambda: not child.process.running, 10, "end")


def test_a_child_that_died_is_named_with_its_last_words_and_started_again(tmp_path: Path, said: list[str]) -> None:
    child = Supervised(Process("board 1", DIES, tmp_path / "log").start(), said.append, 100.0)
    wait_for_end(child)
    child.tick(100.5)
    assert said == ["board 1 ended with code 3; it is started again in 1 s.", "    no broker"]
    first = child.process.pid
    child.tick(100.5 + FIRST_PAUSE_S - 0.01)
    assert child.process.pid == first
    child.tick(100.5 + FIRST_PAUSE_S)
    assert child.process.pid != first
    assert child.restarts == 1
    wait_for_end(child)


def test_each_pause_is_twice_the_last_up_to_half_a_minute(tmp_path: Path, said: list[str]) -> None:
    child = Supervised(Process("board 1", DIES, tmp_path / "log").start(), said.append, 0.0)
    now, pauses = 0.0, []
    for _ in range(7):
        wait_for_end(child)
        child.tick(now)
        pauses.append(float(said[-2].split(" in ")[1].removesuffix(" s.")))
        now += pauses[-1]
        child.tick(now)
    wait_for_end(child)
    assert pauses == [1, 2, 4, 8, 16, MAX_PAUSE_S, MAX_PAUSE_S]


def test_a_child_that_ran_well_begins_with_the_first_pause_again(tmp_path: Path, said: list[str]) -> None:
    child = Supervised(Process("board 1", LIVES, tmp_path / "log").start(), said.append, 0.0)
    for now in (0.0, 5.0):
        child.process.kill()
        child.tick(now)
        child.tick(now + 4)
    child.tick(9.0 + WELL_AFTER_S)
    child.process.kill()
    child.tick(50.0)
    child.process.stop()
    assert said == [
        f"board 1 was ended by signal {signal.SIGKILL}; it is started again in {pause} s." for pause in (1, 2, 1)
    ]


def test_a_program_that_has_gone_is_tried_again(tmp_path: Path, said: list[str]) -> None:
    program = tmp_path / "board"
    program.symlink_to(sys.executable)
    child = Supervised(Process("board 1", [program, *DIES[1:]], tmp_path / "log").start(), said.append, 0.0)
    wait_for_end(child)
    program.unlink()
    child.tick(0.0)
    child.tick(1.0)
    assert "cannot be started" in said[-1]
    assert said[-1].endswith("the next try is in 2 s.")
    program.symlink_to(sys.executable)
    child.tick(3.0)
    assert child.restarts == 2
    wait_for_end(child)
