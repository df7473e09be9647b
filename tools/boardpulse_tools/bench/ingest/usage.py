"""What a process and its children have used of the machine, as Linux counts it, and when they are at rest."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path

from boardpulse_tools.bench.process_use import cpu_seconds
from boardpulse_tools.processes import ProcessError

_PROC = Path("/proc")
_KIB = 1024
LOOK_S = 0.02
QUIET_S = 0.3
BUSY = 0.1  # of a processor: a bridge of a thousand boards that hears nothing uses less


def cpu_s(pid: int) -> float:
    """Seconds, user and system, of the process and its living descendants. OSError when it has ended."""
    return sum(cpu_seconds(one) for one in tree(pid))


def peak_bytes(pid: int) -> int:
    """The most memory that the process and its living descendants had resident, each at its own worst moment."""
    return sum(_peak(one) for one in tree(pid))


def _peak(pid: int) -> int:
    for line in (_PROC / str(pid) / "status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * _KIB
    return 0


def tree(pid: int) -> Iterator[int]:
    """The process and its living descendants."""
    yield pid
    for children in (_PROC / str(pid) / "task").glob("*/children"):
        for child in children.read_text().split():
            yield from tree(int(child))


def at_rest(
    pid: int,
    timeout_s: float,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
    used_s: Callable[[int], float] = cpu_s,
) -> float:
    """Wait until the process has used less than BUSY of a processor for QUIET_S; the beginning of that time, on the
    monotonic clock. ProcessError when it does not come to rest."""
    until = clock() + timeout_s
    looks = deque([(clock(), used_s(pid))])
    while True:
        sleep(LOOK_S)
        now, used = clock(), used_s(pid)
        looks.append((now, used))
        while len(looks) > 1 and now - looks[1][0] >= QUIET_S:
            looks.popleft()
        since, before = looks[0]
        if now - since >= QUIET_S and used - before < BUSY * (now - since):
            return since
        if now > until:
            raise ProcessError(f"process {pid} is still busy after {timeout_s:g} s")
