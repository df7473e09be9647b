"""Where things lie on a board that was flashed, and how one version takes the place of another.

A version is a folder of its own, lib/bp_a or lib/bp_b, so that the one that runs is not touched while the other is
written. `import boardpulse` finds a file of a few lines in lib/ that leads to one of them: boardpulse.mpy to bp_a;
boardpulse.py, which MicroPython prefers, to bp_b. To switch is to make or to remove boardpulse.py: one entry of one
folder, which is whole at any moment on littlefs, and on FAT, whose rename is none when it replaces.
"""

import hashlib
from dataclasses import dataclass

SLOTS = ("a", "b")
MANIFEST = "sha"  # in a slot: JSON, file → SHA-256, of main.py at least
NEW = ".new"  # the end of the name of a file that is not in its place yet
CONFIG, MAIN = "boardpulse.json", "main.py"
USERS_MAIN = "main.before.py"
CONFIG_COPIES = ("boardpulse.last.json", "boardpulse.new.json")  # boardpulse/last_good.py makes them

# The stub gives its name to the real package, and stands in for it where it was imported already.
_STUB = """import sys
sys.path.insert(0,%r)
del sys.modules["boardpulse"]
import boardpulse
def __getattr__(n):return getattr(sys.modules["boardpulse"],n)
"""


def sha256(data: bytes) -> str:
    """As hex."""
    return hashlib.sha256(data).hexdigest()


@dataclass(frozen=True, slots=True)
class Layout:
    """Paths on one board. `root` is without its last slash."""

    root: str
    lib: str

    def slot(self, slot: str) -> str:
        """The folder of a version."""
        return f"{self.lib}/bp_{slot}"

    def stub(self, slot: str) -> str:
        """The file that leads to it."""
        return f"{self.lib}/boardpulse.{'mpy' if slot == 'a' else 'py'}"

    def stub_source(self, slot: str) -> str:
        """What stands in it, before it is compiled."""
        return _STUB % self.slot(slot)

    def at_root(self, name: str) -> str:
        """A file beside main.py."""
        return f"{self.root}/{name}"

    def place(self, slot: str, name: str) -> str:
        """Where a file of an image ("lib/board.mpy") goes."""
        return f"{self.slot(slot)}/{name.removeprefix('lib/')}"

    @property
    def foreign(self) -> tuple[str, ...]:
        """What would be loaded instead of ours."""
        return (f"{self.lib}/boardpulse", self.at_root("boardpulse"), self.at_root("boardpulse.py"),
                self.at_root("boardpulse.mpy"))  # fmt: skip

    @property
    def single_files(self) -> tuple[str, ...]:
        """The files to look at, besides the slots."""
        names = (CONFIG, MAIN, USERS_MAIN, CONFIG + NEW, MAIN + NEW, *CONFIG_COPIES)
        stubs = tuple(self.stub(slot) + end for slot in SLOTS for end in ("", NEW))
        return (*map(self.at_root, names), *stubs, *self.foreign)
