"""Temperature, voltage, current and power from /sys/class/hwmon (Linux, Documentation/hwmon/sysfs-interface.rst)."""

from boardpulse.compat import const
from boardpulse.sensors.linux_files import entries, read_int, read_text, unique

TYPE_CHECKING = const(0)
if TYPE_CHECKING:
    from boardpulse.protocols import Row

_TEMPERATURE = const(3)  # catalog: device_temperature_celsius
_POWER = const(4)  # catalog: device_power_watts
_VOLTAGE = const(5)  # catalog: device_voltage_volts
_CURRENT = const(13)  # catalog: device_current_amperes

# what a file's name begins with and ends in, key, and its unit divided by ours: m°C, mV, mA, µW
_KINDS = (
    ("temp", "_input", _TEMPERATURE, 10),
    ("in", "_input", _VOLTAGE, 1),
    ("curr", "_input", _CURRENT, 1),
    ("power", "_input", _POWER, 1000),
    ("power", "_average", _POWER, 1000),
)


class Hwmon:
    """Every reading of every chip below `root`, labelled `<chip>_<what the driver calls it>`."""

    name = "hwmon"

    def __init__(self, root: str = "/sys/class/hwmon") -> None:
        found = []
        for chip in entries(root):
            folder = root + "/" + chip
            found += _readings(folder, read_text(folder + "/name") or chip)
        labels = unique(["%d %s" % (key, label) for _, key, label, _ in found])
        self._readings = [(path, divisor) for path, _, _, divisor in found]
        self.series = [(one[1], label.split(" ", 1)[1]) for one, label in zip(found, labels)]

    def read(self, into: "Row", at: int) -> None:
        """each reading in the catalogue's scale"""
        for path, divisor in self._readings:
            value = read_int(path)
            into[at] = None if value is None else value // divisor
            at += 1


def _readings(folder: str, chip: str) -> "list[tuple[str, int, str, int]]":
    """(path, key, label, divisor) of what a chip reads."""
    out = []
    for name in entries(folder):
        for begin, end, key, divisor in _KINDS:
            number = name[len(begin) : len(name) - len(end)]
            if name.startswith(begin) and name.endswith(end) and number.isdigit():
                label = read_text("%s/%s%s_label" % (folder, begin, number)) or begin + number
                out.append((folder + "/" + name, key, chip + "_" + label.replace(" ", "_"), divisor))
    return out
