"""The clock frequency of every core, from cpufreq (Linux, Documentation/admin-guide/pm/cpufreq.rst: kHz)."""

from boardpulse.compat import const
from boardpulse.sensors.linux_files import entries, read_int

TYPE_CHECKING = const(0)
if TYPE_CHECKING:
    from boardpulse.protocols import Row

_FREQUENCY = const(10)  # catalog: device_cpu_frequency_hertz


class CoreFrequencies:
    """MHz of each core below `root` that has a governor. A core that is offline is missing."""

    name = "frequency"

    def __init__(self, root: str = "/sys/devices/system/cpu") -> None:
        cores = sorted([int(name[3:]) for name in entries(root) if name.startswith("cpu") and name[3:].isdigit()])
        paths = [(core, "%s/cpu%d/cpufreq/scaling_cur_freq" % (root, core)) for core in cores]
        found = [(core, path) for core, path in paths if read_int(path) is not None]
        self._paths = [path for _, path in found]
        self.series = [(_FREQUENCY, str(core)) for core, _ in found]

    def read(self, into: "Row", at: int) -> None:
        """MHz of each core"""
        for path in self._paths:
            khz = read_int(path)
            into[at] = None if khz is None else (khz + 500) // 1000
            at += 1
