"""Child processes: started, watched, and ended by their id."""

import os
import signal
import sys
import time
from pathlib import Path

import pytest

from boardpulse_tools.processes import Process, ProcessError, wait_until

SLEEPER = [sys.executable, "-c", "import time; print('here', flush=True); time.sleep(60)"]
STUBBORN = [
    sys.executable,
    "-c",
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('here', flush=True); time.sleep(60)",
]
READS_STDIN = [sys.executable, "-c", "import sys; sys.stdin.buffer.read(); print('closed')"]


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def wait_for_here(process: Process) -> None:
    wait_until(lambda: "here" in process.output(), 10, "first line", process)


def test_a_process_ends_when_stopped_and_leaves_its_output(tmp_path: Path) -> None:
    process = Process("sleeper", SLEEPER, tmp_path / "log").start()
    wait_for_here(process)
    pid = process.pid
    assert process.running
    assert process.stop() == -signal.SIGTERM
    assert not process.running
    assert not is_alive(pid)
    assert process.output() == "here\n"


def test_one_that_ignores_sigterm_is_killed(tmp_path: Path) -> None:
    process = Process("stubborn", STUBBORN, tmp_path / "log").start()
    wait_for_here(process)
    assert process.stop(timeout_s=0.2) == -signal.SIGKILL


def test_with_stops_it_also_after_an_error(tmp_path: Path) -> None:
    pid = 0

    def use() -> None:
        nonlocal pid
        with Process("sleeper", SLEEPER, tmp_path / "log") as process:
            pid = process.pid
            raise KeyError("in the middle")

    with pytest.raises(KeyError):
        use()
    assert not is_alive(pid)


def test_stopping_twice_or_before_the_start_does_nothing(tmp_path: Path) -> None:
    process = Process("sleeper", SLEEPER, tmp_path / "log")
    assert process.stop() is None
    process.start()
    assert process.stop() == process.stop() == -signal.SIGTERM


def test_a_program_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ProcessError, match="ghost cannot be started"):
        Process("ghost", [tmp_path / "ghost"], tmp_path / "log").start()


def test_its_standard_input_stays_open_until_it_is_stopped(tmp_path: Path) -> None:
    with Process("reader", READS_STDIN, tmp_path / "log", hold_stdin=True) as process:
        time.sleep(0.2)
        assert process.running


def test_waiting_says_what_was_waited_for_and_what_the_process_printed(tmp_path: Path) -> None:
    with Process("sleeper", SLEEPER, tmp_path / "log") as process:
        wait_for_here(process)
        with pytest.raises(ProcessError, match=r"(?s)no miracle after 0\.1 s.*sleeper:.*here"):
            wait_until(lambda: False, 0.1, "miracle", process)
        with pytest.raises(ProcessError, match=r"sleeper still runs after 0\.1 s"):
            process.wait(0.1)


def test_waiting_ends_as_soon_as_the_process_has(tmp_path: Path) -> None:
    quick = [sys.executable, "-c", "print('no config'); raise SystemExit(3)"]
    began = time.monotonic()
    with (
        Process("quick", quick, tmp_path / "log") as process,
        pytest.raises(ProcessError, match=r"(?s)quick ended with code 3 while we waited for a sign.*no config"),
    ):
        wait_until(lambda: False, 30, "a sign", process)
    assert time.monotonic() - began < 10


def test_a_process_that_was_not_started_has_no_id(tmp_path: Path) -> None:
    process = Process("sleeper", SLEEPER, tmp_path / "log")
    with pytest.raises(ProcessError, match="was not started"):
        _ = process.pid
    with pytest.raises(ProcessError, match="was not started"):
        process.wait(1)
    assert process.exit_code is None
