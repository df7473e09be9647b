"""When each group of sensors is due."""

from boardpulse.clock import add, diff
from boardpulse.compat import const
from boardpulse.emit import emit
from boardpulse.group import Group
from boardpulse.outbox import SAMPLES

TYPE_CHECKING = const(0)
if TYPE_CHECKING:
    from boardpulse.node import Node
    from boardpulse.protocols import Sensor

_LONGEST_WAIT_MS = const(1000)


class Sampler:
    """The groups of a board. A sensor joins the group of its interval, batch and label; each group has its own
    schedule."""

    def __init__(self) -> None:
        self.groups: list[Group] = []
        self._paused = False

    def enroll(self, sensor: "Sensor", interval_ms: int, batch: int, label: str = "") -> Group:
        """Have a sensor read every `interval_ms`, and sent `batch` samples at a time."""
        for group in self.groups:
            if group.interval_ms == interval_ms and group.batch == batch and group.label == label:
                break
        else:
            group = Group(interval_ms, batch, label)
            group.number = len(self.groups)
            self.groups.append(group)
        group.admit(sensor)
        return group

    def take_back(self, group: Group) -> None:
        """Take back what enroll() did to the group."""
        group.slots.pop()
        if not group.slots:
            self.groups.pop()

    def begin_sampling(self, now: int) -> None:
        """Lay the columns out; every group is due at once."""
        for group in self.groups:
            group.due = now
        self.lay_out_all()

    def lay_out_all(self) -> None:
        """Make all columns anew. Samples that wait must have been encoded before."""
        for group in self.groups:
            group.lay_out()

    def bytes_per_100_s(self) -> int:
        """What the groups' frames take in the outbox, as large as the last full ones were."""
        rate = 1
        for group in self.groups:
            rate += group.cost * 1000 // group.interval_ms
        return rate

    def pause(self) -> None:
        """Take no more samples."""
        self._paused = True

    def step(self, node: "Node") -> int:
        """Sample the groups that are due, and emit those that are to be sent. Milliseconds until the
        next is due."""
        clock = node.clock
        wait = _LONGEST_WAIT_MS
        if self._paused:
            return wait
        for group in self.groups:
            late = diff(clock.now, group.due)
            if late >= 0:
                try:
                    if group.take(clock, node):
                        emit(node, group)
                except Exception as error:  # noqa: BLE001  # one group shall not silence the others
                    node.outbox.give_up(SAMPLES)
                    group.clear()
                    node.crash("sampler", error)
                group.due = add(group.due, group.interval_ms)
                late -= group.interval_ms
                if late >= 0:  # the time for more than one sample has passed: the missed ones are not made up
                    group.due = add(clock.now, group.interval_ms - late % group.interval_ms)
                    late = diff(clock.now, group.due)
            if wait > -late:
                wait = -late
        return wait
