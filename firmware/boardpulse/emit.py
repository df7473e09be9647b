"""From samples that wait in a group to frames in the outbox, in pieces where one frame cannot hold them."""

from boardpulse.compat import const
from boardpulse.outbox import SAMPLES
from shared_schema.errors import BufferFullError, EncodeError

TYPE_CHECKING = const(0)
if TYPE_CHECKING:
    from boardpulse.group import Group
    from boardpulse.node import Node


def emit(node: "Node", group: "Group") -> None:
    """Encode what a group holds. A frame that cannot be made is counted as dropped."""
    group.part = min(group.n, group.most)
    while group.n:
        _write(node, group, min(group.room, node.outbox.largest))


def _write(node: "Node", group: "Group", room: int) -> None:
    outbox = node.outbox
    w = outbox.begin(room, SAMPLES)
    if w is None:
        group.clear()
        return
    try:
        group.encode(w, node.boot_bytes, outbox.next_seq, node.declaration)
        outbox.commit(SAMPLES)
        group.shift()
    except BufferFullError as error:
        _mend(node, group, room, error)
    except EncodeError as error:
        _give_up(node, group, error)


def _mend(node: "Node", group: "Group", room: int, error: EncodeError) -> None:
    """More room the next time; where there is none, fewer samples."""
    if room < node.outbox.largest:
        group.room = room * 2
    elif group.part > 1:
        group.part = (group.part + 1) // 2
    else:
        _give_up(node, group, error)


def _give_up(node: "Node", group: "Group", error: EncodeError) -> None:
    node.outbox.give_up(SAMPLES)
    group.clear()
    node.crash("group %d" % group.number, error)
