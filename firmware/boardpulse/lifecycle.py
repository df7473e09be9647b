"""What happens to a node seldom: it gets another sensor, declares itself anew, says bye."""

from boardpulse.compat import const, sleep_ms
from boardpulse.custom import Custom, declare
from boardpulse.declaration import problem
from boardpulse.outbox import EVENT
from shared_schema.cbor import encode

TYPE_CHECKING = const(0)
if TYPE_CHECKING:
    from typing import Any

    from boardpulse.custom import Counter, Gauge, Histogram
    from boardpulse.node import Node
    from boardpulse.protocols import Sensor

_POLL_MS = const(20)


def metric(node: "Node", *declaration: "Any") -> "Gauge | Counter | Histogram":
    """The custom metric of a declaration; arguments as of custom.declare."""
    declared = declare(*declaration)
    if node.custom is None:
        custom = Custom()
        known = custom.add(declared)
        add_sensor(node, custom, 0)
        node.custom = custom
        return known
    before = len(node.custom.series)
    node.emit_all()
    known = node.custom.add(declared)
    if len(node.custom.series) > before:
        wrong = problem(node)
        if wrong:
            node.custom.remove_last()
            raise ValueError("%s: %s" % (declared[1], wrong))
        redeclare(node, (), ())
    return known


def add_sensor(node: "Node", sensor: "Sensor", interval_ms: int) -> None:
    """Have a sensor read from now on. ValueError when the bridge would refuse what it declares."""
    node.emit_all()
    interval_ms = interval_ms or node.interval_ms
    group = node.sampler.enroll(sensor, interval_ms, node.batch)
    if node.health is not None:
        node.health.enlist(group.slots[-1])
    wrong = problem(node)
    if wrong:
        node.sampler.take_back(group)
        if node.health is not None:
            node.health.unlist_last()
        raise ValueError("%s: %s" % (sensor.name, wrong))
    if len(group.slots) == 1:
        group.due = node.clock.now
    redeclare(node, (), ())


def redeclare(node: "Node", intervals: "list[list[int]] | tuple[()]", batches: "list[list[int]] | tuple[()]") -> None:
    """Lay the groups out anew, with other intervals [[group, ms], …] and batches [[group, n], …], under the next
    number."""
    node.emit_all()
    if node.spill is not None:
        node.spill.declared()
    groups = node.sampler.groups
    for number, interval_ms in intervals:
        groups[number].interval_ms = interval_ms
        groups[number].since = node.outbox.next_seq
        groups[number].due = node.clock.now
    for number, batch in batches:
        groups[number].batch = batch
    node.sampler.lay_out_all()
    node.declaration = (node.declaration + 1) & 255
    node.hello_due = True


def bye(node: "Node", reason: int, wake_in_ms: int = -1) -> None:
    """Announce silence: reasons as in SPEC.md section 7. Samples that wait go out before it; none are taken after
    it."""
    node.emit_all()
    node.sampler.pause()
    body: dict[int, int] = {1: reason}
    if wake_in_ms >= 0:
        body[2] = wake_in_ms
    outbox = node.outbox
    if outbox.drops != node.drops_told:
        node.hello_due = True
    node.clock.update()
    outbox.put(encode([5, node.boot, outbox.next_seq, node.clock.uptime_ms(), body]), EVENT)


def restart(node: "Node") -> None:
    """Say bye and restart as node.reset_mode says."""
    mode = node.reset_mode
    node.reset_mode = -1
    close(node, 1500, 3)
    if node.reset is not None:
        node.reset(mode)


def close(node: "Node", timeout_ms: int, reason: int) -> bool:
    """Say bye, flush, close the link; without asyncio."""
    bye(node, reason)
    while node.held() and timeout_ms > 0:
        pause = min(node.step(), _POLL_MS)
        sleep_ms(pause)
        timeout_ms -= max(1, pause)
    node.stopped = True
    node.link.close()
    if node.spill is not None:
        node.spill.keep()
    return not node.held()
