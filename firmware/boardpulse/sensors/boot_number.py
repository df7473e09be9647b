"""How often the board has started."""

from boardpulse.compat import const

TYPE_CHECKING = const(0)
if TYPE_CHECKING:
    from boardpulse.protocols import Row

_BOOT_NUMBER = const(160)  # catalog: device_boot_number


class BootNumber:
    """The number of this start, as boardpulse.retained counted it."""

    name = "boot_number"
    series = (_BOOT_NUMBER,)

    def __init__(self, number: int) -> None:
        self._number = number

    def read(self, into: "Row", at: int) -> None:
        """starts"""
        into[at] = self._number
