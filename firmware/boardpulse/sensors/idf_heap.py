"""ESP-IDF's heap, from which Wi-Fi, TLS and MicroPython's own heap take their memory."""

from boardpulse.compat import const

TYPE_CHECKING = const(0)
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from boardpulse.protocols import Row

_FREE = const(1)  # catalog: device_memory_free_bytes
_USED = const(2)  # catalog: device_memory_used_bytes
_MINIMUM_FREE = const(19)  # catalog: device_memory_minimum_free_bytes
_LARGEST_FREE = const(20)  # catalog: device_memory_largest_free_bytes


class IdfHeap:
    """Free and used bytes, the largest free block, and the least that was ever free, of the regions that `heap_info`
    lists: lambda: esp32.idf_heap_info(esp32.HEAP_DATA).

    The minimum is the sum of the regions' minima, as in ESP-IDF's heap_caps_get_minimum_free_size(), and so a lower
    bound: they need not have been at the same time. The list takes some heap: read it seldom.
    """

    name = "idf_heap"
    series = ((_FREE, "idf"), (_USED, "idf"), (_LARGEST_FREE, "idf"), (_MINIMUM_FREE, "idf"))

    def __init__(self, heap_info: "Callable[[], Sequence[tuple[int, int, int, int]]]") -> None:
        self._heap_info = heap_info

    def read(self, into: "Row", at: int) -> None:
        """free, used, largest free, minimum free; ValueError without regions"""
        regions = self._heap_info()
        free = sum([region[1] for region in regions])
        into[at] = free
        into[at + 1] = sum([region[0] for region in regions]) - free
        into[at + 2] = max([region[2] for region in regions])
        into[at + 3] = sum([region[3] for region in regions])
