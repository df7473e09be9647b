"""From samples that wait in a group to frames in the outbox. What does not fit one frame is mending.py's work."""

from boardpulse.compat import const
from boardpulse.outbox import SAMPLES
from shared_schema.errors import EncodeError

TYPE_CHECKING = const(0)
if TYPE_CHECKING:
    from boardpulse.group import Group
    from boardpulse.node import Node


def emit(node: "Node", group: "Group") -> None:
    """Encode what a group holds. A frame that cannot be made is counted as dropped."""
    outbox = node.outbox
    group.part = min(group.n, group.most)
    while group.n:
        w = outbox.begin(min(group.room, outbox.largest), SAMPLES)
        if w is None:
            group.clear()
            return
        try:
            group.encode(w, node.boot_bytes, outbox.next_seq, node.declaration)
            outbox.commit(group.number << 2 | (group.part == 1) << 7)
            if group.n >= group.batch:
                group.cost = outbox.length(outbox.count - 1) * 100 // group.part
            if group.part == group.n:
                group.clear()
                return
            error = None
        except EncodeError as fault:
            error = fault
        from boardpulse.mending import mend

        mend(node, group, error)
