"""Batteries and supplies from /sys/class/power_supply (Linux, Documentation/ABI/testing/sysfs-class-power and
Documentation/power/power_supply_class.rst: µV, µA, µW, %, s)."""

from boardpulse.compat import const
from boardpulse.sensors.linux_files import entries, read_int, read_text

TYPE_CHECKING = const(0)
if TYPE_CHECKING:
    from boardpulse.protocols import Row

_POWER = const(4)  # catalog: device_power_watts
_VOLTAGE = const(5)  # catalog: device_voltage_volts
_BATTERY = const(12)  # catalog: device_battery_ratio
_CURRENT = const(13)  # catalog: device_current_amperes
_REMAINING = const(23)  # catalog: device_battery_remaining_seconds

# file, key, and its unit as a fraction of ours: (numerator, denominator)
_FILES = (
    ("capacity", _BATTERY, 10, 1),
    ("voltage_now", _VOLTAGE, 1, 1000),
    ("current_now", _CURRENT, 1, 1000),
    ("power_now", _POWER, 1, 1000),
    ("time_to_empty_now", _REMAINING, 1, 1),
)


def value(raw: int, key: int, status: "str | None") -> "int | None":
    """A reading under what the supply says of itself. A battery that discharges gives: its current is negative by the
    ABI, but not from every driver. How long it lasts is known only then."""
    if status == "Discharging":
        return -abs(raw) if key in (_CURRENT, _POWER) else raw
    return None if key == _REMAINING else raw


class PowerSupplies:
    """What each supply below `root` tells, labelled with its name."""

    name = "power"

    def __init__(self, root: str = "/sys/class/power_supply") -> None:
        self._root = root
        self._readings = []
        self.series = []
        for supply in entries(root):
            for file, key, numerator, denominator in _FILES:
                path = "%s/%s/%s" % (root, supply, file)
                if read_int(path) is not None:
                    self._readings.append((supply, path, key, numerator, denominator))
                    self.series.append((key, supply))

    def read(self, into: "Row", at: int) -> None:
        """each reading in the catalogue's scale"""
        for supply, path, key, numerator, denominator in self._readings:
            raw = read_int(path)
            if raw is not None:
                raw = value(raw, key, read_text("%s/%s/status" % (self._root, supply)))
            into[at] = None if raw is None else raw * numerator // denominator
            at += 1
