"""Boardpulse on a board. In an application's main.py:

    import asyncio, boardpulse

    boardpulse.start("boardpulse.json")
    soil = boardpulse.gauge("soil_moisture", unit="ratio")

    async def main():
        asyncio.create_task(boardpulse.run())
        while True:
            soil.set(read_soil())
            await asyncio.sleep(1)

    asyncio.run(main())

Importing it does nothing; start() makes the node, which all other functions speak to. Without asyncio, call step()
again and again.
"""

TYPE_CHECKING = 0
if TYPE_CHECKING:
    from collections.abc import Coroutine
    from typing import Any

    from boardpulse.custom import Counter, Gauge, Histogram
    from boardpulse.node import Node
    from boardpulse.recorder import Model

_node: "Node | None" = None


def start(config: "str | dict[str, Any]" = "boardpulse.json", board: "Any" = None) -> "Node":
    """Make the node from a configuration: a path, or what the file would hold. ConfigError lists everything that is
    wrong with it."""
    global _node
    import gc

    from boardpulse.compat import forget
    from boardpulse.compose import load

    _node = load(config, board)
    forget("boardpulse.compose", "boardpulse.config", "boardpulse.events", "shared_schema.messages")
    gc.collect()  # what the start took and no longer needs shall not lie between what stays
    return _node


def started() -> "Node":
    """The node that start() made."""
    if _node is None:
        raise RuntimeError("call boardpulse.start() first")
    return _node


def gauge(
    name: str,
    unit: str = "",
    scale: int = -3,
    labels: "dict[str, str] | None" = None,
    help: str = "",  # noqa: A002  # what it is called wherever there are metrics
) -> "Gauge":
    """A metric of your own that goes up and down. Values are kept to 10**scale: three decimals unless told
    otherwise."""
    return started().metric(name, 0, unit, scale, labels, help)  # type: ignore[no-any-return]


def counter(
    name: str,
    unit: str = "",
    scale: int = 0,
    labels: "dict[str, str] | None" = None,
    help: str = "",  # noqa: A002
) -> "Counter":
    """A metric of your own that only grows."""
    return started().metric(name, 1, unit, scale, labels, help)  # type: ignore[no-any-return]


def histogram(
    name: str,
    bounds: "list[int | float]",
    unit: str = "",
    scale: int = -3,
    labels: "dict[str, str] | None" = None,
    help: str = "",  # noqa: A002
) -> "Histogram":
    """A metric of your own that counts observations between bounds."""
    return started().metric(name, 2, unit, scale, labels, help, bounds)  # type: ignore[no-any-return]


def inference(model: str, version: str = "") -> "Model":
    """The recorder of a model: `with boardpulse.inference("gestures", "3"): …` counts and times an inference."""
    from boardpulse.recorder import model as recorder

    return recorder(started(), model, version)


def log(severity: "str | int", message: str, **fields: object) -> None:
    """Send a log line: debug, info, warning, error or critical, with fields that are ints, texts, bools or None."""
    started().log(severity, message, **fields)


def step() -> int:
    """Do what is due, for applications without asyncio. Milliseconds until it wants to be called again."""
    return started().step()


async def run() -> None:
    """Do what is due until stop(), as a task of your loop."""
    await started().run()


async def flush(timeout_ms: int = 5000) -> bool:
    """Send what was sampled and logged, and wait until it is acknowledged; before a deep sleep, say. False when
    time was up first."""
    return await started().flush(timeout_ms)


async def stop(timeout_ms: int = 1500) -> bool:
    """Say bye, flush, close the link, end run(). Whether everything was acknowledged."""
    return await started().stop(timeout_ms)


def watch(coroutine: "Coroutine[Any, Any, Any]", name: str) -> "Coroutine[Any, Any, None]":
    """A coroutine around yours, for create_task(): an exception that ends it is sent as a crash, with its traceback."""
    from boardpulse.tasks import guard

    return guard(started(), coroutine, name)
