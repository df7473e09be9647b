"""hello: who the board is, and what it will send (SPEC.md section 3)."""

from boardpulse.compat import const
from boardpulse.group import columns_of
from shared_schema.cbor import encode
from shared_schema.errors import EncodeError
from shared_schema.framing import encode_frame

TYPE_CHECKING = const(0)
if TYPE_CHECKING:
    from boardpulse.group import Group
    from boardpulse.node import Node

# SPEC.md section 16
_MAX_GROUPS = const(32)
_MAX_SERIES = const(256)
_MAX_COLUMNS = const(1024)
_MAX_LABEL_BYTES = const(128)
_MAX_RUNS = const(512)  # half of what a bridge takes: so many numbers take 2 KB of heap
_MAX_HELLO = const(8128)  # of a frame's 8192 bytes: counters and uptime grow


def hello(node: "Node", sealed: bool = False) -> bytes:
    """The whole frame, for the present uptime; `sealed` in its form on a UART."""
    node.clock.update()
    node.hello_at = node.clock.now
    node.drops_told = node.outbox.drops  # body() changes it where the whole does not fit
    item = [1, node.boot, node.outbox.next_seq, node.clock.uptime_ms(), body(node)]
    frame = encode(item) if node.sealing is None else node.sealing.hello(item)
    return encode_frame(frame) if sealed else frame


def body(node: "Node") -> "dict[int, object]":
    """The declaration's map."""
    groups = [[group.interval_ms, group.batch, group.declared()] for group in node.sampler.groups]
    out: dict[int, object] = {0: 1, 1: node.device_id, 2: node.platform, 3: node.declaration, 4: groups, 5: node.info}
    anchor = node.clock.anchor()
    if anchor is not None:
        out[6] = anchor
    out[7] = report = node.outbox.report(node.capacity_s())
    if node.spill is not None:
        node.spill.report(report)
    if node.sleep is not None:
        out[8] = node.sleep.declared
    if node.reset_cause:
        out[9] = node.reset_cause
    if node.link.name == "mqtt" and node.link.ack_mode:
        out[12] = node.link.ack_mode
    if node.wake_reason:
        out[13] = node.wake_reason
    if node.outbox.drops:
        runs = given_up(node, report[0])
        if runs:
            out[15] = runs
    return out


def given_up(node: "Node", first: int) -> "list[int]":
    """Of the numbers from `first` on: so many wait, so many were given up, so many wait, and so on by turns."""
    outbox = node.outbox
    runs: list[int] = []
    following = outbox.seq(0) if outbox.count else outbox.next_seq
    waiting = following - first  # on flash
    for index in range(outbox.count):
        if not outbox.done(index) or outbox.length(index):  # it waits, or was acknowledged before its time
            gap = outbox.seq(index) - following
            if gap:
                if len(runs) == _MAX_RUNS:
                    node.drops_told = -1  # the rest is told when this has been settled
                    return runs
                runs += (waiting, gap)
                following += gap
                waiting = 0
            waiting += 1
            following += 1
    return runs if following == outbox.next_seq else runs + [waiting, outbox.next_seq - following]


def problem(node: "Node") -> str:
    """Why a bridge would refuse the declaration, and with it everything that the board sends; empty when it would
    not."""
    groups = node.sampler.groups
    if len(groups) > _MAX_GROUPS:
        return "more than %d different intervals" % _MAX_GROUPS
    for group in groups:
        wrong = _problem_of(group)
        if wrong:
            return wrong
    try:
        return "the declaration is too long" if len(hello(node)) > _MAX_HELLO else ""
    except (EncodeError, ValueError, TypeError) as error:
        return "the declaration cannot be encoded: %s" % error


def _problem_of(group: "Group") -> str:
    if sum([columns_of(slot.sensor) for slot in group.slots]) > _MAX_COLUMNS:
        return "more than %d columns are sampled together" % _MAX_COLUMNS
    series = group.declared()
    if len(series) > _MAX_SERIES:
        return "more than %d series are sampled together" % _MAX_SERIES
    for one in series:
        for label in one[1:] if isinstance(one, list) else ():
            if not isinstance(label, str) or len(label.encode("utf-8")) > _MAX_LABEL_BYTES:
                return "the label %s is no text of at most %d bytes" % (repr(label)[:40], _MAX_LABEL_BYTES)
    return ""
