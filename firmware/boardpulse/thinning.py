"""Every second sample taken out of a frame, in its place (SPEC.md sections 4 and 11). Loaded with eviction.py.

The first sample stays, and with it the header; differences add up across the samples that go. A frame is measured
first, and changed only if it gets smaller. Integers beyond 30 bits take heap, nothing else does.
"""

from boardpulse.compat import const
from shared_schema.cbor import Writer
from shared_schema.framing import seal

TYPE_CHECKING = const(0)
if TYPE_CHECKING:
    from boardpulse.outbox import Outbox

_THINNED = const(2)
_SINGLE = const(0x80)  # of what commit() was told: there is nothing in the frame that could be thinned
_HEAD = const(7)  # elements of a samples frame that are no columns; the last two are the group and the times
_LEAST = const(4)  # bytes that a thinned frame saves at least
_ENVELOPE = const(0xD1)  # what a sealed frame begins with


def move(buf: bytearray, source: int, target: int, length: int) -> None:
    """Move `length` bytes within a buffer, byte by byte: a slice would take heap."""
    if source > target:
        while length:
            buf[target] = buf[source]
            source += 1
            target += 1
            length -= 1
    elif source < target:
        while length:
            length -= 1
            buf[target + length] = buf[source + length]


class Thinning:
    """Thins the frames of an outbox, one at a time. Numbers stand in attributes: a function with many locals takes
    heap."""

    def __init__(self, box: "Outbox") -> None:
        self.box = box
        self.buf = box.buf
        self._scratch = Writer(bytearray(9))  # for one integer, of which only the length is wanted
        self._dry = True
        self._start = self._end = 0  # of the frame as it is encoded
        self._pos = self._out = 0  # where it is read, and written
        self._n = self._columns = self._columns_at = self._size = 0
        self._interval_ms = self._sum = self._first = self._first_end = 0
        self._same = True
        self._ahead = 0  # how far what is written gets ahead of what is read

    def thin(self, slot: int) -> bool:
        """Thin the frame in a slot, which stands behind the outbox's free piece, and move it to its beginning. False,
        and nothing changed, when it cannot be made smaller: it need not be tried again then."""
        box = self.box
        if box._kind[slot] & _SINGLE or not self._known(slot):
            return False
        at = box._offset[slot]
        end = at + box._length[slot]
        limit = end + (box._state[slot] & _THINNED)  # which is 2, as many as the bytes behind it
        removed = 0 if limit == end else self.buf[end] << 8 | self.buf[end + 1]
        cobs = self.buf[at] == 0
        if cobs:
            end = self._decode(at, end - 1)
            at += 2
        self._unwrap(at, end)
        self._read_head()
        if self._fits(limit, limit - box._offset[slot]):
            self._write(limit)
            self._keep(slot, removed + self._n // 2, limit)
            return True
        box._kind[slot] |= _SINGLE
        if cobs:
            seal(self.buf, at, end)
        return False

    def _decode(self, at: int, last: int) -> int:
        """Undo COBS in place: what begins at `at` with its zero and ends before the zero at `last` is a frame from at +
        2 on then. Where that ends, without its CRC."""
        buf = self.buf
        code = buf[at + 1]
        at += 2
        out = at
        while at + code - 1 < last:
            move(buf, at, out, code - 1)
            out += code - 1
            at += code
            if code < 255:
                code = buf[at - 1]
                buf[out] = 0
                out += 1
            else:
                code = buf[at - 1]
        move(buf, at, out, last - at)
        return out + last - at - 4

    def _unwrap(self, at: int, end: int) -> None:
        """Find the frame in what is kept, which may be an envelope."""
        if self.buf[at] == _ENVELOPE:
            at += self.box._more - 12
            at += self.buf[at] - 0x56 if self.buf[at] >= 0x58 else 1
            end -= 9
        self._start = self._pos = at
        self._end = end

    def _known(self, slot: int) -> bool:
        """Whether the nominal distance of a frame's samples is known: not when it was changed since."""
        box = self.box
        number = box._kind[slot] >> 2 & 31
        if number >= len(box.groups) or box._seq[slot] < box.groups[number].since:
            return False
        self._interval_ms = box.groups[number].interval_ms
        return True

    def _read_head(self) -> None:
        """Read up to the group."""
        self._columns = self._item() - _HEAD
        left = _HEAD - 2
        while left:
            self._skip()
            left -= 1

    def _fits(self, limit: int, extent: int) -> bool:
        """Whether the thinned frame is smaller by enough, and can be written over the present one, which takes `extent`
        bytes up to `limit`."""
        self._dry = True
        times = self._out = self._pos
        self._ahead = 0
        self._times()
        ahead = self._ahead
        self._size = self._out - self._start
        self._columns_at = self._out = self._pos
        self._ahead = 0
        self._all_columns()
        columns = self._out - self._columns_at
        self._size += columns
        self._pos = times
        if self._n < 2 or self._ahead > 0 or ahead > limit - columns - self._columns_at:
            return False
        return self.box.room_of(self._size) + 2 + _LEAST <= extent

    def _write(self, limit: int) -> None:
        """Thin the frame that ends by `limit`: the columns first, then out of the way with them, as times may grow."""
        self._dry = False
        self.box._writer.limit = limit
        times = self._pos
        self._pos = self._out = self._columns_at
        self._all_columns()
        size = self._out - self._columns_at
        move(self.buf, self._columns_at, limit - size, size)
        self._pos = limit - size - (self._columns_at - times)
        move(self.buf, times, self._pos, self._columns_at - times)
        self._out = times
        self._times()
        move(self.buf, limit - size, self._out, size)

    def _keep(self, slot: int, removed: int, limit: int) -> None:
        """Move the thinned frame to the beginning of the free piece, in the form in which it is kept."""
        box = self.box
        at = box._tail + box._lead
        move(self.buf, self._start, at, self._size)
        end = at + self._size
        if box._seal is not None:
            end = box._seal(self.buf, at, end)
        self.buf[end] = removed >> 8
        self.buf[end + 1] = removed & 0xFF
        box.used -= limit - box._offset[slot]
        box._offset[slot] = box._tail
        box._length[slot] = end - box._tail
        box._state[slot] |= _THINNED
        end += 2
        box.used += end - box._tail
        box._tail = end

    def _times(self) -> None:
        """The group, with how many samples are gone, and the times."""
        group = self._item()
        counted = self.buf[self._pos] < 0x80
        n = self._item()
        if not counted:
            n += 1
        self._n = n
        self._put(group + (n >> 1 << 5))
        start = self._out
        self._put((n - 1) >> 1, True)
        self._same = True
        i = 1
        while i < n:
            value = 0 if counted else self._item()
            if i & 1:
                self._sum = value + self._interval_ms
            else:
                self._put(value + self._sum)
                if value + self._sum:
                    self._same = False
            self._note()
            i += 1
        if self._same:
            self._out = start
            self._put((n + 1) >> 1)

    def _all_columns(self) -> None:
        left = self._columns
        while left:
            self._column()
            left -= 1

    def _column(self) -> None:
        start = self._pos
        if self.buf[start] >> 5 != 4:
            self._skip()
            return self._copy(start)
        start = self._out
        n = self._item()
        self._put((n + 1) >> 1, True)
        first = self._out
        self._same = True
        self._sum = 0
        i = 0
        while i < n:
            self._element(i)
            self._note()
            i += 1
        if self._same:
            if not self._dry:
                move(self.buf, first, start, self._first_end - first)
            self._out = start + self._first_end - first
        return None

    def _element(self, i: int) -> None:
        """Take one element of a column: those at odd positions go."""
        at = self._pos
        head = self.buf[at]
        mark = 0  # of an integer; any other is null or one of the specials
        if head >= 0xE0:
            mark = self.buf[at + 1] if head == 0xF9 else 1
        if i & 1:
            if mark:
                self._skip()
            else:
                self._sum += self._item()
            return
        if mark or not self._sum:
            self._skip()
            self._copy(at)
        else:
            head = self._item() + self._sum
            self._sum = 0
            self._put(head)
        if i == 0:
            self._first = mark
            self._first_end = self._out
        elif mark != self._first or (not mark and head):
            self._same = False

    def _note(self) -> None:
        if self._out - self._pos > self._ahead:
            self._ahead = self._out - self._pos

    def _put(self, n: int, array: bool = False) -> None:
        """Write an integer, or the head of an array."""
        w = self._scratch if self._dry else self.box._writer
        start = w.pos = 0 if self._dry else self._out
        if array:
            w.array(n)
        else:
            w.integer(n)
        self._out += w.pos - start

    def _copy(self, at: int) -> None:
        """Copy what was read since `at`."""
        if not self._dry:
            move(self.buf, at, self._out, self._pos - at)
        self._out += self._pos - at

    def _skip(self) -> None:
        """Pass an item, or the head of an array."""
        n = self.buf[self._pos] & 31
        self._pos += 1 if n < 24 else 1 + (1 << n - 24)

    def _item(self) -> int:
        """Read an integer, or an array's length."""
        at = self._pos
        head = self.buf[at]
        self._skip()
        n = head & 31
        if n > 23:
            n = 0
            while at + 1 < self._pos:
                at += 1
                n = n << 8 | self.buf[at]
        return -1 - n if head >> 5 == 1 else n
