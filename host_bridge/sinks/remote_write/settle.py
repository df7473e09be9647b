"""Finds the bad samples of a request that a server refuses as a whole, and drops only them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from operator import itemgetter

from host_bridge.sinks.remote_write.answer import TOO_OLD, Refused
from host_bridge.sinks.remote_write.samples import Sample

Deliver = Callable[[Sequence[Sample]], Refused | None]
Drop = Callable[[Sequence[Sample], Refused], None]


def settle(samples: Sequence[Sample], deliver: Deliver, drop: Drop) -> None:
    """Deliver the samples, halving what is refused until single samples are; `drop` gets those.

    Older halves go first: to a server that takes no series out of order, what is newer would shut out what is older.
    "Too old" is the exception: only servers with a window for what is out of order say so. There newer halves go
    first, and the newest sample of a series that is too old settles all older ones: thousands of requests fewer.
    """
    too_old: dict[bytes, tuple[int, Refused]] = {}
    parts: list[Sequence[Sample]] = [samples]
    while parts:
        part = _without(parts.pop(), too_old, drop)
        refused = deliver(part) if part else None
        if refused is None:
            continue
        if len(part) == 1:
            drop(part, refused)
            if refused.reason == TOO_OLD:
                too_old[part[0][1]] = part[0][0], refused
            continue
        part = sorted(part, key=itemgetter(0))
        older, newer = part[: len(part) // 2], part[len(part) // 2 :]
        parts += [older, newer] if refused.reason == TOO_OLD else [newer, older]


def _without(part: Sequence[Sample], too_old: dict[bytes, tuple[int, Refused]], drop: Drop) -> Sequence[Sample]:
    """What is left when samples at or before one that was too old are dropped."""
    if not too_old:
        return part
    left = []
    for sample in part:
        time, refused = too_old.get(sample[1], (sample[0] - 1, None))
        if refused is not None and sample[0] <= time:
            drop([sample], refused)
        else:
            left.append(sample)
    return left
