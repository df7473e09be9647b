"""The CPU's clock frequency on Linux, from cpufreq (Documentation/admin-guide/pm/cpufreq.rst: kHz) or
/proc/cpuinfo."""

from boardpulse.compat import const

TYPE_CHECKING = const(0)
if TYPE_CHECKING:
    from collections.abc import Callable


def linux_reader(root: str = "/") -> "Callable[[], int] | None":
    """A function that reads Hz of core 0 from cpufreq, else from /proc/cpuinfo; None where neither tells it."""
    path = root + "sys/devices/system/cpu/cpu0/cpufreq/scaling_cur_freq"
    for reader, name in ((_from_cpufreq, path), (_from_cpuinfo, root + "proc/cpuinfo")):
        try:
            reader(name)
        except (OSError, ValueError):
            continue
        return lambda: reader(name)  # returned from the loop at once
    return None


def _from_cpufreq(path: str) -> int:
    with open(path) as file:
        return int(file.read()) * 1000


def _from_cpuinfo(path: str) -> int:
    with open(path) as file:
        for line in file:
            if line.startswith("cpu MHz"):
                return int(float(line.split(":")[1]) * 1000000)
    raise ValueError("no cpu MHz in " + path)
