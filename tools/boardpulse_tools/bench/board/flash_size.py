"""Bytes that the firmware takes in a board's flash, as .mpy."""

from collections.abc import Iterable, Mapping

# The composition of one board, which its user may change: not the firmware.
OF_THE_BOARD = ("lib/board.mpy", "lib/boards/")


def total(image: Mapping[str, bytes], names: Iterable[str]) -> int:
    """Bytes of those of the files that are compiled and of the firmware."""
    return sum(len(image[name]) for name in names if name.endswith(".mpy") and not name.startswith(OF_THE_BOARD))
