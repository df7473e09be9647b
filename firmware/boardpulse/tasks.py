"""What the node does with asyncio: sleeping on both runtimes, flushing, and exceptions that would die in a task."""

import asyncio

from boardpulse.clock import diff
from boardpulse.compat import MICROPYTHON, const

TYPE_CHECKING = const(0)
if TYPE_CHECKING:
    from collections.abc import Coroutine
    from typing import Any

    from boardpulse.node import Node

_POLL_MS = const(20)

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
    while not node.stopped:
        watch_loop(node)  # again: the application may have set its own
        await sleep_ms(node.step())


async def flush(node: "Node", timeout_ms: int) -> bool:
    """Node.flush"""
    outbox = node.outbox
    drops = outbox.drops
    node.emit_all()
    following = outbox.next_seq
    node.clock.update()
    start = node.clock.now
    while (outbox.count and outbox.seq(0) < following) or (node.spill is not None and node.spill.held()):
        if outbox.drops != drops or diff(node.clock.now, start) >= timeout_ms:
            return False
        await sleep_ms(min(node.step(), _POLL_MS))
    return outbox.drops == drops


async def stop(node: "Node", timeout_ms: int) -> bool:
    """Node.stop"""
    from boardpulse.lifecycle import bye

    bye(node, 0)
    done = await flush(node, timeout_ms)
    node.stopped = True
    node.link.close()
    if node.spill is not None:
        node.spill.keep()
    return done


async def guard(node: "Node", coroutine: "Coroutine[Any, Any, Any]", name: str) -> None:
    """Await a coroutine; an exception that ends it is sent as a crash and ends nothing else."""
    try:
        await coroutine
    except Exception as error:  # noqa: BLE001  # this is where an application's faults become events
        node.crash(name, error)
