"""The task that does what is due: all of asyncio's side that stays loaded as long as a board runs."""

import asyncio

from boardpulse.compat import MICROPYTHON, const, forget

TYPE_CHECKING = const(0)
if TYPE_CHECKING:
    from typing import Any

    from boardpulse.node import Node

if MICROPYTHON:
    from asyncio import sleep_ms as sleep_ms  # type: ignore[attr-defined]
else:

    async def sleep_ms(ms: int) -> None:
        """Let other tasks run for `ms` milliseconds."""
        await asyncio.sleep(ms / 1000)


def watch_loop(node: "Node") -> None:
    """Have the exceptions of tasks that nobody awaits sent as crashes, before a handler of the application's has
    them."""
    loop: Any = asyncio.get_event_loop()
    present = loop._exc_handler if MICROPYTHON else loop.get_exception_handler()
    if present is not None and present is node.watching:
        return

    def handler(of: "Any", context: "dict[str, Any]") -> None:
        error = context.get("exception")
        if error is not None:
            node.crash("task", error)
        if present is not None:
            present(of, context)

    node.watching = handler
    loop.set_exception_handler(handler)


async def run(node: "Node") -> None:
    """Node.run"""
    forget("boardpulse.api")  # most often loaded to start this; whoever needs it again has it loaded again
    while not node.stopped:
        watch_loop(node)  # again: the application may have set its own
        await sleep_ms(node.step())
