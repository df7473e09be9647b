"""What former boots left on flash, and its way out (docs/spill.md). Loaded where something is there, or may come
there."""

import os
from struct import unpack

from boardpulse.clock import add, diff
from boardpulse.compat import const, error_text
from boardpulse.down import following
from boardpulse.spill_file import BOOT, DROPPED, HELLO, foreign, name, names, records, remove
from shared_schema.cbor import Writer, encode
from shared_schema.encode import boot_bytes

TYPE_CHECKING = const(0)
if TYPE_CHECKING:
    from typing import Any

    from boardpulse.node import Node
    from boardpulse.outbox import Outbox

_BLOCK = const(16)  # frames that are on their way from flash at a time
_BLOCK_BYTES = const(2048)
_PATIENCE_MS = const(60000)  # with a boot whose frames nobody acknowledges, while another waits
_LAST_WORD_MS = const(2000)  # with the answer to a hello behind which nothing comes
_RETRY_MS = const(60000)  # after files could not be read or written
_OUTBOX = const(6)  # type of an event


class Left:
    """What is on flash of one boot: the files first … end - 1. Frames with numbers below `next` are acknowledged."""

    def __init__(self, boot: int, number: int) -> None:
        self.boot = boot
        self.boot_bytes = boot_bytes(boot)
        self.first = self.end = number
        self.next = self.sent = 0
        self.frames = self.passed = 0  # the latter of them are acknowledged already
        self.final = False  # all has arrived: what is left to say is that nothing more comes
        self.dropped = [0, 0, 0]


class Former:
    """The files in `folder`, and the block of frames that is on its way from there to the bridge: `box`, which links
    treat as they do the outbox."""

    limit = 0  # bytes that the files may take; 0: none are added

    def __init__(self, node: "Node", box: "Outbox", folder: str) -> None:
        self.node = node
        self.box = box
        self.boots: list[Left] = []  # the present one last
        self.fault = ""
        self.silent = False  # nothing is sent from flash for now
        self._folder = folder + "/"
        self._used = self._number = self._foreign = 0
        self._now: Left | None = None  # whose frames are in the box
        self._upto = 0
        self._turn = False
        self._since = 0
        self._retry_at = -1
        self._scan(folder)
        self._draw()

    def _draw(self) -> None:
        """Another boot id, where that of the node is on flash."""
        node = self.node
        while [one for one in self.boots if one.boot == node.boot]:
            node.boot = node.boot % 0x3FFFFFFF + 1
            node.boot_bytes = boot_bytes(node.boot)

    def adopt(self, path: str) -> None:
        """A file was written with the next number, before any frame of this boot is made."""
        self._take_in(self._number, path, [])
        self._number += 1
        self._draw()

    def _scan(self, folder: str) -> None:
        try:
            os.mkdir(folder)
        except OSError:  # it is there
            pass
        try:
            found = names(folder)
        except OSError as error:
            self._fail(error)
            return
        before: list[tuple[str, int, int, int]] = []
        for one in found:
            number = int(one[:8], 16)
            path = self._folder + one
            try:
                if foreign(path):
                    self._foreign += os.stat(path)[6]
                elif number < self._number:  # power failed before what it replaces was deleted, which is still whole
                    remove(path)
                else:
                    self._take_in(number, path, before)
            except OSError as error:
                self._fail(error)
            self._number = max(self._number, number + 1)
        self._used += self._foreign

    def _take_in(self, number: int, path: str, before: "list[tuple[str, int, int, int]]") -> None:
        """Count what is in a file. `before` has path, first and last number and count of each file of the boot that has
        frames."""
        boot = frames = hellos = first = last = 0
        dropped = (0, 0, 0)
        for kind, seq, data in records(path):
            if kind == BOOT:
                boot = seq
            elif kind == DROPPED:
                dropped = unpack("<III", data)
            elif kind == HELLO:
                hellos += 1
            else:
                last = seq
                first = first if frames else seq
                frames += 1
        self._used += os.stat(path)[6]
        if not hellos:  # nothing in it was whole yet
            self._used -= remove(path)
            return
        if not self.boots or self.boots[-1].boot != boot:
            self.boots.append(Left(boot, number))
            before.clear()
        left = self.boots[-1]
        left.end = number + 1
        left.frames += frames
        while frames and before and first <= before[-1][1] and before[-1][2] <= last:
            old, _, _, count = before.pop()  # power failed before it was deleted; all of it is in this one
            self._used -= remove(old)
            left.frames -= count
        if frames:
            before.append((path, first, last, frames))
        left.dropped = [max(left.dropped[i], dropped[i]) for i in range(3)]

    def tell(self) -> None:
        """Now and then: what is foreign is told once; what is done with is forgotten."""
        self._rest()
        if self._foreign:
            self._tell("%d bytes of another version stay" % self._foreign)
            self._foreign = 0
        if not self.boots and not self.limit:
            self.node.spill = None

    def _tell(self, text: str) -> None:
        from boardpulse.events import WARNING, body, write

        write(self.node, body(_OUTBOX, WARNING, text, "spill"))

    def keep(self, victim: int = 0) -> bool:
        """Put all frames of the outbox on flash, before the board restarts. Where there is no room, samples give way,
        then frames of the kind `victim`. Whether they are there."""
        return False

    def declared(self) -> None:
        """The declaration is about to change."""

    def _fail(self, error: Exception) -> None:
        self.fault = error_text(error)
        self._retry_at = add(self.node.clock.now, _RETRY_MS)

    def _rest(self) -> bool:
        """Whether flash is let alone after a fault. Asked now and then: diff() knows three days only."""
        if self._retry_at >= 0 and diff(self.node.clock.now, self._retry_at) >= 0:
            self._retry_at = -1
        return self._retry_at >= 0

    def _find(self, number: int) -> str:
        """The path of a file, empty when there is none any more."""
        for thinned in range(9):
            path = self._folder + name(number, thinned)
            try:
                os.stat(path)
            except OSError:
                continue
            if not foreign(path):
                return path
        return ""

    def turn(self) -> "Outbox":
        """Where the link takes its next frame from. What is on flash of the present boot goes before its outbox; what
        is there of others shares the line with it."""
        return self.node.outbox if self.silent or not self.boots else self._box_of_turn()

    def _box_of_turn(self) -> "Outbox":
        outbox = self.node.outbox
        if self._rest():
            return outbox
        waited = diff(self.node.clock.now, self._since)
        late = waited > _PATIENCE_MS or (waited > _LAST_WORD_MS and self._now is not None and self._now.final)
        if not self.box.count or (late and len(self.boots) > 1):
            try:
                self._advance()
            except (OSError, MemoryError, ValueError) as error:
                self._empty()
                self._fail(error)
        if self.boots and self.boots[-1].boot == self.node.boot:
            return self.box
        self._turn = not self._turn
        box = self.box
        more = box.again < box.until or box.sent < box.count
        rest = outbox.again < outbox.until or outbox.sent < outbox.count
        return box if more and (self._turn or not rest) else outbox

    def take(self, buf: "bytes | bytearray", start: int, end: int) -> None:
        """An acknowledgement whose boot begins at `start`."""
        node = self.node
        number = following(node.boot_bytes, buf, start, end)
        for left in self.boots:
            upto = following(left.boot_bytes, buf, start, end)
            if upto >= 0 and (left.boot != node.boot or upto <= self._sent(left)):
                self._acknowledge(left, upto)
                break
        node.take_ack(number)

    def held(self) -> int:
        """About how many frames are on flash; 0 only when nothing is."""
        frames = len(self.boots)  # of each the last word is still to be said
        for left in self.boots:
            frames += left.frames
        return frames

    def waiting(self) -> int:
        """How many frames of the present boot are on flash and not acknowledged."""
        left = self.boots[-1] if self.boots else None
        return left.frames - left.passed if left is not None and left.boot == self.node.boot else 0

    def room(self) -> int:
        """How many bytes may still go to flash."""
        return max(0, self.limit - self._used)

    def report(self, report: "list[int]") -> None:
        """Add to key 7 of hello what is on flash of the present boot."""
        held = self.waiting()
        if held:
            left = self.boots[-1]
            report[1] += held
            try:
                report[0] = self._first(left)
            except (OSError, MemoryError) as error:  # a hello is due all the same, and none of them is settled
                self._fail(error)
                report[0] = left.next

    def _sent(self, left: Left) -> int:
        """The number after the last one that was sent of the present boot."""
        outbox = self.node.outbox
        if outbox.sent:
            return outbox.seq(outbox.sent - 1) + 1
        if left is self._now and self.box.sent:
            return max(left.sent, self.box.seq(self.box.sent - 1) + 1)
        return left.sent

    def _acknowledge(self, left: Left, upto: int) -> None:
        left.next = max(left.next, upto)
        box = self.box
        if left is self._now:
            while box.count and (left.final or box.seq(0) < upto):
                left.passed += 1
                box.release(0)
            self.node.link.acknowledged()
        elif left.final:
            self._forget(left)

    def _forget(self, left: Left) -> None:
        """Nothing more is to be said of a boot."""
        try:
            self._used -= remove(self._find(left.first))
        except OSError as error:  # the next boot says it again
            self._fail(error)
        self.boots.remove(left)

    def _first(self, left: Left) -> int:
        """The number of the oldest frame that waits."""
        for number in range(left.first, left.end):
            first = -1
            for kind, seq, _ in records(self._find(number)):
                if kind < HELLO and seq >= left.next and first < 0:
                    first = seq
            if first >= 0:
                return first
        return left.next

    def _empty(self) -> None:
        """Take out what is in the box; it is still on flash."""
        box = self.box
        box.moved += 1
        while box.count:
            box.release(0)
        self._now = None

    def _advance(self) -> None:
        """The block has arrived, or must wait for others: load the next one, of the next boot."""
        left = self._now
        index = 0
        if left is not None:
            index = self.boots.index(left) + 1
            if not self.box.count:
                left.next = left.sent = max(left.next, self._upto)
                if left.final:
                    self._forget(left)
                    index -= 1
        self._empty()
        self._since = self.node.clock.now
        if self.boots:
            self._load(self.boots[index % len(self.boots)])

    def _load(self, left: Left) -> None:
        """Put the next frames of a boot into the box; delete the files on the way that have none."""
        self._now = left
        while left.first < left.end:
            path = self._find(left.first)
            frames = self._read(left, path)
            if self.box.count:
                return
            self._used -= remove(path)
            left.frames -= frames
            left.passed = 0
            left.first += 1
        self.boots.remove(left)
        self._now = None

    def _read(self, left: Left, path: str) -> int:
        """Put frames of a file into the box, of a former boot behind the hello that explains them; of its last file
        that alone, when no frame waits. How many frames the file has."""
        hello = b""
        frames = 0
        full = False
        for kind, seq, data in records(path):
            if kind == HELLO:
                full = self.box.count > 0
                hello = data
            elif kind < HELLO:
                if seq >= left.next and not full:
                    if not self.box.count:
                        left.passed = frames
                        self._explain(left, hello, seq, left.frames - frames, len(data))
                    full = seq != self._upto or not self._put(data, seq, kind)
                frames += 1
        if hello and left.boot != self.node.boot and not self.box.count and left.first == left.end - 1:
            self._put(self._ended(left, hello, -1, 0), 0, 1)
            left.final = True
        return frames

    def _explain(self, left: Left, hello: bytes, seq: int, held: int, length: int) -> None:
        """Before a block that begins with the frame `seq`, of `length` bytes: a hello, which also tells the bridge not
        to wait for what was dropped before it. A block ends at the next gap."""
        if left.boot == self.node.boot:
            self.node.hello_due = self.node.hello_due or seq > left.next
        elif hello:
            self._put(self._ended(left, hello, seq, held), seq, 1, length)
        self._upto = seq

    def _put(self, data: bytes, seq: int, kind: int, more: int = 0) -> bool:
        """Have a frame sent under its old number. Whether it fits, with `more` bytes behind it; the first does."""
        box = self.box
        need = box.room_of(len(data)) + (box.room_of(more) if more else 0)
        if not box.count and need > box.size:
            box.size = max(_BLOCK_BYTES, need)
            box.buf = bytearray(box.size)
            box._writer = Writer(box.buf)
        if box.count == _BLOCK or (box.count and box._tail + need > box.size):
            return False
        box.next_seq = seq
        box.put(data, kind)
        self._upto = seq + 1
        return True

    def _ended(self, left: Left, hello: bytes, first: int, held: int) -> bytes:
        """The hello of a boot that is over."""
        from shared_schema.cbor_reader import loads

        item: Any = loads(hello)
        body = item[4]
        body[7] = [first if held else item[2], held, 0] + left.dropped + body[7][6:7]
        body[1] = self.node.device_id  # by which links and keys know the board now
        body[14] = True
        body.pop(15, None)  # counted from what was the first then
        return encode(item)
