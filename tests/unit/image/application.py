"""An application on a linked image, as its author writes it from the documentation: every function of the package.

Runs on MicroPython; the first argument is the path of the UART. Prints what it did.
"""

import asyncio
import sys

import boardpulse

CONFIG = {"device_id": "app-1", "board": "unix", "link": {"type": "uart", "path": sys.argv[1]}, "interval_ms": 100}


class Soil:
    """A sensor of the application's own."""

    name = "soil"
    series = ((3, "bed"),)

    def read(self, into, at):
        """21.5 °C"""
        into[at] = 2150


async def fail():
    """A task that dies."""
    raise ValueError("of the application")


def refuse():
    """A wrong configuration is told, and may be mended."""
    try:
        boardpulse.start({"board": "unix"})
    except boardpulse.ConfigError as error:
        print("refused", [where for where, _, _ in error.problems])


def declare():
    """Metrics, a model, a sensor; by position and by name."""
    boardpulse.gauge("soil_moisture", unit="ratio", labels={"bed": "east"}).set(0.25)
    boardpulse.gauge(name="level", scale=-2, help="of the tank").set(value=1.5)
    boardpulse.counter("pumped", unit="litres").inc(2)
    boardpulse.histogram("drop", bounds=[1, 2, 5], unit="seconds").observe(1.5)
    with boardpulse.inference(model="gestures", version="3") as model:
        model.tokens(input=3, output=4)
        model.queue(length=2)
    boardpulse.add_sensor(Soil(), interval_ms=200)


def log():
    """Any field name is the application's."""
    boardpulse.log("warning", "pump", key="a", self="b", value=3, end=None, index=True)
    boardpulse.log(severity="info", message="by name")


async def main():
    """Run, watch a task that fails, flush, stop."""
    running = asyncio.create_task(boardpulse.run())
    await boardpulse.watch(coroutine=fail(), name="doomed")
    await asyncio.sleep(0.3)
    print("flushed", await boardpulse.flush(timeout_ms=100))
    print("stopped", await boardpulse.stop(timeout_ms=100))
    await running


refuse()
boardpulse.start(CONFIG)
print("started", boardpulse.started() is not None)
declare()
log()
print("step", boardpulse.step() >= 0)
print("nonsense", hasattr(boardpulse, "nonsense"))
asyncio.run(main())
