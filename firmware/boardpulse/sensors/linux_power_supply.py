"""Batteries and supplies from /sys/class/power_supply (Linux, Documentation/ABI/testing/sysfs-class-power: µV, µA,
µW, %)."""

from boardpulse.compat import const
from boardpulse.sensors.linux_files import entries, read_int

TYPE_CHECKING = const(0)
if TYPE_CHECKING:
    from boardpulse.protocols import Row

_POWER = const(4)  # catalog: device_power_watts
_VOLTAGE = const(5)  # catalog: device_voltage_volts
_BATTERY = const(12)  # catalog: device_battery_ratio
_CURRENT = const(13)  # catalog: device_current_amperes

# file, key, and its unit as a fraction of ours: (numerator, denominator)
_FILES = (
    ("capacity", _BATTERY, 10, 1),
    ("voltage_now", _VOLTAGE, 1, 1000),
    ("current_now", _CURRENT, 1, 1000),
    ("power_now", _POWER, 1, 1000),
)


class PowerSupplies:
    """What each supply below `root` tells, labelled with its name."""

    name = "power"

    def __init__(self, root: str = "/sys/class/power_supply") -> None:
        self._readings = []
        self.series = []
        for supply in entries(root):
            for file, key, numerator, denominator in _FILES:
                path = "%s/%s/%s" % (root, supply, file)
                if read_int(path) is not None:
                    self._readings.append((path, numerator, denominator))
                    self.series.append((key, supply))

    def read(self, into: "Row", at: int) -> None:
        """each reading in the catalogue's scale"""
        for path, numerator, denominator in self._readings:
            value = read_int(path)
            into[at] = None if value is None else value * numerator // denominator
            at += 1
