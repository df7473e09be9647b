"""Samples that do not fit one frame: more room, or fewer of them at a time."""

from boardpulse.compat import const
from boardpulse.outbox import SAMPLES
from shared_schema.errors import BufferFullError

TYPE_CHECKING = const(0)
if TYPE_CHECKING:
    from typing import Any

    from boardpulse.group import Group
    from boardpulse.node import Node
    from shared_schema.errors import EncodeError


def mend(node: "Node", group: "Group", error: "EncodeError | None") -> None:
    """After a frame with a part of the samples: forget these. After one that failed: choose what to try next."""
    if error is None:
        _shift(group)
    elif not isinstance(error, BufferFullError):
        _give_up(node, group, error)
    elif group.room < node.outbox.largest:
        group.room *= 2
    elif group.part > 1:
        group.part = (group.part + 1) // 2
    else:
        _give_up(node, group, error)


def _give_up(node: "Node", group: "Group", error: "EncodeError") -> None:
    node.outbox.give_up(SAMPLES)
    group.clear()
    node.crash("group %d" % group.number, error)


def _shift(group: "Group") -> None:
    """Forget the first `part` samples; those behind them move up."""
    part = group.part
    group.part = group.n = group.n - part
    i = 1
    while i <= part:
        group.low += group.gaps[i]
        i += 1
    group.high += group.low >> 24
    group.low &= 0xFFFFFF
    for column in group.columns:
        _move_up(column, part, group.n)
    _move_up(group.gaps, part, group.n)


def _move_up(values: "list[Any]", start: int, n: int) -> None:
    i = 0
    while i < n:
        values[i] = values[start + i]
        i += 1
