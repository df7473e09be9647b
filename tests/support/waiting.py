"""Waiting for something that another thread or process does, with a bound."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def until(condition: Callable[[], T], timeout_s: float = 10.0, pause_s: float = 0.01) -> T:
    """The first truthy value of `condition`. AssertionError with its last value when that takes too long."""
    end = time.monotonic() + timeout_s
    while not (value := condition()):
        assert time.monotonic() < end, f"still {value!r} after {timeout_s} s"
        time.sleep(pause_s)
    return value
