"""Which ports there are, which of them may be boards, and what to say where one cannot be opened."""

import errno
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from serial.tools import list_ports

from boardpulse_tools.boards_schema import BoardFile
from boardpulse_tools.flash.errors import PortError

URLS = ("socket://", "rfc2217://")
BUSY = (errno.EBUSY, errno.EAGAIN)  # the latter is pyserial's lock
GONE = (errno.ENOENT, errno.ENODEV, errno.ENXIO, errno.EIO)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A serial port on USB. `usb` is vendor:product in hex, `boards` those whose board.toml names it."""

    device: str
    description: str
    usb: str
    boards: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.device}  {self.usb}  {self.description}"


def candidates(boards: Iterable[BoardFile]) -> list[Candidate]:
    """The USB serial ports of this machine, those that some board names first."""
    boards = list(boards)
    found = []
    for port in list_ports.comports():
        if port.vid is None:
            continue
        usb = f"{port.vid:04x}:{port.pid:04x}"
        names = tuple(board.name for board in boards if usb in board.usb)
        found.append(Candidate(port.device, port.description or "", usb, names))
    return sorted(found, key=lambda one: (not one.boards, one.device))


def choose(wanted: str | None, found: Sequence[Candidate]) -> str:
    """The port to use: the one that was asked for, else the only one. PortError lists what there is otherwise."""
    if wanted is not None:
        return wanted
    likely = [one for one in found if one.boards] or list(found)
    if len(likely) == 1:
        return likely[0].device
    if not likely:
        raise PortError(
            "No board was found: this machine has no serial port on USB. Plug the board in with a cable that carries "
            "data (many only charge), or name its port: boardpulse flash /dev/ttyACM0"
        )
    listed = "\n".join(f"  {one}" for one in likely)
    raise PortError(f"Which board? Name one of these ports, or say --all:\n{listed}")


def is_busy(error: OSError) -> bool:
    """Whether another program has the port."""
    return error.errno in BUSY or "exclusively lock" in str(error)


def why_not_open(port: str, error: OSError) -> PortError:
    """The sentence for a port that does not open."""
    number = error.errno
    if is_busy(error):
        return PortError(
            f"{port} is in use by another program: a bridge, a terminal, an IDE. End it (`fuser {port}` names it), and "
            "flash again."
        )
    if number in (errno.EACCES, errno.EPERM):
        return PortError(f"You may not open {port}. {_how_to_be_allowed(port)}")
    if number in GONE:
        return PortError(
            f"There is no board at {port}: plug it in, or look with `boardpulse flash` what ports there are."
        )
    if port.startswith(URLS):
        return PortError(
            f"{port} does not answer ({error}): start what serves the port there, and look at the address."
        )
    return PortError(f"{port} cannot be opened: {error.strerror or error}")


def _how_to_be_allowed(port: str) -> str:
    try:
        import grp

        group = grp.getgrgid(os.stat(port).st_gid).gr_name
    except (ImportError, KeyError, OSError):
        group = "dialout"
    return f"Join its group, and log in anew: sudo usermod -a -G {group} $USER"
