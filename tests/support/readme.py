"""The commands that a page of documentation shows in its ```console blocks, with the output that it shows for them."""

import re
from dataclasses import dataclass
from pathlib import Path

_BLOCK = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Shown:
    """A command without its `$ `, and the lines shown below it."""

    command: str
    output: str


def shown_commands(page: Path) -> list[Shown]:
    """All commands of the page, in order. A line that ends with a backslash goes on in the next."""
    return [shown for block in _BLOCK.findall(page.read_text()) for shown in _commands(block)]


def _commands(block: str) -> list[Shown]:
    lines = block.replace("\\\n", " ").splitlines()
    starts = [i for i, line in enumerate(lines) if line.startswith("$ ")]
    ends = [*starts[1:], len(lines)]
    return [
        Shown(" ".join(lines[start][2:].split()), "\n".join(lines[start + 1 : end]).strip())
        for start, end in zip(starts, ends, strict=True)
    ]
