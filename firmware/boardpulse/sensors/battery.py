"""A battery's voltage over a divider, and its charge from that voltage."""

from boardpulse.compat import const

TYPE_CHECKING = const(0)
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from boardpulse.protocols import Row

_VOLTAGE = const(5)  # catalog: device_voltage_volts
_CHARGE = const(12)  # catalog: device_battery_ratio

# A lithium polymer cell at rest, as Ampow's "LiPo Voltage Chart" (blog.ampow.com/lipo-voltage-chart) gives it. It is of
# no particular cell: under load, in the cold and with age the voltage is lower. Better is the curve of your own cell.
LIPO_1S = (
    (3270, 0),
    (3610, 50),
    (3690, 100),
    (3730, 200),
    (3770, 300),
    (3800, 400),
    (3840, 500),
    (3870, 600),
    (3950, 700),
    (4020, 800),
    (4110, 900),
    (4200, 1000),
)


def per_mille(mv: int, curve: "Sequence[tuple[int, int]]") -> int:
    """The charge at a voltage: on the straight line between the two points around it, the end's beyond the ends."""
    low, charge = curve[0]
    for high, upper in curve:
        if mv < high:
            if mv <= low:
                break
            return charge + ((upper - charge) * (mv - low) + (high - low) // 2) // (high - low)
        low = high
        charge = upper
    return charge


class Battery:
    """`read_mv` returns the millivolts between `upper_ohm` and `lower_ohm`, or None. `curve` is ((mV, per mille), …) of
    the battery, by rising voltage. ValueError for a curve or divider that cannot be."""

    name = "battery"

    def __init__(
        self,
        read_mv: "Callable[[], int | None]",
        curve: "Sequence[tuple[int, int]]" = LIPO_1S,
        upper_ohm: int = 0,
        lower_ohm: int = 1,
        component: str = "battery",
    ) -> None:
        if not curve or list(curve) != sorted(curve) or len({mv for mv, _ in curve}) < len(curve):
            raise ValueError("curve: (mV, per mille) by rising voltage")
        if upper_ohm < 0 or lower_ohm < 1:
            raise ValueError("upper_ohm, lower_ohm: a divider")
        self._read_mv = read_mv
        self._curve = curve
        # In 1/4096, so that 3300 mV times it stays a small integer with dividers up to 1:79.
        self._ratio = ((upper_ohm + lower_ohm) * 4096 + lower_ohm // 2) // lower_ohm
        self.series = ((_VOLTAGE, component), (_CHARGE, component))

    def read(self, into: "Row", at: int) -> None:
        """mV, per mille"""
        mv = self._read_mv()
        if mv is not None:
            mv = mv * self._ratio >> 12
        into[at] = mv
        into[at + 1] = None if mv is None else per_mille(mv, self._curve)
