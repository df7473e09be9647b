"""A configuration that was cut short, as by a power failure while it was written, does not stop a board: the last one
that worked is kept beside it. Loaded at the start only."""

import os

import boardpulse
from boardpulse.compat import const
from boardpulse.events import LOG, WARNING, body, write
from shared_schema.errors import ConfigError

TYPE_CHECKING = const(0)
if TYPE_CHECKING:
    from boardpulse.node import Node


def start(path: str) -> "Node":
    """boardpulse.start(path), else with the last good copy. What happened is told by an event. ConfigError, about
    `path`, when there is no copy that works."""
    stem = path[:-5] if path.endswith(".json") else path
    good = stem + ".last.json"
    new = stem + ".new.json"
    try:
        node = boardpulse.start(path)
    except ConfigError as error:
        node = _fall_back(error, good, new)
        where, _, right = error.problems[0]
        _tell(node, "%s: %s should be %s; using the last good one" % (path, where, right))
        return node
    try:
        _keep(path, good, new)
    except OSError as error:
        _tell(node, "no copy of %s kept: %s" % (path, error))
    return node


def _fall_back(wrong: ConfigError, good: str, new: str) -> "Node":
    """`new` is whole where power failed between the two halves of FAT's rename; where it is not, it is refused."""
    for copy in (good, new):
        try:
            return boardpulse.start(copy)
        except ConfigError:
            pass
    raise wrong


def _keep(path: str, good: str, new: str) -> None:
    """Copy the file if the copy differs; flash wears out by writing. OSError where it is read-only or full."""
    data = _content(path)
    if data == _content(good):
        return
    with open(new, "wb") as file:
        if hasattr(os, "chmod"):  # a host's: there are passwords in it
            os.chmod(new, 0o600)
        file.write(data)
    os.rename(new, good)


def _content(path: str) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError:
        return b""


def _tell(node: "Node", text: str) -> None:
    write(node, body(LOG, WARNING, text, "config"))
