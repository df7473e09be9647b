"""A serial line without a cable: a pseudo-terminal whose other end a test holds."""

import os
import tty


class Board:
    """The board's end of a line: bytes go in and out raw. `path` is the port for the bridge."""

    def __init__(self) -> None:
        self.fd, slave = os.openpty()
        tty.setraw(slave)
        self.path = os.ttyname(slave)
        self._slave: int | None = slave

    def write(self, data: bytes) -> None:
        """Send bytes to the bridge."""
        os.write(self.fd, data)

    def read(self) -> bytes:
        """What the bridge has sent; waits for the first byte."""
        return os.read(self.fd, 65536)

    def unplug(self) -> None:
        """Take the board away, its device file with it."""
        for fd in (self.fd, self._slave):
            if fd is not None:
                os.close(fd)
        self.fd, self._slave = -1, None

    def close(self) -> None:
        """Unplug it, unless that was done."""
        if self.fd >= 0:
            self.unplug()
