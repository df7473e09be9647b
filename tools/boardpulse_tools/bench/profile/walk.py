"""All objects that some others lead to, counted and sized by kind."""

from __future__ import annotations

import gc
import sys
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from types import BuiltinFunctionType, CodeType, FrameType, FunctionType, MethodType, ModuleType

_OURS = ("host_bridge.", "shared_schema.")
# They lead to all that the program has.
_SHARED = (type, ModuleType, CodeType, FrameType)


class Kind:
    """Objects of one kind: how many, and bytes by sys.getsizeof."""

    __slots__ = ("bytes", "objects")

    def __init__(self) -> None:
        self.bytes = self.objects = 0


class Walk:
    """From `roots`; what they lead to when it is made is known, and not new later.

    A kind is a class of the bridge, or one of Python's behind the class of the bridge through which it is reached
    first, on the shortest way: `Series: str`. What several hold is counted once.
    """

    def __init__(self, roots: Sequence[object]) -> None:
        self._roots = roots
        # The objects stand there, too: another one may else be where one of them was.
        self._known = {id(one): one for one, _ in _reached(roots)}

    def new(self) -> dict[str, Kind]:
        """What they lead to now and did not then."""
        kinds: dict[str, Kind] = {}
        for one, kind in _reached(self._roots):
            if id(one) not in self._known:
                found = kinds.setdefault(kind, Kind())
                found.objects += 1
                found.bytes += sys.getsizeof(one)
        return kinds


def _reached(roots: Iterable[object]) -> Iterator[tuple[object, str]]:
    """Each object once, with its kind; the nearest first."""
    seen = {id(root) for root in roots}
    waiting: deque[tuple[object, str]] = deque((root, "") for root in roots)
    while waiting:
        one, owner = waiting.popleft()
        name = type(one).__name__
        ours = type(one).__module__.startswith(_OURS)
        yield one, name if ours else f"{owner}: {name}"
        for other in _referents(one):
            if id(other) not in seen and not isinstance(other, _SHARED):
                seen.add(id(other))
                waiting.append((other, name if ours else owner))


def _referents(one: object) -> Sequence[object]:
    if isinstance(one, FunctionType):  # without its module
        return [*(one.__closure__ or ()), *(one.__defaults__ or ())]
    if isinstance(one, MethodType):
        return [one.__self__]
    if isinstance(one, BuiltinFunctionType):
        return [one.__self__] if one.__self__ is not None else []
    return gc.get_referents(one)
