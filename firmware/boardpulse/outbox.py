"""The frames that wait to be acknowledged, in one preallocated buffer. What a full one gives up is decided in
eviction.py."""

from array import array

from boardpulse.compat import const
from shared_schema.cbor import Writer

TYPE_CHECKING = const(0)
if TYPE_CHECKING:
    from collections.abc import Callable

    from boardpulse.eviction import Eviction
    from boardpulse.group import Group

SAMPLES = 0
EVENT = 1
CRASH = 2

_NEW = const(0)
_DONE = const(1)  # acknowledged or given up while an older one is not: its bytes are free
_THINNED = const(2)  # the two bytes behind it say how many samples it has lost
_MAX_FRAME = const(8192)
_WINDOW = const(4096)  # SEQ_WINDOW of SPEC.md: a bridge that has a frame takes those so far behind it for too old


class Outbox:
    """Frames in the order of their sequence numbers, written in place. Positions count from the oldest.

    With `seal` (shared_schema.framing's) frames are kept in their form on a UART, `lead` bytes before them; else bare.
    sealing.py's seal adds at most `more` bytes before that. It holds at most `slots` frames.
    A frame is written as: w = begin(limit, kind); encode to w; commit(kind), for samples with what mark() says.
    `next_seq` is the number that it gets.
    sent, again and until are positions of frames for the link: frames before `sent` were sent once, those from
    `again` up to `until` are being sent another time. They move along when frames leave.
    """

    def __init__(
        self,
        size: int,
        seal: "Callable[[bytearray, int, int], int] | None" = None,
        lead: int = 0,
        more: int = 0,
        slots: int = 0,
    ) -> None:
        self.size = size
        self._more = more
        self.largest = min(_MAX_FRAME, size // 2) - more  # of a frame: one larger would push out all others
        self.buf = bytearray(size)
        self._writer = Writer(self.buf)
        self._seal = seal
        self._lead = lead
        self._at = 0
        self._tail = 0
        self.slots = slots or max(8, size // 40)
        self._seq = array("I", [0] * self.slots)
        self._offset = array("I", [0] * self.slots)
        self._length = array("H", [0] * self.slots)
        self._pid = array("H", [0] * self.slots)
        self._kind = bytearray(self.slots)
        self._state = bytearray(self.slots)
        self._columns = (self._seq, self._offset, self._length, self._pid, self._kind, self._state)
        self._first = 0
        self.count = 0
        self.next_seq = 0
        self.sent = self.again = self.until = 0
        self.moved = 0
        self._done = 0
        self.used = 0
        self.limit = -1  # where the free piece behind `_tail` ends; -1 as long as frames lie in their order
        self.dropped = [0, 0, 0]
        self.drops = 0
        self.thinned = 0
        self.groups: list[Group] = []  # whose samples are in the frames
        self._eviction: Eviction | None = None

    def begin(self, limit: int, kind: int) -> "Writer | None":
        """Where to write a frame of at most `limit` bytes. None when it must be given up at once, which is counted."""
        need = self.room_of(limit)
        while not self._place(need):
            if need > self.size or not self._make_room(kind, need):
                self.give_up(kind)
                return None
        w = self._writer
        w.pos = self._at + self._lead
        w.limit = w.pos + limit
        return w

    def commit(self, kind: int) -> None:
        """Keep the frame that was written since begin()."""
        end = self._writer.pos
        if self._seal is not None:
            end = self._seal(self.buf, self._at + self._lead, end)
        slot = (self._first + self.count) % self.slots
        self._seq[slot] = self.next_seq
        self._offset[slot] = self._at
        self._length[slot] = end - self._at
        self._pid[slot] = 0
        self._kind[slot] = kind
        self._state[slot] = _NEW
        self.used += end - self._at
        self._tail = end
        self.count += 1
        self.next_seq += 1

    def give_up(self, kind: int) -> None:
        """Count a frame that cannot be kept or encoded. It uses up its sequence number, so that the bridge sees it
        go."""
        self.next_seq += 1
        self.dropped[kind] += 1
        self.drops += 1

    def put(self, frame: bytes, kind: int) -> None:
        """Keep a frame that was encoded elsewhere with `next_seq`."""
        w = self.begin(len(frame), kind)
        if w is not None:
            w.raw(frame)
            self.commit(kind)

    def seq(self, index: int) -> int:
        """Sequence number of the frame at a position."""
        return self._seq[(self._first + index) % self.slots]

    def offset(self, index: int) -> int:
        """Where the frame at a position begins in `buf`."""
        return self._offset[(self._first + index) % self.slots]

    def length(self, index: int) -> int:
        """Its length there."""
        return self._length[(self._first + index) % self.slots]

    def pid(self, index: int) -> int:
        """The MQTT packet id that the frame at a position was sent with, 0 if none."""
        return self._pid[(self._first + index) % self.slots]

    def set_pid(self, index: int, pid: int) -> None:
        """Remember the packet id of the frame at a position."""
        self._pid[(self._first + index) % self.slots] = pid

    def done(self, index: int) -> bool:
        """Whether the frame at a position was acknowledged or given up while an older one was not."""
        return self._state[(self._first + index) % self.slots] == _DONE

    def pass_done(self) -> bool:
        """Step over what need not be sent. Whether there is a frame that was never sent, and that is not so new that a
        bridge would then take the oldest for too old."""
        while self.again < self.until and self.done(self.again):
            self.again += 1
        while self.sent < self.count and self.done(self.sent):
            self.sent += 1
        return self.sent < self.count and self.seq(self.sent) - self.seq(0) < _WINDOW

    def acknowledge_below(self, following: int) -> bool:
        """Forget the frames with seq < following. False when that is none, or beyond what was sent."""
        self.pass_done()
        if following > self.next_seq or (self.sent < self.count and following > self.seq(self.sent)):
            return False
        before = self.count
        while self.count and self.seq(0) < following:
            self.release(0)
        return self.count < before

    def acknowledge_pid(self, pid: int) -> bool:
        """Forget the frame that was sent with packet id `pid`, whatever its position."""
        index = 0
        while index < self.sent:
            if self.pid(index) == pid and not self.done(index):
                self.release(index)
                return True
            index += 1
        return False

    def release(self, index: int, delivered: int = 1) -> None:
        """Free the bytes of the frame at a position, and its place when all before it are free."""
        slot = (self._first + index) % self.slots
        length = self._length[slot]
        self.used -= length
        if self._state[slot] & _THINNED:
            length += self._offset[slot]
            self.used -= 2
            self.thinned += (self.buf[length] << 8 | self.buf[length + 1]) * delivered
        self._length[slot] = delivered  # of what is done this tells what became of it
        self._state[slot] = _DONE
        self._done += 1
        while self.count and self.done(0):
            self._forget_first()

    def drop(self, index: int) -> None:
        """Give up the frame at a position."""
        self.dropped[self._kind[(self._first + index) % self.slots] & 3] += 1
        self.drops += 1
        self.release(index, 0)

    def report(self, capacity_s: int) -> list[int]:
        """Key 7 of hello."""
        first = self.seq(0) if self.count else self.next_seq
        return [first, self.count - self._done, capacity_s] + self.dropped + [self.thinned]

    def free(self) -> int:
        """Bytes that are free, in one piece or several."""
        return self.size - self.used

    def room_of(self, length: int) -> int:
        """The bytes that a frame of `length` bytes may take here."""
        length += self._more
        return length if self._seal is None else length + (length + 4) // 254 + 7

    def _place(self, need: int) -> bool:
        """Choose where `need` bytes fit in one piece."""
        if self.count == 0:
            self._at = 0
            self.limit = -1
            return need <= self.size
        if self.count == self.slots:
            return False
        self._at = self._tail
        if self.limit >= 0:
            return self.limit - self._tail >= need
        head = self.offset(0)
        if self._tail <= head:
            return head - self._tail >= need
        if self.size - self._tail >= need:
            return True
        self._at = 0
        return head >= need

    def _forget_first(self) -> None:
        self._done -= 1
        self._first = (self._first + 1) % self.slots
        self.count -= 1
        if self.sent:
            self.sent -= 1
        if self.again:
            self.again -= 1
        if self.until:
            self.until -= 1

    def _make_room(self, kind: int, need: int) -> bool:
        """Come nearer to `need` free bytes in one piece, for a frame of `kind`; False when nothing may be given up for
        it."""
        if self._eviction is None:
            from boardpulse.eviction import Eviction

            self._eviction = Eviction(self)
        return self._eviction.yield_for(kind, need)
