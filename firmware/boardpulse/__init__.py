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
again and again. The functions for metrics, models, logs and sleep are in api.py, which is loaded with the first of
them.
"""

from shared_schema.errors import ConfigError as ConfigError

TYPE_CHECKING = 0
if TYPE_CHECKING:
    from typing import Any

    from boardpulse.api import add_sensor as add_sensor
    from boardpulse.api import counter as counter
    from boardpulse.api import crash as crash
    from boardpulse.api import flush as flush
    from boardpulse.api import gauge as gauge
    from boardpulse.api import histogram as histogram
    from boardpulse.api import inference as inference
    from boardpulse.api import log as log
    from boardpulse.api import run as run
    from boardpulse.api import sleep as sleep
    from boardpulse.api import stop as stop
    from boardpulse.api import watch as watch
    from boardpulse.node import Node

_LATER = " add_sensor counter crash flush gauge histogram inference log run sleep stop watch "
_node: "Node | None" = None


def start(config: "str | dict[str, Any]" = "boardpulse.json", board: "Any" = None) -> "Node":
    """Make the node from a configuration: a path, or what the file would hold. ConfigError lists everything that is
    wrong with it."""
    global _node
    from boardpulse.compose import load

    _node = load(config, board)
    return _node


def started() -> "Node":
    """The node that start() made."""
    if _node is None:
        raise RuntimeError("call boardpulse.start() first")
    return _node


def step() -> int:
    """Do what is due, for applications without asyncio. Milliseconds until it wants to be called again."""
    return started().step()


def main(config: str = "boardpulse.json") -> int:
    """A whole program: start, then do what is due until it is interrupted; then say bye. An exit status, 2 for a wrong
    configuration, which is printed."""
    from boardpulse.program import begin

    status = begin(config)
    if not status:
        started().loop()
    return status


def __getattr__(name: str) -> "Any":
    if name[0] == "_":
        raise AttributeError(name)
    if " %s " % name in _LATER:
        from boardpulse.api import lookup

        return lookup(name)
    try:
        __import__("boardpulse." + name)  # MicroPython asks here before it looks for a module of the package
    except ImportError as error:
        if "boardpulse." + name not in str(error):  # something else that the module needs
            raise
        raise AttributeError(name)
    return globals()[name]
