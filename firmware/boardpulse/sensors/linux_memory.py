"""The machine's memory, from /proc/meminfo (proc_meminfo(5): kB are KiB)."""

from boardpulse.compat import const

TYPE_CHECKING = const(0)
if TYPE_CHECKING:
    from boardpulse.protocols import Row

_FREE = const(1)  # catalog: device_memory_free_bytes
_USED = const(2)  # catalog: device_memory_used_bytes
_SIZE = const(21)  # catalog: device_memory_size_bytes


def parse(lines: "list[str]") -> "tuple[int | None, int | None]":
    """(size, available) in bytes; None for what is not told."""
    found = {}
    for line in lines:
        words = line.split()
        if len(words) > 1 and words[1].isdigit():
            found[words[0]] = int(words[1]) * 1024
    return found.get("MemTotal:"), found.get("MemAvailable:")


class SystemMemory:
    """Memory that is available (what a new program could get), in use, and there is in all."""

    name = "memory"
    series = ((_FREE, "system"), (_USED, "system"), (_SIZE, "system"))

    def __init__(self, path: str = "/proc/meminfo") -> None:
        self._path = path

    def read(self, into: "Row", at: int) -> None:
        """free, used, size"""
        with open(self._path) as file:
            size, available = parse(file.read(512).split("\n"))
        into[at] = available
        into[at + 1] = None if size is None or available is None else size - available
        into[at + 2] = size
