"""A crash is written to flash at once. Where the board does not spill: in a small file of the spill's form, in a folder
next to the configuration, from which the boot after it tells. Loaded when something crashes."""

import os
from struct import pack

from boardpulse.compat import const, forget
from boardpulse.spill_file import BOOT, DROPPED, HELLO, foreign, head, name, names, record, records, remove
from shared_schema.cbor import encode

TYPE_CHECKING = const(0)
if TYPE_CHECKING:
    from boardpulse.former import Former
    from boardpulse.node import Node

_EVENT = const(1)
_CRASH = const(2)
_MOST_FILES = const(4)
_MOST_WRITTEN = const(16)  # of a boot: flash wears out
_PIECE = const(256)


def keep(node: "Node", seq: int, frame: bytes) -> None:
    """Write the frame of a crash, which is in the outbox too. What no file can take stays there only."""
    try:
        if node.crashes is None or node.crashes.written == _MOST_WRITTEN:
            return
        if node.spill is not None and node.spill.limit:
            node.crashes.written += 1
            node.spill.keep(_EVENT)
        elif node.crash_folder and _write(node, seq, frame):
            node.crashes.written += 1
    except (OSError, MemoryError):
        pass


def _write(node: "Node", seq: int, frame: bytes) -> bool:
    folder = node.crash_folder
    try:
        os.mkdir(folder)
    except OSError:  # it is there
        pass
    there = names(folder)
    if len(there) >= _MOST_FILES:  # the first ones tell most
        return False
    from boardpulse.declaration import body

    hello = encode([1, node.boot, seq, node.clock.uptime_ms(), body(node)])
    forget("boardpulse.declaration")
    path = folder + "/" + name(int(there[-1][:8], 16) + 1 if there else 0)
    try:
        with open(path, "wb") as file:
            file.write(head(node.boot, seq))
            file.write(record(DROPPED, 0, pack("<III", *node.outbox.dropped)))
            file.write(record(HELLO, node.declaration, hello))
            file.write(record(_CRASH, seq, frame))
    except (OSError, MemoryError):
        remove(path)
        raise
    node.crash_seq = seq
    return True


def settle(node: "Node") -> None:
    """Delete this boot's files when what is in them was acknowledged."""
    outbox = node.outbox
    if outbox.dropped[_CRASH] or (outbox.count and outbox.seq(0) <= node.crash_seq):
        return
    node.crash_seq = -1
    try:
        for one in os.listdir(node.crash_folder):
            path = node.crash_folder + "/" + one
            for kind, boot, _ in records(path):
                if kind == BOOT and boot == node.boot:
                    remove(path)
    except OSError:
        pass


def adopt(spill: "Former", folder: str) -> None:
    """Move crashes from before the board spilled to where it spills, as far as there is room."""
    for one in names(folder):
        path = folder + "/" + one
        new = spill._folder + name(spill._number)
        try:
            if foreign(path) or os.stat(path)[6] > spill.room():
                continue
            with open(path, "rb") as old, open(new, "wb") as file:
                data = old.read(_PIECE)
                while data:
                    file.write(data)
                    data = old.read(_PIECE)
        except (OSError, MemoryError):
            remove(new)
            continue
        spill.adopt(new)
        remove(path)
