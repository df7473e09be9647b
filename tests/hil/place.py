"""Where the image lies on the board while it is tested: a folder of its own on the flash, or the board's memory."""

from collections.abc import Mapping

from boardpulse_tools.flash.board_code import HELPERS
from boardpulse_tools.flash.errors import BoardError, ScriptError
from boardpulse_tools.flash.probe import Facts
from tests.hil import ram_disk
from tests.hil.target import FOLDER, Target

SPARE_BLOCKS = 4
# The application under test calls nothing of these; a board that has little memory need not hold them.
UNUSED = {"api", "custom", "recorder", "sleeping", "tasks", "watchdog"}


class Flash:
    """A folder of its own; main.py, boardpulse.json and all the rest are not touched."""

    survives_reset = True

    def __init__(self, facts: Facts) -> None:
        self._facts = facts
        self.root = f"{facts.root}/{FOLDER}"
        self.lib = f"{self.root}/lib"

    def __str__(self) -> str:
        return f"the folder {self.root} on the board's flash"

    def files(self, image: Mapping[str, bytes]) -> dict[str, bytes]:
        """What of an image is written."""
        return {name: data for name, data in image.items() if name != "main.py"}

    def refuses(self, target: Target, image: Mapping[str, bytes]) -> str:
        """Why the flash does not take it; empty where it does. Removes what an earlier run has left."""
        block = max(1, self._facts.block_bytes)
        target.run(HELPERS)
        try:
            target.run(f"x({self.root!r})\nk({self.lib + '/'!r})")
            target.write(f"{self.lib}/try", b"x")
            target.run(f"x({self.root!r})")
        except ScriptError as error:
            return f"the flash cannot be written: {error}"
        needed = sum(-(-len(data) // block) + 1 for data in self.files(image).values()) * block + SPARE_BLOCKS * block
        free = self._facts.free_blocks * block
        return "" if free >= needed else f"the flash is too full: {needed} bytes are needed, {free} are free"

    def write(self, target: Target, image: Mapping[str, bytes]) -> None:
        """Copy it there."""
        target.run(HELPERS)
        for name, data in self.files(image).items():
            path = f"{self.root}/{name}"
            target.run(f"k({path!r})")
            target.write(path, data)
        target.run("v()")
        target.enter()  # a reset: the helpers' memory is free again, and what was written is read from the flash

    def remove(self, target: Target) -> None:
        """Take it away again."""
        target.run(HELPERS)
        target.run(f"x({self.root!r})\nv()")


class Memory:
    """A file system in the board's RAM, gone with the next reset."""

    survives_reset = False
    root = ram_disk.FOLDER
    lib = f"{ram_disk.FOLDER}/lib"

    def __str__(self) -> str:
        return f"a RAM file system at {self.root}, and nothing to its flash"

    def files(self, image: Mapping[str, bytes]) -> dict[str, bytes]:
        """What of an image is written: the largest first, while memory is in one piece."""
        kept = {
            name: data
            for name, data in image.items()
            if name != "main.py" and name.rpartition("/")[2].removesuffix(".mpy") not in UNUSED
        }
        return dict(sorted(kept.items(), key=lambda item: -len(item[1])))

    def write(self, target: Target, image: Mapping[str, bytes]) -> None:
        """Mount it, and copy the image into it. BoardError where there is no memory for it."""
        try:
            target.run(ram_disk.MOUNT)
            for name, data in self.files(image).items():
                target.write(f"{self.root}/{name}", data)
            target.run(ram_disk.DONE)
        except ScriptError as error:
            raise BoardError(f"There is no room for the image in the board's memory. {error}") from error

    def remove(self, target: Target) -> None:
        """Nothing: a reset does it."""


Place = Flash | Memory
