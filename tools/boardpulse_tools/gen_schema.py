"""Makes what follows from shared_schema/catalog.toml: its Python module, docs/metrics.md and the keys in the firmware.

    python -m boardpulse_tools.gen_schema [--check] [--root DIR]

With --check it writes nothing. Exit code: 0 all is fresh now, 1 the catalogue has mistakes or, with --check, a file is
stale.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from boardpulse_tools import schema_constants
from boardpulse_tools.catalog import Catalog, CatalogError, parse
from boardpulse_tools.schema_render import REGENERATE, render_module, render_page

CATALOG = "shared_schema/catalog.toml"
MODULE = "shared_schema/_generated.py"
PAGE = "docs/metrics.md"
SOURCES = ("firmware", "boards")


def stale_files(root: Path) -> dict[str, str]:
    """What is to be written, as path under `root` → text; empty when all is fresh. Raises CatalogError."""
    catalog = parse(_read(root / CATALOG, "is missing; the generator needs it"), CATALOG)
    wanted = {MODULE: render_module(catalog), PAGE: render_page(catalog), **_firmware(root, catalog)}
    return {path: text for path, text in wanted.items() if _current(root / path) != text}


def _firmware(root: Path, catalog: Catalog) -> dict[str, str]:
    wanted: dict[str, str] = {}
    problems: list[str] = []
    for file in sorted(file for folder in SOURCES for file in (root / folder).rglob("*.py")):
        path = file.relative_to(root).as_posix()
        text, wrong = schema_constants.rewrite(_read(file, "cannot be read"), catalog, path)
        wanted[path] = text
        problems += wrong
    if problems:
        raise CatalogError(problems)
    return wanted


def _read(file: Path, otherwise: str) -> str:
    try:
        return file.read_bytes().decode()  # not read_text, which would change line ends
    except (OSError, UnicodeDecodeError) as error:
        raise CatalogError([f"{file}: {otherwise} ({error})"]) from error


def _current(file: Path) -> str | None:
    return file.read_bytes().decode(errors="replace") if file.exists() else None


def _write(root: Path, files: dict[str, str]) -> None:
    for path, text in files.items():
        file = root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text.encode())
        print(f"wrote {path}")


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog=REGENERATE, description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--check", action="store_true", help="write nothing; fail when a file is stale")
    parser.add_argument("--root", type=Path, default=Path(__file__).resolve().parents[2], help="top of the repository")
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command; returns its exit code."""
    arguments = _arguments(argv)
    try:
        stale = stale_files(arguments.root)
    except CatalogError as error:
        print(*error.problems, sep="\n", file=sys.stderr)
        return 1
    if not arguments.check:
        _write(arguments.root, stale)
        return 0
    for path in stale:
        print(f"{path}: is stale; run {REGENERATE} and commit what it changes", file=sys.stderr)
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
