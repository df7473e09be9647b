"""`boardpulse demo`, which `make run` starts: two boards live within a minute, and a clean end."""

import os
import pty
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from boardpulse_tools.network import LOOPBACK, free_port, listening
from boardpulse_tools.processes import Process, wait_until
from boardpulse_tools.scrape import Scraper, total
from tests.support.components import require
from tests.support.processes import is_alive
from tests.support.waiting import until

DEMO = [sys.executable, "-m", "host_bridge", "demo"]
# What a newcomer is promised is a minute with all set-up; without that it takes a few seconds.
LIVE_WITHIN_S = 30
END_WITHIN_S = 8


class Demo:
    """A demo that runs, with its temporary files below `folder`."""

    def __init__(self, folder: Path, *options: str) -> None:
        self.port = free_port()
        self.temporary = folder / "temporary"
        self.temporary.mkdir()
        command = [*DEMO, "--listen", f"{LOOPBACK}:{self.port}", *options]
        environment = os.environ | {"TMPDIR": str(self.temporary)}
        self.process = Process("demo", command, folder / "demo.log", environment)

    def wait_for(self, text: str, timeout_s: float = LIVE_WITHIN_S) -> None:
        wait_until(lambda: text in self.process.output(), timeout_s, repr(text), self.process)

    def page(self) -> str:
        with Scraper(LOOPBACK, self.port) as scraper:
            return scraper.get()

    def children(self) -> list[int]:
        """The ids of its processes."""
        pid = self.process.pid
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


@contextmanager
def running(folder: Path, *options: str) -> Iterator[Demo]:
    demo = Demo(folder, *options)
    with demo.process:
        yield demo


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP], ids=lambda number: number.name)
def test_two_boards_are_live_and_a_signal_ends_everything(tmp_path: Path, number: signal.Signals) -> None:
    require("micropython")
    with running(tmp_path) as demo:
        demo.wait_for("2 boards online")
        assert f"Page:    http://{LOOPBACK}:{demo.port}/\n" in demo.process.output()
        assert "run the firmware as it is, on MicroPython" in demo.process.output()
        assert re.search(
            rf"History: boardpulse history --path {demo.temporary}/.*/history\.db\n", demo.process.output()
        )
        for device in ("demo-uart", "demo-mqtt"):  # a board is online from its hello on, before its first sample
            until(lambda device=device: total(demo.page(), "device_memory_free_bytes", device_id=device) > 0)
        page = demo.page()
        for device in ("demo-uart", "demo-mqtt"):
            assert total(page, "device_connection_status", device_id=device) == 1
            assert total(page, "device_memory_free_bytes", device_id=device) > 0
            assert re.search(rf'device_info{{device_id="{device}".*runtime="micropython ', page)
        assert total(page, "boardpulse_frames_rejected_total") == 0
        children = demo.children()
        assert len(children) == 4
        demo.process.signal(number)
        assert demo.process.wait(END_WITHIN_S) == 0
    assert demo.process.output().endswith("Ended: all processes are stopped.\n")
    assert not any(is_alive(pid) for pid in children)
    assert list(demo.temporary.iterdir()) == []
    assert not listening(LOOPBACK, demo.port)


def test_without_micropython_the_same_firmware_runs_under_cpython_and_says_so(tmp_path: Path) -> None:
    with running(tmp_path, "--interpreter", "cpython") as demo:
        demo.wait_for("2 boards online")
        assert "As asked: both run the same firmware under CPython" in demo.process.output()
        assert 'runtime="cpython ' in demo.page()


def test_a_child_that_dies_is_named_and_comes_back(tmp_path: Path) -> None:
    with running(tmp_path) as demo:
        demo.wait_for("2 boards online")
        board = next(pid for pid in demo.children() if b"demo-uart" in Path(f"/proc/{pid}/cmdline").read_bytes())
        os.kill(board, signal.SIGKILL)
        demo.wait_for("demo-uart was ended by signal 9; it is started again in 1 s.")
        boots = 'device_boots_total{device_id="demo-uart",platform="unix",reset_cause="power_on"} 2'
        wait_until(lambda: boots in demo.page(), 15, "second boot", demo.process)
        assert demo.process.running


def test_a_taken_address_is_a_sentence_that_says_what_to_do(tmp_path: Path) -> None:
    with running(tmp_path) as demo:
        demo.wait_for("Ctrl-C ends it.")
        second = subprocess.run(
            [*DEMO, "--listen", f"{LOOPBACK}:{demo.port}"], capture_output=True, text=True, timeout=30, check=False
        )
    assert second.returncode == 1
    assert second.stderr.startswith(f"Error: {LOOPBACK}:{demo.port} is taken")
    assert "--listen" in second.stderr
    assert "Traceback" not in second.stderr


def test_port_0_takes_a_free_one_and_says_which() -> None:
    command = [*DEMO, "--listen", f"{LOOPBACK}:0", "--seconds", "1"]
    answer = subprocess.run(command, capture_output=True, text=True, timeout=30, check=True)
    assert re.search(r"Page:    http://127\.0\.0\.1:[1-9]\d+/\n", answer.stdout)


@pytest.mark.parametrize("listen", ["here", "127.0.0.1:", "127.0.0.1:70000", ":1"])
def test_a_wrong_address_is_refused_with_what_would_be_right(listen: str) -> None:
    answer = subprocess.run([*DEMO, "--listen", listen], capture_output=True, text=True, timeout=30, check=False)
    assert answer.returncode == 2
    assert "an address and a port, such as 127.0.0.1:9782" in answer.stderr


def test_on_a_terminal_one_line_stays_live() -> None:
    ours, terminal = pty.openpty()
    try:
        command = [*DEMO, "--listen", f"{LOOPBACK}:{free_port()}", "--seconds", "6"]
        with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=terminal, stderr=terminal) as process:
            os.close(terminal)
            shown = read_to_end(ours)
            assert process.wait(END_WITHIN_S) == 0
    finally:
        os.close(ours)
    lives = shown.split("\r\x1b[K")[1:]
    assert len(lives) >= 4
    assert lives[-1].startswith("2 boards online · ")
    assert "\n" not in "".join(lives[:-1])


def read_to_end(terminal: int) -> str:
    """All that is written to a terminal until everybody has closed it."""
    data = bytearray()
    until = time.monotonic() + 60
    while time.monotonic() < until:
        try:
            data += os.read(terminal, 4096)
        except OSError:
            break
    return data.decode()
