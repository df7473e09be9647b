"""hello: who the board is, and what it will send (SPEC.md section 3)."""

from boardpulse.compat import const
from shared_schema.cbor import encode

TYPE_CHECKING = const(0)
if TYPE_CHECKING:
    from boardpulse.node import Node


def hello(node: "Node") -> bytes:
    """The whole frame, for the present uptime."""
    node.clock.update()
    return encode([1, node.boot, node.outbox.next_seq, node.clock.uptime_ms(), body(node)])


def body(node: "Node") -> "dict[int, object]":
    """The declaration's map."""
    groups = [[group.interval_ms, group.batch, group.series()] for group in node.sampler.groups]
    out: dict[int, object] = {0: 1, 1: node.device_id, 2: node.platform, 3: node.declaration, 4: groups, 5: node.info}
    anchor = node.clock.anchor()
    if anchor is not None:
        out[6] = anchor
    out[7] = node.outbox.report(node.capacity_s())
    if node.reset_cause:
        out[9] = node.reset_cause
    if node.link.name == "mqtt" and node.link.ack_mode:
        out[12] = node.link.ack_mode
    if node.wake_reason:
        out[13] = node.wake_reason
    return out
