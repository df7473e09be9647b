"""A board of a rig: a process, and the file in which it writes down what it takes."""

from pathlib import Path

from boardpulse_tools.bench.chaos.tally import Diary, diary
from boardpulse_tools.processes import Process


class Board:
    """One board: its process, and what it writes down."""

    def __init__(self, device: str, folder: Path, process: Process) -> None:
        self.device = device
        self.folder = folder
        self.process = process

    def stop(self) -> None:
        """Tell it to take no more samples, say bye, wait for the acknowledgements, and end."""
        (self.folder / "stop").touch()

    def diary(self) -> Diary:
        """What it has written down."""
        path = self.folder / "taken.txt"
        return diary(path.read_text() if path.exists() else "")
