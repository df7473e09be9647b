"""The time until a board's first byte is on the line: MicroPython's unix port, with the image of its arch, on a pty."""

import os
import select
import subprocess
import tempfile
import termios
import time
import tty
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from statistics import median

from boardpulse_tools.bench.board.fixture import SENSORS
from boardpulse_tools.bench.board.interpreters import Unix, unpacked
from boardpulse_tools.processes import ProcessError

HEAP = "512K"
TIMEOUT_S = 10

# What main.py does on a board. The stream is the pty itself, and its first write ends the time.
_PROGRAM = """
import time
start = time.ticks_us()
import sys
sys.path[:] = [".frozen", "lib", ""]
import asyncio
import boardpulse
from bench_board import Board
class Line:
    def __init__(self):
        self.file = open(sys.argv[1], "r+b")
        self.write = self.first_write
    def first_write(self, buf, offset, length):
        taken = self.file.write(buf, offset, length)
        took = time.ticks_diff(time.ticks_us(), start)
        self.write = self.file.write
        print(took)
        return taken
    def readinto(self, buf):
        return self.file.readinto(buf)
board = Board({sensors}, Line())
boardpulse.start("boardpulse.json", board)
asyncio.run(boardpulse.run())
"""


def measure(unix: Unix, files: Mapping[str, bytes], times: int) -> dict[str, float]:
    """Milliseconds from the start of a process to the first byte on the other end of the line, the median and the
    longest of some; and the median of what of it passes from main.py's first line on."""
    with tempfile.TemporaryDirectory(prefix="boardpulse-bench-") as name:
        folder = unpacked(files, Path(name))
        (folder / "main.py").write_text(_PROGRAM.format(sensors=SENSORS))
        (folder / "boardpulse.json").write_text('{"board": "unix", "link": {"type": "uart"}}')
        seen = [once(unix, folder) for _ in range(times)]
    whole = [one for one, _ in seen]
    return {"median": median(whole), "max": max(whole), "in_main_median": median(inside for _, inside in seen)}


def once(unix: Unix, folder: Path) -> tuple[float, float]:
    """(from the start of the process, from the first line of main.py) to the first byte, in milliseconds."""
    with pty() as (host, line):
        command = [str(unix.program), "-X", f"heapsize={HEAP}", "main.py", line]
        start = time.perf_counter()
        with subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:
            try:
                came = select.select([host], [], [], TIMEOUT_S)[0]
                took = time.perf_counter() - start
                said = process.stdout.readline().decode() if came and process.stdout else ""
            finally:
                process.kill()
                rest = process.communicate()[0].decode()
    if not said.strip().isdigit():
        raise ProcessError(f"no frame came: {said}{rest}")
    return took * 1000, int(said) / 1000


@contextmanager
def pty() -> Iterator[tuple[int, str]]:
    """A raw pseudo-terminal: its host's end, and the path of the other, on which a read returns what there is."""
    host, line = os.openpty()
    tty.setraw(line)
    mode = termios.tcgetattr(line)
    mode[6][termios.VMIN] = mode[6][termios.VTIME] = 0
    termios.tcsetattr(line, termios.TCSANOW, mode)
    try:
        yield host, os.ttyname(line)
    finally:
        os.close(host)
        os.close(line)
