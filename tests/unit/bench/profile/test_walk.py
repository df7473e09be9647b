"""Which objects a fleet holds, and how large they are."""

import sys

from boardpulse_tools.bench.profile.walk import Walk


class Board:
    """Stands for a class of the bridge."""

    __slots__ = ("name", "values")

    def __init__(self, name: str, values: list[object]) -> None:
        self.name = name
        self.values = values


Board.__module__ = "host_bridge.core.made"


def text(length: int) -> str:
    """One that nobody else has."""
    return "".join(["x"] * length)


def test_what_came_since_is_counted_by_class_and_by_the_class_that_holds_it() -> None:
    fleet: list[object] = [Board(text(100), [text(1_000)])]
    walk = Walk([fleet])
    fleet += [Board(text(200), [text(10), text(20)]), Board(text(300), [])]
    found = walk.new()
    assert {kind: one.objects for kind, one in found.items()} == {"Board": 2, "Board: str": 4, "Board: list": 2}
    assert found["Board: str"].bytes == sum(sys.getsizeof(text(length)) for length in (200, 300, 10, 20))


def test_what_two_hold_is_counted_once() -> None:
    shared = text(50)
    fleet: list[object] = []
    walk = Walk([fleet])
    fleet += [Board(shared, [shared]), Board(shared, [])]
    assert walk.new()["Board: str"].objects == 1


def test_functions_lead_to_what_they_close_over_and_not_to_their_modules() -> None:
    held = text(70)
    fleet: list[object] = []
    walk = Walk([fleet])
    fleet.append(Board("", [lambda: held, Board.__init__, walk.new, sys.getsizeof, sys, Board]))
    found = walk.new()
    assert found["Board: str"].bytes >= sys.getsizeof(held)
    assert sum(one.objects for one in found.values()) < 100
    assert sum(one.bytes for one in found.values()) < 10_000
