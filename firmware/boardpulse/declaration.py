"""hello: who the board is, and what it will send (SPEC.md section 3)."""

from shared_schema.cbor import encode


def hello(node) -> bytes:  # type: ignore[no-untyped-def]
    """The whole frame, for the present uptime."""
    node.clock.update()
    outbox = node.outbox
    return encode([1, node.boot, outbox.next_seq, node.clock.uptime_ms(), body(node)])


def body(node) -> "dict[int, object]":  # type: ignore[no-untyped-def]
    """The declaration's map."""
    groups = [[group.interval_ms, group.batch, group.series()] for group in node.sampler.groups]
    out: dict[int, object] = {0: 1, 1: node.device_id, 2: node.platform, 3: node.declaration, 4: groups, 5: node.info}
    anchor = node.clock.anchor()
    if anchor is not None:
        out[6] = anchor
    out[7] = node.outbox.report(capacity_s(node))
    if node.reset_cause:
        out[9] = node.reset_cause
    if node.wake_reason:
        out[13] = node.wake_reason
    return out


def capacity_s(node) -> int:  # type: ignore[no-untyped-def]
    """For how many seconds the outbox can take full frames of all groups at their intervals."""
    per_day = 0
    for group in node.sampler.groups:
        if group.interval_ms:
            per_day += 86400000 // (group.interval_ms * group.batch) * group.room
    return node.outbox.free() * 86400 // per_day if per_day else 0  # type: ignore[no-any-return]
