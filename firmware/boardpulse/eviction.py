"""What a full outbox gives up. Loaded when it is full for the first time."""

from boardpulse.compat import const

TYPE_CHECKING = const(0)
if TYPE_CHECKING:
    from boardpulse.outbox import Outbox

_DONE = const(1)


def evict(box: "Outbox", kind: int) -> bool:
    """Make room for a frame of `kind`: give up the oldest of the least important that are not above it. False when
    there is none. Frames that are only held because an older one is not acknowledged go first."""
    if box._done:  # this is a part of the outbox
        _remove(box, _find(box, -1))
        return True
    victim = 0
    while victim <= kind:
        index = _find(box, victim)
        if index >= 0:
            _remove(box, index)
            box.dropped[victim] += 1
            box.drops += 1
            return True
        victim += 1
    return False


def _find(box: "Outbox", kind: int) -> int:
    """Position of the oldest frame of `kind`, or (-1) of one that was acknowledged out of order; -1 if there is
    none."""
    index = 0
    while index < box.count:
        slot = (box._first + index) % box.slots
        if box._state[slot] == _DONE if kind < 0 else box._kind[slot] == kind:
            return index
        index += 1
    return -1


def _remove(box: "Outbox", index: int) -> None:
    """Take out the frame at a position; the older ones slide up into its place."""
    box.moved += 1
    if index < box.sent:
        box.sent -= 1
    if index < box.again:
        box.again -= 1
    if index < box.until:
        box.until -= 1
    slot = (box._first + index) % box.slots
    box._done -= box._state[slot]
    end = box._offset[slot] + box._length[slot]
    while index > 0:
        index -= 1
        source = (box._first + index) % box.slots
        end = _slide(box, source, end)
        _copy_slot(box, source, (source + 1) % box.slots)
        box._offset[(source + 1) % box.slots] = end
    box._first = (box._first + 1) % box.slots
    box.count -= 1


def _slide(box: "Outbox", slot: int, end: int) -> int:
    """Move a frame up, so that it ends at `end`; at the end of the buffer where it does not fit below. Where it
    begins now."""
    length = box._length[slot]
    start = end - length
    if start < 0:
        start = box.size - length
    source = box._offset[slot]
    while length:
        length -= 1
        box.buf[start + length] = box.buf[source + length]
    return start


def _copy_slot(box: "Outbox", source: int, target: int) -> None:
    for column in box._columns:
        column[target] = column[source]
