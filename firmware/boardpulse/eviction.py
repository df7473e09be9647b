"""What a full outbox gives up (SPEC.md section 11). Loaded when it is full for the first time.

From then on frames lie in any order, with one free piece among them that goes round: what comes is written at its
beginning; the frame behind its end is moved there, made coarser or given up. So a new frame costs the moving of few
others, however many wait. What was made coarser k times is touched again in every 2**k-th round only: the steps between
samples so grow with their age, and reach back over many times what the outbox holds.
"""

from boardpulse.compat import const
from boardpulse.thinning import Thinning, move

TYPE_CHECKING = const(0)
if TYPE_CHECKING:
    from boardpulse.outbox import Outbox

_EVENT = const(1)
_DONE = const(1)
_THINNED = const(2)
_LEVEL = const(4)  # of a frame's state, from this bit on: how often it was made coarser
_MOST = const(7)
_GROUPS = const(32)


class Eviction:
    """Makes room in an outbox, of which this is a part."""

    def __init__(self, box: "Outbox") -> None:
        self.box = box
        self._thinning = Thinning(box)
        self._spared = bytearray(_GROUPS)  # by group, a bit a level: whether the next frame is to go
        self._round = 0
        self._reach = 0  # the highest level that is touched in this round
        self._gained = True
        self._wanting = False

    def yield_for(self, kind: int, need: int) -> bool:
        """Come one step nearer to `need` bytes in one piece for a frame of `kind`. False when there is nothing that may
        be given up for it."""
        box = self.box
        box.moved += 1
        full = box.count == box.slots
        if full and box._done and self._clear_table():
            return True
        index = self._above(box._tail)
        limit = box.size if index < 0 else box.offset(index)
        if limit != box.limit:
            box.limit = limit  # more became free meanwhile
            return True
        spare = box.free() - need
        if (full or spare < 0) and self._oldest(0) < 0:
            return self._give_up_least(_EVENT, kind)
        if index < 0:
            box._tail = 0
            index = self._above(0)
            box.limit = box.size if index < 0 else box.offset(index)
            self._next_round()
        elif box._kind[self._slot(index)] & 3 or not (full or spare < min(need, box.size >> 3)):
            self._pass(index)  # some is spared, as what is free at the buffer's end is out of reach for now
        else:
            self._coarser(index, full)
        return True

    def _next_round(self) -> None:
        """Levels that are to be touched: 0, 0 and 1, 0, 0 to 2, 0 …; all, when the last round gained nothing though it
        was to."""
        if self._gained:
            self._round += 1
            self._reach = 0
            while self._reach < _MOST and not self._round >> self._reach & 1:
                self._reach += 1
        elif self._wanting:
            self._reach = _MOST
        self._gained = self._wanting = False

    def _coarser(self, index: int, whole: bool) -> None:
        """Halve a frame of samples, or of those that cannot be halved, and of all when it must be `whole` frames, give
        up every second one of a group and level."""
        box = self.box
        slot = self._slot(index)
        level = box._state[slot] // _LEVEL
        if level > self._reach:
            self._wanting = True
            self._pass(index)
            return
        self._gained = True
        if whole or not self._thinning.thin(slot):
            group = box._kind[slot] >> 2 & 31
            self._spared[group] ^= 1 << level
            if not self._spared[group] & 1 << level:
                box.drop(index)
                return
            self._pass(index)
        if level < _MOST:
            box._state[slot] += _LEVEL

    def _pass(self, index: int) -> None:
        """Move a frame from the end of the free piece to its beginning."""
        box = self.box
        slot = self._slot(index)
        length = box._length[slot] + (box._state[slot] & _THINNED)  # which is 2, as many as the bytes behind it
        move(box.buf, box._offset[slot], box._tail, length)
        box._offset[slot] = box._tail
        box._tail += length

    def _give_up_least(self, least: int, kind: int) -> bool:
        """Give up the oldest of the least important kind from `least` on that is not above `kind`."""
        while least <= kind:
            index = self._oldest(least)
            if index >= 0:
                self.box.drop(index)
                return True
            least += 1
        return False

    def _slot(self, index: int) -> int:
        return (self.box._first + index) % self.box.slots

    def _oldest(self, kind: int) -> int:
        """Position of the oldest frame of a kind, -1 if there is none."""
        box = self.box
        index = 0
        while index < box.count:
            slot = (box._first + index) % box.slots
            if box._kind[slot] & 3 == kind and box._state[slot] != _DONE:
                return index
            index += 1
        return -1

    def _above(self, at: int) -> int:
        """Position of the first frame in the buffer that begins at `at` or behind it, -1 if there is none."""
        box = self.box
        found = -1
        nearest = box.size
        index = 0
        while index < box.count:
            slot = (box._first + index) % box.slots
            if at <= box._offset[slot] < nearest and box._state[slot] != _DONE:
                nearest = box._offset[slot]
                found = index
            index += 1
        return found

    def _clear_table(self) -> bool:
        """Take what was given up out of the table. Whether there was anything."""
        box = self.box
        index = kept = 0
        while index < box.count:
            if box.done(index) and not box.length(index):
                if kept < box.sent:
                    box.sent -= 1
                if kept < box.again:
                    box.again -= 1
                if kept < box.until:
                    box.until -= 1
            else:
                self._move_entry(index, kept)
                kept += 1
            index += 1
        box._done -= index - kept
        box.count = kept
        return kept < index

    def _move_entry(self, index: int, target: int) -> None:
        source, slot = self._slot(index), self._slot(target)
        for column in self.box._columns:
            column[slot] = column[source]
