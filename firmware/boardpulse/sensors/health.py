"""The node about itself: what waits, what was given up, what failed."""

from boardpulse.compat import const

TYPE_CHECKING = const(0)
if TYPE_CHECKING:
    from boardpulse.group import Slot
    from boardpulse.node import Node
    from boardpulse.protocols import Row, Series
    from boardpulse.sampler import Sampler

_HELD = const(17)  # catalog: device_outbox_frames
_CAPACITY = const(161)  # catalog: device_outbox_capacity_seconds
_DROPPED = const(162)  # catalog: device_outbox_dropped_frames
_THINNED = const(163)  # catalog: device_outbox_thinned_samples
_TASK_ERRORS = const(168)  # catalog: device_task_errors
_RECONNECTS = const(166)  # catalog: device_link_reconnects
_LINK_ERRORS = const(167)  # catalog: device_link_errors
_SENSOR_ERRORS = const(164)  # catalog: device_sensor_errors
_SENSOR_DURATION = const(165)  # catalog: device_sensor_duration_seconds
_MAX_NAME = const(28)  # characters, of up to four bytes: a label has 128
_KINDS = ("samples", "event", "crash")


class Health:
    """Figures of the outbox, the link and the other sensors, which are in `sampler` by now. `node` is set when the
    node is there."""

    name = "health"

    def __init__(self, sampler: "Sampler", link: str) -> None:
        self.node: Node | None = None
        self._slots: list[Slot] = []
        self._names: list[str] = []
        self.series: list[Series] = [_HELD, _CAPACITY]
        self.series += [(_DROPPED, kind) for kind in _KINDS]
        self.series += [_THINNED, (_TASK_ERRORS, "node"), (_RECONNECTS, link), (_LINK_ERRORS, link)]
        for group in sampler.groups:
            for slot in group.slots:
                self.enlist(slot)

    def enlist(self, slot: "Slot") -> None:
        """Have another sensor's errors and duration among the figures; the node declares itself anew. A name that
        another sensor has gets a number."""
        name = label = slot.sensor.name[:_MAX_NAME]
        number = 1
        while label in self._names:
            number += 1
            label = "%s_%d" % (name, number)
        self._names.append(label)
        self._slots.append(slot)
        self.series += [(_SENSOR_ERRORS, label), (_SENSOR_DURATION, label)]

    def unlist_last(self) -> None:
        """Take back the last enlist()."""
        self._slots.pop()
        self._names.pop()
        del self.series[-2:]

    def read(self, into: "Row", at: int) -> None:
        """in the order of `series`"""
        node = self.node
        if node is None:
            raise RuntimeError("no node yet")
        into[at] = node.outbox.count - node.outbox._done + (0 if node.spill is None else node.spill.waiting())
        into[at + 1] = node.capacity_s()
        for dropped in node.outbox.dropped:
            into[at + 2] = dropped
            at += 1
        into[at + 2] = node.outbox.thinned
        into[at + 3] = node.task_errors
        into[at + 4] = node.link.reconnects
        into[at + 5] = node.link.errors
        for slot in self._slots:
            into[at + 6] = slot.errors
            into[at + 7] = slot.took_us
            at += 2
