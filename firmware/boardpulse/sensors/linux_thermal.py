"""Temperatures from /sys/class/thermal (Linux, Documentation/driver-api/thermal/sysfs-api.rst: millidegrees
Celsius)."""

from boardpulse.compat import const
from boardpulse.sensors.linux_files import entries, read_int, read_text, unique

TYPE_CHECKING = const(0)
if TYPE_CHECKING:
    from boardpulse.protocols import Row

_TEMPERATURE = const(3)  # catalog: device_temperature_celsius


class ThermalZones:
    """All thermal zones below `root`, named by their type. A zone that cannot be read is missing in that sample."""

    name = "temperature"

    def __init__(self, root: str = "/sys/class/thermal") -> None:
        zones = [root + "/" + name for name in entries(root) if name.startswith("thermal_zone")]
        labels = unique([read_text(zone + "/type") or zone.split("/")[-1] for zone in zones])
        self._paths = [zone + "/temp" for zone in zones]
        self.series = [(_TEMPERATURE, label) for label in labels]

    def read(self, into: "Row", at: int) -> None:
        """centi-°C of each zone"""
        for path in self._paths:
            value = read_int(path)
            into[at] = None if value is None else value // 10
            at += 1
