"""When each group of sensors is due."""

from boardpulse.clock import add, diff
from boardpulse.group import Group

MAX_WAIT_MS = 1000


class Sampler:
    """The groups of a board. A sensor joins the group of its interval, batch and label; each group has its own schedule."""

    def __init__(self) -> None:
        self.groups: list[Group] = []

    def add(self, sensor, interval_ms: int, batch: int, label: str = "") -> Group:  # type: ignore[no-untyped-def]
        """Have a sensor read every `interval_ms`, and sent `batch` samples at a time."""
        for group in self.groups:
            if group.interval_ms == interval_ms and group.batch == batch and group.label == label:
                break
        else:
            group = Group(interval_ms, batch, label)
            group.number = len(self.groups)
            self.groups.append(group)
        group.add(sensor)
        return group

    def start(self, now: int) -> None:
        """Lay the columns out; every group is due at once."""
        for group in self.groups:
            group.lay_out()
            group.due = now

    def step(self, node) -> int:  # type: ignore[no-untyped-def]
        """Sample the groups that are due, and node.emit(group) those that are to be sent. Milliseconds until the next is due."""
        clock = node.clock
        wait = MAX_WAIT_MS
        for group in self.groups:
            late = diff(clock.now, group.due)
            if late >= 0:
                if group.take(clock, node):
                    node.emit(group)
                group.due = add(group.due, group.interval_ms)
                late -= group.interval_ms
                if late >= 0:  # the time for more than one sample has passed: the missed ones are not made up
                    group.due = add(clock.now, group.interval_ms - late % group.interval_ms)
                    late = diff(clock.now, group.due)
            if wait > -late:
                wait = -late
        return wait
