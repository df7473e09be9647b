"""A page of metrics without what differs from run to run and from machine to machine, to be compared with a file."""

import os
import re
from collections.abc import Mapping
from pathlib import Path

UPDATE = "UPDATE_GOLDEN"
_SAMPLE = re.compile(r"^(?P<series>[a-zA-Z_:][\w:]*(?:\{.*\})?) \S+$")
_LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')
# What the process and the interpreter say of themselves differs between systems.
_NOT_OURS = ("process_", "python_")


def normalised(page: str, labels: Mapping[str, str]) -> str:
    """The page with every value as `…`, and each label of `labels` with its stand-in as value; series in order.

    HELP and TYPE lines stay as they are.
    """
    lines = []
    for line in page.splitlines():
        name = line.split(" ")[2] if line.startswith("# ") and line != "# EOF" else line
        if name.startswith(_NOT_OURS):
            continue
        match = _SAMPLE.match(line)
        lines.append(f"{_without(match['series'], labels)} …" if match else line)
    return "\n".join(_series_in_order(lines)) + "\n"


def _without(series: str, labels: Mapping[str, str]) -> str:
    return _LABEL.sub(lambda found: f'{found[1]}="{labels.get(found[1], found[2])}"', series)


def _series_in_order(lines: list[str]) -> list[str]:
    """Series sorted within their family: in which order boards were heard first is chance."""
    out: list[str] = []
    family: list[str] = []
    for line in [*lines, "#"]:
        if line.startswith("#"):
            out.extend(sorted(family))
            family = []
            out.append(line)
        else:
            family.append(line)
    return out[:-1]


def assert_golden(actual: str, file: Path) -> None:
    """`actual` is what the file holds. To take it as right: UPDATE_GOLDEN=1 and the test again, then read the diff."""
    if os.environ.get(UPDATE):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(actual)
    expected = file.read_text() if file.exists() else ""
    assert actual.splitlines() == expected.splitlines(), f"{file} differs; {UPDATE}=1 rewrites it"
