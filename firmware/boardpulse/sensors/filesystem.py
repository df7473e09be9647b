"""Space on file systems."""

from boardpulse.compat import const

TYPE_CHECKING = const(0)
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from boardpulse.protocols import Row, Series

_FREE = const(6)  # catalog: device_filesystem_free_bytes
_SIZE = const(22)  # catalog: device_filesystem_size_bytes


class Filesystem:
    """Free bytes and size of the file system at each of `paths`. statvfs takes a little heap: read it seldom."""

    name = "filesystem"

    def __init__(self, statvfs: "Callable[[str], Any]", paths: "list[str] | tuple[str, ...]" = ("/",)) -> None:
        self._statvfs = statvfs
        self._paths = paths
        self.series: list[Series] = []
        for path in paths:
            self.series += [(_FREE, path), (_SIZE, path)]

    def read(self, into: "Row", at: int) -> None:
        """free, size, for each path"""
        for path in self._paths:
            status = self._statvfs(path)
            block = status[1] or status[0]
            into[at] = block * status[4]
            into[at + 1] = block * status[2]
            at += 2
