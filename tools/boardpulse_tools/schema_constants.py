"""Catalogue keys in firmware: `_FREE = const(1)  # catalog: device_memory_free_bytes` gets its number from the name."""

from __future__ import annotations

import re

from boardpulse_tools.catalog import Catalog
from boardpulse_tools.catalog_fields import suggestion

_MARK = re.compile(r"#\s*catalog:")
_LINE = re.compile(
    r"(?P<before>\s*_?[A-Z][A-Z0-9_]*\s*=\s*const\()\s*\d+\s*(?P<after>\)\s*#\s*catalog:\s*(?P<name>\w+)\s*)"
)


def rewrite(source: str, catalog: Catalog, place: str) -> tuple[str, list[str]]:
    """`source` with the catalogue's numbers, and what is wrong with its marked lines; `place` names it in messages."""
    keys = {name: m.key for m in catalog.metrics for name in (m.name, m.exposed_name)}
    lines, problems = source.splitlines(keepends=True), []
    for index, line in enumerate(lines):
        if not _MARK.search(line):
            continue
        text, problem = _rewrite_line(line, keys)
        lines[index] = text
        if problem:
            problems.append(f"{place}:{index + 1}: {problem}")
    return "".join(lines), problems


def _rewrite_line(line: str, keys: dict[str, int | None]) -> tuple[str, str]:
    match = _LINE.fullmatch(line)
    if match is None:
        return line, "is no constant of the catalogue; write _NAME = const(0)  # catalog: device_…"
    name = match["name"]
    if name not in keys:
        return line, f"{name} is not in the catalogue{suggestion(name, keys)}"
    if keys[name] is None:
        return line, f"{name} is made by the bridge and has no key; a board cannot send it"
    return f"{match['before']}{keys[name]}{match['after']}", ""
