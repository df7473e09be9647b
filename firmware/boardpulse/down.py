"""What the bridge's acknowledgements and questions do (SPEC.md section 9)."""

from boardpulse.clock import diff
from boardpulse.compat import const

TYPE_CHECKING = const(0)
if TYPE_CHECKING:
    from boardpulse.node import Node

HELLO_EVERY_MS = 1000


def take_ack(node: "Node", seq: int) -> None:
    """Frames of this boot with a number below `seq` are committed. -1: none of this boot."""
    if seq >= 0 and node.outbox.acknowledge_below(seq):
        node.link.acknowledged()


def take_hello_request(node: "Node") -> None:
    """The bridge asks for a hello. It gets one a second at most: a question that comes too soon waits."""
    node.hello_asked = True
    answer_hello_request(node)


def answer_hello_request(node: "Node") -> None:
    """Have a hello sent, if the last one is a second old."""
    if diff(node.clock.now, node.hello_at) >= HELLO_EVERY_MS:
        node.hello_due = True


def following(boot: bytes, buf: bytearray, pos: int, end: int) -> int:
    """`next` of an ack whose boot begins at `pos`, if it is `boot`; -1 for any other."""
    for byte in boot:
        if pos >= end or buf[pos] != byte:
            return -1
        pos += 1
    if pos >= end or buf[pos] > 0x1B or (buf[pos] > 23 and pos + 1 + (1 << (buf[pos] - 24)) != end):
        return -1
    value = buf[pos] if buf[pos] < 24 else 0
    while pos + 1 < end:
        pos += 1
        value = value << 8 | buf[pos]
    return value
