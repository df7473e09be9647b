"""What a process takes: processor time and memory, of itself or of another."""

import os
import time
from pathlib import Path

_PAGE = os.sysconf("SC_PAGE_SIZE")


def cpu_seconds(pid: int) -> float:
    """User and system time of all threads of a process so far, in seconds; OSError when it has ended."""
    try:
        return time.clock_gettime((~pid << 3) | 2)  # Linux' number for the clock of a process: to the nanosecond
    except OSError:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def rss_bytes(pid: int) -> int:
    """Memory of a process that is in use now (resident set), in bytes."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE
