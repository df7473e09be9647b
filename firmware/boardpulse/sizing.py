"""An outbox for so many hours of samples. Loaded at the start, where the configuration asks for hours."""

import gc

from boardpulse.compat import const
from boardpulse.outbox import Outbox
from shared_schema.cbor import Writer

TYPE_CHECKING = const(0)
if TYPE_CHECKING:
    from boardpulse.group import Group

_MOST_OF_HEAP = const(50)  # per cent of what is free: the rest is for connections, and what the application makes
_MOST = const(16777216)  # as of outbox_bytes
_LEAST = const(1024)
_SLOT = const(14)  # bytes that a frame takes besides its own
_HEADER = const(18)  # of a samples frame: kind, boot, numbers, uptime and times
_GUESS = const(3)  # bytes of a value that cannot be read yet


def sized(like: Outbox, hours: float, groups: "list[Group]") -> "tuple[Outbox, int]":
    """An outbox that keeps frames as `like` does, for `hours` of what the groups send, or for as much as half of the
    free heap holds; and how many seconds that is."""
    wanted = int(hours * 3600)
    rate = frames = 1  # in 100 s
    spare = 0  # a frame is begun only where the largest of its group would fit
    for group in groups:
        group.lay_out()
        size = like.room_of(frame_bytes(group))
        group.cost = size * 100 // group.batch
        rate += group.cost * 1000 // group.interval_ms
        spare += like.room_of(group.room)
        frames += 100000 // (group.interval_ms * group.batch) + 1
    gc.collect()
    total = (rate + frames * _SLOT) * 5 // 4
    most = _MOST * 89 // rate
    if hasattr(gc, "mem_free"):  # MicroPython's
        most = min(most, gc.mem_free() * _MOST_OF_HEAP // total)
    seconds = max(_LEAST * 100 // rate + 1, min(wanted, most))
    while True:
        try:
            # An eighth more bytes, and a quarter more frames: values grow, and events come between.
            size = max(_LEAST, rate * seconds // 89 + spare)
            return Outbox(size, like._seal, like._lead, like._more, max(16, frames * seconds // 80)), seconds
        except MemoryError:  # no piece of the heap is so large
            if rate * seconds < _LEAST * 100:
                raise
            seconds = seconds * 3 // 4


def frame_bytes(group: "Group") -> int:
    """About what a full frame of a group takes, by what its sensors say now: the first value of each column as it is,
    each of the others in up to two bytes."""
    w = Writer(bytearray(9))
    total = _HEADER
    for slot in group.slots:
        try:
            slot.sensor.read(group.row, slot.at)
        except Exception:  # noqa: BLE001  # it may need a node, or a bus that is not yet up
            slot.blank(group.row)
    for value in group.row:
        w.pos = 0
        if isinstance(value, int):
            w.integer(value)
        size = w.pos or _GUESS
        total += size + (group.batch > 1) * 2 + (group.batch - 1) * min(size, 2)
    return min(total, 8192)
