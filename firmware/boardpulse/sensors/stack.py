"""The stack that is in use."""

from boardpulse.compat import const

TYPE_CHECKING = const(0)
if TYPE_CHECKING:
    from collections.abc import Callable

    from boardpulse.protocols import Row

_USED = const(2)  # catalog: device_memory_used_bytes


class Stack:
    """Bytes of stack in use, from `stack_use` (micropython.stack_use, where the port has it)."""

    name = "stack"
    series = ((_USED, "stack"),)

    def __init__(self, stack_use: "Callable[[], int]") -> None:
        self._stack_use = stack_use

    def read(self, into: "Row", at: int) -> None:
        """used"""
        into[at] = self._stack_use()
