"""How busy each core is, from /proc/stat (proc_stat(5))."""

from boardpulse.compat import const

TYPE_CHECKING = const(0)
if TYPE_CHECKING:
    from boardpulse.protocols import Row

_UTILIZATION = const(9)  # catalog: device_cpu_utilization_ratio


def parse(lines: "list[str]") -> "list[tuple[str, int, int]]":
    """(core, busy, total) in ticks since the boot, for each core. Idle is the 4th and 5th number (idle and iowait); the
    9th and 10th (guest) are in the first two already. Lines that say something else are left out."""
    out = []
    for line in lines:
        if not line.startswith("cpu"):
            break
        words = line.split()
        if words[0] != "cpu" and len(words) > 5 and "".join(words[1:9]).isdigit():
            ticks = [int(word) for word in words[1:9]]
            total = sum(ticks)
            out.append((words[0][3:], total - ticks[3] - ticks[4], total))
    return out


def per_mille(before: "tuple[str, int, int]", after: "tuple[str, int, int]") -> "int | None":
    """The share of its time for which a core was busy between two readings; None when no time has passed, or a counter
    went back (iowait may, and all do when a core was offline)."""
    total = after[2] - before[2]
    busy = after[1] - before[1]
    return busy * 1000 // total if 0 <= busy <= total > 0 else None


class Cpu:
    """Utilization of each core that `path` listed at the start, since the sample before."""

    name = "cpu"

    def __init__(self, path: str = "/proc/stat") -> None:
        self._path = path
        self._before = self._read()
        self.series = [(_UTILIZATION, core) for core, _, _ in self._before]

    def _read(self) -> "list[tuple[str, int, int]]":
        with open(self._path) as file:
            return parse(file.read().split("\n"))

    def read(self, into: "Row", at: int) -> None:
        """per mille of each core; missing for one that was taken offline"""
        now = self._read()
        for before in self._before:
            after = [one for one in now if one[0] == before[0]]
            into[at] = per_mille(before, after[0]) if after else None
            at += 1
        self._before = [next(iter([one for one in now if one[0] == before[0]]), before) for before in self._before]
