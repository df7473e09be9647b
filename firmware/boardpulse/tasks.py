"""What the node does with asyncio: sleeping on both runtimes, and exceptions that would die in a task."""

import asyncio

from boardpulse.compat import MICROPYTHON

if MICROPYTHON:
    from asyncio import sleep_ms  # type: ignore[attr-defined]
else:

    async def sleep_ms(ms: int) -> None:
        """Let other tasks run for `ms` milliseconds."""
        await asyncio.sleep(ms / 1000)


def watch_loop(node) -> None:  # type: ignore[no-untyped-def]
    """Have the exceptions of tasks that nobody awaits sent as crashes, unless the application has its own handler."""
    loop = asyncio.get_event_loop()

    def handler(_, context) -> None:  # type: ignore[no-untyped-def]
        error = context.get("exception")
        if error is not None:
            node.crash("task", error)

    if MICROPYTHON:
        if loop._exc_handler is None:  # type: ignore[attr-defined]
            loop.set_exception_handler(handler)
    elif loop.get_exception_handler() is None:
        loop.set_exception_handler(handler)


async def guard(node, coroutine, name: str) -> None:  # type: ignore[no-untyped-def]
    """Await a coroutine; an exception that ends it is sent as a crash and ends nothing else."""
    try:
        await coroutine
    except Exception as error:  # noqa: BLE001  # this is where an application's faults become events
        node.crash(name, error)
