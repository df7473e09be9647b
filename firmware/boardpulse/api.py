"""What an application calls besides start(), started() and step(): boardpulse.gauge() and the others."""

from boardpulse import started
from boardpulse.lifecycle import add_sensor as declare
from boardpulse.lifecycle import metric

TYPE_CHECKING = 0
if TYPE_CHECKING:
    from collections.abc import Coroutine
    from typing import Any

    from boardpulse.custom import Counter, Gauge, Histogram
    from boardpulse.protocols import Sensor
    from boardpulse.recorder import Model


def lookup(name: str) -> "Any":
    """The function of a name."""
    return globals()[name]


def gauge(
    name: str,
    unit: str = "",
    scale: int = -3,
    labels: "dict[str, str] | None" = None,
    help: str = "",  # noqa: A002  # what it is called wherever there are metrics
) -> "Gauge":
    """A metric of your own that goes up and down. Values are kept to 10**scale: three decimals unless told
    otherwise."""
    return metric(started(), name, 0, unit, scale, labels, help)  # type: ignore[return-value]


def counter(
    name: str,
    unit: str = "",
    scale: int = 0,
    labels: "dict[str, str] | None" = None,
    help: str = "",  # noqa: A002
) -> "Counter":
    """A metric of your own that only grows."""
    return metric(started(), name, 1, unit, scale, labels, help)  # type: ignore[return-value]


def histogram(
    name: str,
    bounds: "list[int | float]",
    unit: str = "",
    scale: int = -3,
    labels: "dict[str, str] | None" = None,
    help: str = "",  # noqa: A002
) -> "Histogram":
    """A metric of your own that counts observations between bounds."""
    return metric(started(), name, 2, unit, scale, labels, help, bounds)  # type: ignore[return-value]


def inference(model: str, version: str = "") -> "Model":
    """The recorder of a model: `with boardpulse.inference("gestures", "3"): …` counts and times an inference."""
    from boardpulse.recorder import model as recorder

    return recorder(started(), model, version)


def add_sensor(sensor: "Sensor", interval_ms: int = 0) -> None:
    """Have a sensor of your own read from now on, every `interval_ms` (0: as configured)."""
    declare(started(), sensor, interval_ms)


def log(severity: "str | int", message: str, **fields: object) -> None:
    """Send a log line: debug, info, warning, error or critical, with fields that are ints, texts, bools or None."""
    from boardpulse.events import log as tell

    tell(started(), severity, message, fields)


def crash(error: BaseException, source: str = "main") -> None:
    """Send the traceback of an exception that ends your program. It is on flash when this returns, and travels after
    the next start if it does not before."""
    started().crash(source, error)


def sleep() -> None:
    """Sample, send, wait for the acknowledgement, say bye and sleep, as configured. After a deep sleep the board
    starts anew; after a light one this returns."""
    cycle = started().sleep
    if cycle is None:
        raise RuntimeError("boardpulse.json configures no sleep")
    cycle.cycle()


def run() -> "Coroutine[Any, Any, None]":
    """Do what is due until stop(), as a task of your loop."""
    from boardpulse.stepping import run as step_on

    return step_on(started())  # not awaited here, which would keep this module


async def flush(timeout_ms: int = 5000) -> bool:
    """Send what was sampled and logged, and wait until all of it is acknowledged; before a deep sleep, say. False when
    time was up first, or a full outbox gave something up meanwhile."""
    from boardpulse.tasks import flush as empty

    return await empty(started(), timeout_ms)


async def stop(timeout_ms: int = 1500) -> bool:
    """Say bye, flush, close the link, end run(). Whether everything was acknowledged."""
    from boardpulse.tasks import stop as end

    return await end(started(), timeout_ms)


def watch(coroutine: "Coroutine[Any, Any, Any]", name: str) -> "Coroutine[Any, Any, None]":
    """A coroutine around yours, for create_task(): an exception that ends it is sent as a crash, with its traceback."""
    from boardpulse.tasks import guard

    return guard(started(), coroutine, name)
