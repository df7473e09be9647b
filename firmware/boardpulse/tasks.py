"""What the node does with asyncio now and then: flushing, stopping, and exceptions that would die in a task."""

from boardpulse.clock import diff
from boardpulse.compat import const
from boardpulse.stepping import sleep_ms

TYPE_CHECKING = const(0)
if TYPE_CHECKING:
    from collections.abc import Coroutine
    from typing import Any

    from boardpulse.node import Node

_POLL_MS = const(20)


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
