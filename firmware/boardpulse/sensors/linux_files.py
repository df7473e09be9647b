"""Small files of /sys and /proc, read so that one that is gone gives None."""

import os


def entries(folder: str) -> "list[str]":
    """The names in a folder, sorted; none when it is not there."""
    try:
        return sorted(os.listdir(folder))
    except OSError:
        return []


def read_text(path: str) -> "str | None":
    """A file's text without surrounding space; None when it cannot be read, or is no text."""
    try:
        with open(path) as file:
            return file.read().strip()
    except (OSError, ValueError):  # the latter is a UnicodeError
        return None


def read_int(path: str) -> "int | None":
    """A file's integer; None when it cannot be read or holds something else."""
    text = read_text(path)
    try:
        return int(text) if text else None
    except ValueError:
        return None


def unique(labels: "list[str]") -> "list[str]":
    """The labels, a number added to those that came before."""
    out: list[str] = []
    for label in labels:
        name = label
        number = 1
        while name in out:
            number += 1
            name = "%s_%d" % (label, number)
        out.append(name)
    return out
