"""Frames that the outbox has no room for, on flash (docs/spill.md). Loaded where it is configured."""

import os
from struct import pack

from boardpulse.clock import diff
from boardpulse.compat import const, forget
from boardpulse.former import Former, Left
from boardpulse.spill_file import DROPPED, HEAD, HELLO, RECORD, foreign, head, name, record, records, remove
from shared_schema.cbor import encode

TYPE_CHECKING = const(0)
if TYPE_CHECKING:
    from typing import Any

    from boardpulse.eviction import Eviction
    from boardpulse.node import Node
    from boardpulse.outbox import Outbox

_HOUR_MS = const(3600000)


class Spill(Former):
    """Writes files of up to `segment` bytes each and `limit` in all. For an Outbox, in the place of its Eviction."""

    def __init__(self, node: "Node", box: "Outbox", folder: str, limit: int, segment: int) -> None:
        Former.__init__(self, node, box, folder)
        self.limit = limit
        self.segment = segment
        self._eviction: Eviction | None = None
        self._news = True  # a fault would be: none was told since frames were written
        self._told_at = -1
        self._hellos: list[tuple[int, int, bytes]] = []  # of declarations that the outbox still holds frames of

    def yield_for(self, kind: int, need: int) -> bool:
        """What a full outbox does: its oldest frames go to flash. Where this is full its samples give way, then those
        of the outbox, then events in the same order, if they are not above `kind`."""
        outbox = self.node.outbox
        if self._eviction is None:
            if self._write(0):
                return True
            from boardpulse.eviction import Eviction

            self._eviction = Eviction(outbox)
        for victim in range(kind + 1):
            if (outbox.free() < need or outbox.count == outbox.slots) and self._write(victim):
                return True
            for index in range(outbox.count):
                if self._kind(index) == victim and not outbox.done(index):
                    return self._eviction.yield_for(victim, need)
        return False

    def keep(self, victim: int = 0) -> bool:
        """Former.keep"""
        while self.node.outbox.count and (self._write(0) or (victim and self._write(victim))):
            pass
        return not self.node.outbox.count

    def declared(self) -> None:
        """The declaration is about to change: keep the present one for the frames that wait."""
        if self.node.outbox.count:
            self._hellos = self._hellos[-3:] + [(self.node.outbox.next_seq, self.node.declaration, self._hello())]

    def _hello(self) -> bytes:
        from boardpulse.declaration import body

        node = self.node
        frame = encode([1, node.boot, node.outbox.next_seq, node.clock.uptime_ms(), body(node)])
        forget("boardpulse.declaration")
        return frame

    def _write(self, victim: int) -> bool:
        """Write one file with the oldest frames of the outbox, which gives them up. Where there is no room, frames of
        the kind `victim` are deleted."""
        outbox = self.node.outbox
        if not outbox.count or self._rest():
            return False
        try:
            hellos = [one for one in self._hellos if one[0] > outbox.seq(0)] + [
                (1 << 32, self.node.declaration, self._hello())
            ]
            count, size = self._fitting(HEAD + 2 * RECORD + 12 + len(hellos[0][2]))
            while self._used + size > self.limit:
                if not self._shrink(victim):
                    return False
            path = self._folder + name(self._number)
            frames = self._fill(path, hellos, count)
            self._used += os.stat(path)[6]
        except (OSError, MemoryError) as error:
            remove(self._folder + name(self._number))
            self._fail(error)
            return False
        self._note(count, frames)
        self.fault = ""
        self._news = True
        return True

    def _fitting(self, size: int) -> "tuple[int, int]":
        """(positions of the outbox that one file takes, its size): one frame at least."""
        outbox = self.node.outbox
        count = 0
        while count < outbox.count:
            more = RECORD + outbox.length(count)
            if count and size + more > self.segment:
                break
            size += more
            count += 1
        return count, size

    def _fill(self, path: str, hellos: "list[tuple[int, int, bytes]]", count: int) -> int:
        """Write the frames at the first `count` positions. How many they are."""
        outbox = self.node.outbox
        frames = until = 0
        with open(path, "wb") as file:
            file.write(head(self.node.boot, outbox.seq(0)))
            file.write(record(DROPPED, 0, pack("<III", *outbox.dropped)))
            for index in range(count):
                if not outbox.done(index):
                    seq = outbox.seq(index)
                    while seq >= until:
                        until, number, hello = hellos.pop(0)
                        file.write(record(HELLO, number, hello))
                    file.write(record(self._kind(index), seq, self._bare(index)))
                    frames += 1
        return frames

    def _bare(self, index: int) -> "bytes | bytearray":
        """A frame of the outbox without its envelope and its form on a UART."""
        outbox = self.node.outbox
        at = outbox.offset(index)
        data = outbox.buf[at : at + outbox.length(index)]
        if self.node.link.name == "uart":
            from shared_schema.framing import unseal

            chunk = data[1:-1] + b"\0\0\0\0"
            data = chunk[: unseal(chunk, len(data) - 2)]
        return data if self.node.sealing is None else self.node.sealing.unwrap(bytes(data))

    def _kind(self, index: int) -> int:
        outbox = self.node.outbox
        return outbox._kind[(outbox._first + index) % outbox.slots] & 3

    def _note(self, positions: int, frames: int) -> None:
        """A file was written: its frames leave the outbox."""
        outbox = self.node.outbox
        if not self.boots or self.boots[-1].boot != self.node.boot:
            self.boots.append(Left(self.node.boot, self._number))
            self.boots[-1].next = outbox.seq(0)
        left = self.boots[-1]
        self._number += 1
        left.end = self._number
        left.frames += frames
        if outbox.sent:
            left.sent = outbox.seq(min(positions, outbox.sent) - 1) + 1
        outbox.moved += 1
        last = outbox.seq(positions - 1)
        while outbox.count and outbox.seq(0) <= last:
            outbox.release(0)

    def tell(self) -> None:
        """Say that files cannot be written: again after they could be, and an hour later at the earliest."""
        Former.tell(self)
        now = self.node.clock.now
        if self._told_at >= 0 and diff(now, self._told_at) >= _HOUR_MS:
            self._told_at = -1
        if self.fault and self._news and self._told_at < 0:
            self._news = False
            self._told_at = now
            self._tell("no room on flash for frames: " + self.fault)

    # A full quota

    def _shrink(self, kind: int) -> bool:
        """Delete the frames of a kind from the oldest file that has any. Whether there was one."""
        for left in self.boots:
            before: list[str] = []  # files right before it that fit into what is left of it
            room = 0
            for number in range(left.first, left.end):
                path = self._find(number)
                size = victims = 0
                rest = self.segment - HEAD - RECORD - 12
                for one, seq, data in records(path):
                    if one < HELLO and seq >= left.next:
                        if one == kind:
                            victims += 1
                        else:
                            size += RECORD + len(data)
                    elif one == HELLO:
                        rest -= RECORD + len(data)
                if not before or size > room:
                    room = rest
                    before = []
                room -= size
                if victims:
                    self._thin(left, before, path, kind, victims)
                    return True
                before.append(path)
        return False

    def _thin(self, left: Left, before: "list[str]", path: str, kind: int, count: int) -> None:
        """Write a file anew, with what waits in those before it, without the frames of a kind; then delete them. At any
        time each frame is in a file that is whole."""
        own = left.boot == self.node.boot
        if left is self._now:
            self._empty()
        dropped = list(self.node.outbox.dropped if own else left.dropped)
        dropped[kind] += count
        new = path
        while new == path or foreign(new):
            new = new[:-1] + str(int(new[-1]) + 1)
        try:
            with open(new, "wb") as file:
                file.write(head(left.boot, left.next))
                file.write(record(DROPPED, 0, pack("<III", *dropped)))
                gone = self._copy(before + [path], file, left.next, kind)
        except (OSError, MemoryError):
            remove(new)
            raise
        left.frames -= gone
        left.passed = max(0, left.passed - gone + count)
        self._used += os.stat(new)[6] - remove(path)
        while before:  # the newest first, so that those that power leaves are in order
            self._used -= remove(before.pop())
        left.dropped = dropped
        if own:
            self.node.outbox.dropped[kind] += count
            self.node.outbox.drops += count

    def _copy(self, paths: "list[str]", file: "Any", following: int, kind: int) -> int:
        """Copy what waits in files, but for the frames of a kind; of the hellos of one declaration the last. How many
        frames are left out."""
        gone = 0
        hellos: list[tuple[int, bytes]] = []
        for path in paths:
            for one, seq, data in records(path):
                if one == HELLO:
                    if hellos and hellos[-1][0] == seq:
                        hellos.pop()
                    hellos.append((seq, data))
        declaration = -1
        for path in paths:
            for one, seq, data in records(path):
                if one == HELLO and seq != declaration:
                    declaration, data = hellos.pop(0)
                    file.write(record(HELLO, declaration, data))
                elif one < HELLO:
                    if one == kind or seq < following:
                        gone += 1
                    else:
                        file.write(record(one, seq, data))
        return gone
