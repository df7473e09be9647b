"""What time it is, for deleting by age. A host's clock that leaps is not believed at once: an empty battery or a bad
answer from the network would cost all that is kept."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

DAY_MS = 86_400_000
LEAP_MS = DAY_MS  # a bridge that was off for as long is none whose clock leapt
DOUBT_MS = 7 * DAY_MS  # of running time, in which somebody can notice


@dataclass(frozen=True, slots=True)
class Belief:
    """at_ms: the time by the clock that is believed. apart_ms: for how long it and the host's clock have disagreed."""

    at_ms: int
    apart_ms: int = 0


def believe(last: Belief, wall_ms: int, ran_ms: int, max_age_ms: int) -> Belief:
    """What to believe `ran_ms` of running time after `last`: the host's clock if it agrees with it, or has disagreed
    for long; else what was believed, and the time that has passed. A short history doubts less, and for less long."""
    at_ms = last.at_ms + ran_ms
    apart_ms = last.apart_ms + ran_ms
    if abs(wall_ms - at_ms) <= min(LEAP_MS, max_age_ms // 10) or apart_ms >= doubted_ms(max_age_ms):
        return Belief(wall_ms)
    return Belief(at_ms, apart_ms)


def doubted_ms(max_age_ms: int) -> int:
    """For how much running time a leap is doubted."""
    return min(DOUBT_MS, max_age_ms)


def read(connection: sqlite3.Connection) -> Belief | None:
    """What the file has; None: nothing was ever kept."""
    row = connection.execute("SELECT at, apart FROM age").fetchone()
    return None if row is None else Belief(*row)


def put(connection: sqlite3.Connection, belief: Belief) -> None:
    """Write it, inside a transaction."""
    connection.execute("REPLACE INTO age (id, at, apart) VALUES (1, ?, ?)", (belief.at_ms, belief.apart_ms))
