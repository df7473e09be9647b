"""Accelerators (GPU, NPU) whose driver tells the kernel how busy they are.

- amdgpu: gpu_busy_percent, mem_info_vram_* (Linux, Documentation/gpu/amdgpu/thermal.rst and driver-misc.rst)
- v3d, the Raspberry Pi's: gpu_stats, nanoseconds for each queue (drivers/gpu/drm/v3d/v3d_sysfs.c, Linux 6.8)
- intel_vpu: npu_busy_time_us, npu_memory_utilization (drivers/accel/ivpu/ivpu_sysfs.c)
"""

from boardpulse.compat import const, ticks_us
from boardpulse.sensors.linux_files import entries, read_int, read_text, unique

TYPE_CHECKING = const(0)
if TYPE_CHECKING:
    from collections.abc import Callable

    from boardpulse.protocols import Row

    Times = tuple[int, dict[str, int]]  # of a clock, for which each queue was busy

_UTILIZATION = const(56)  # catalog: device_accelerator_utilization_ratio
_USED = const(57)  # catalog: device_accelerator_memory_used_bytes
_SIZE = const(58)  # catalog: device_accelerator_memory_size_bytes

# file, key, ours to one of its
_FILES = (
    ("gpu_busy_percent", _UTILIZATION, 10),
    ("mem_info_vram_used", _USED, 1),
    ("mem_info_vram_total", _SIZE, 1),
    ("npu_memory_utilization", _USED, 1),
)
_BUSY_FILES = ("npu_busy_time_us", "gpu_stats")


def parse(text: str, now_us: int) -> "Times | None":
    """A single number, microseconds for which it was busy at now_us; or v3d's table of queues, which has its own time.
    None for something else."""
    try:
        return now_us, {"": int(text)}
    except ValueError:
        pass
    queues = {}
    now = 0
    for line in text.split("\n")[1:]:
        words = line.split()
        if len(words) != 4 or not (words[1] + words[3]).isdigit():
            return None
        now = int(words[1])
        queues[words[0]] = int(words[3])
    return (now, queues) if queues else None


def per_mille(before: "Times", after: "Times") -> "int | None":
    """The busiest queue's share of the time between two readings: queues work side by side. None when no time passed,
    or a counter went back."""
    passed = after[0] - before[0]
    shares = [after[1][name] - before[1][name] for name in after[1] if name in before[1]]
    if not shares or passed <= 0 or min(shares) < 0:
        return None
    return min(1000, max(shares) * 1000 // passed)


class BusyTime:
    """Utilization between two readings of a counter of busy time."""

    def __init__(self, path: str, now_us: int) -> None:
        self._path = path
        self._before: Times | None = None
        self.read(now_us)

    def read(self, now_us: int) -> "int | None":
        """per mille; None where there are not two readings"""
        text = read_text(self._path)
        after = None if text is None else parse(text, now_us)
        before = self._before
        self._before = after
        return None if before is None or after is None else per_mille(before, after)


class Accelerators:
    """What each accelerator below `root` tells, labelled with its driver's name."""

    name = "accelerator"

    def __init__(self, root: str = "/sys/class", ticks_us: "Callable[[], int]" = ticks_us) -> None:
        self._ticks = ticks_us
        self._readings: list[tuple[str, int]] = []
        self._busy: list[BusyTime] = []
        self.series = []
        folders = _folders(root)
        gauges = []
        for folder, label in zip(folders, unique([_label(folder) for folder in folders])):
            for name in _BUSY_FILES:
                if read_text(folder + name):
                    self._busy.append(BusyTime(folder + name, ticks_us()))
                    self.series.append((_UTILIZATION, label))
            for name, key, ours in _FILES:
                if read_int(folder + name) is not None:
                    self._readings.append((folder + name, ours))
                    gauges.append((key, label))
        self.series += gauges

    def read(self, into: "Row", at: int) -> None:
        """per mille, bytes, in the order of `series`"""
        for busy in self._busy:
            into[at] = busy.read(self._ticks())
            at += 1
        for path, ours in self._readings:
            value = read_int(path)
            into[at] = None if value is None else value * ours
            at += 1


def _folders(root: str) -> "list[str]":
    """The devices behind card0, card1 … (not card0-HDMI-A-1, a connector) and accel0 …"""
    out = []
    for kind, begin in (("drm", "card"), ("accel", "accel")):
        for name in entries("%s/%s" % (root, kind)):
            if name.startswith(begin) and name[len(begin) :].isdigit():
                out.append("%s/%s/%s/device/" % (root, kind, name))
    return out


def _label(folder: str) -> str:
    """The driver's name, else the device's."""
    for line in (read_text(folder + "uevent") or "").split("\n"):
        if line.startswith("DRIVER="):
            return line[7:]
    return folder.split("/")[-3]
