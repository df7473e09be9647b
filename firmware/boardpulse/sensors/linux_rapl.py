"""Energy and power of the processor's parts from /sys/class/powercap (Linux, Documentation/power/powercap/powercap.rst:
microjoules that begin again after max_energy_range_uj). Since Linux 5.10 root alone may read them."""

from boardpulse.compat import const, ticks_diff, ticks_ms
from boardpulse.sensors.linux_files import entries, read_int, read_text, unique

TYPE_CHECKING = const(0)
if TYPE_CHECKING:
    from collections.abc import Callable

    from boardpulse.protocols import Row

_POWER = const(4)  # catalog: device_power_watts
_ENERGY = const(14)  # catalog: device_energy_joules


def grown(before: int, after: int, limit: "int | None") -> "int | None":
    """By how much a counter that begins again after `limit` has grown; None when that cannot be told. It may have begun
    again once: at 200 W that is after some 20 minutes."""
    if after >= before:
        return after - before
    return after - before + limit if limit and before <= limit else None


class Zone:
    """One zone's counter. Nothing is guessed over a time in which it could not be read."""

    def __init__(self, folder: str) -> None:
        self._path = folder + "/energy_uj"
        self._limit = read_int(folder + "/max_energy_range_uj")
        self._before: int | None = None
        self._at = 0
        self._microjoules = 0

    def read(self, now: int, ticks_diff: "Callable[[int, int], int]") -> "tuple[int | None, int | None]":
        """(mJ since the start, mW since the reading before)"""
        after = read_int(self._path)
        delta = None if after is None or self._before is None else grown(self._before, after, self._limit)
        ms = ticks_diff(now, self._at)
        self._before = after
        self._at = now
        self._microjoules += delta or 0
        power = None if delta is None or ms <= 0 else delta // ms  # µJ in a ms are mW
        return (None if after is None else self._microjoules // 1000), power


class Rapl:
    """Energy since this program's start, and mean power since the sample before, of every zone below `root` that can
    be read, labelled with its name, and its package's before it."""

    name = "rapl"

    def __init__(
        self,
        root: str = "/sys/class/powercap",
        ticks_ms: "Callable[[], int]" = ticks_ms,
        ticks_diff: "Callable[[int, int], int]" = ticks_diff,
    ) -> None:
        # intel-rapl-mmio:* are the same counters by another way.
        names = [name for name in entries(root) if name.startswith("intel-rapl:")]
        names = [name for name in names if read_int("%s/%s/energy_uj" % (root, name)) is not None]
        labels = unique([_label(root, name) for name in names])
        self._zones = [Zone(root + "/" + name) for name in names]
        self._ticks = ticks_ms
        self._diff = ticks_diff
        self.series = [(key, label) for label in labels for key in (_ENERGY, _POWER)]
        self.read([None] * len(self.series), 0)  # from here on it counts

    def read(self, into: "Row", at: int) -> None:
        """mJ, mW of each zone"""
        for zone in self._zones:
            into[at], into[at + 1] = zone.read(self._ticks(), self._diff)
            at += 2


def _label(root: str, name: str) -> str:
    """package-0 of intel-rapl:0, package-0_core of intel-rapl:0:0."""
    label = read_text("%s/%s/name" % (root, name)) or name
    parent = name.rsplit(":", 1)[0]
    return _label(root, parent) + "_" + label if parent.count(":") else label
