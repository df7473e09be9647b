"""The whole chain of real processes: firmware, line or broker, bridge."""

import json
import os
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Self

from boardpulse_tools import boards
from boardpulse_tools import broker as brokers
from boardpulse_tools.bridge import Bridge
from boardpulse_tools.cable import Cable
from boardpulse_tools.network import LOOPBACK
from boardpulse_tools.processes import Process
from boardpulse_tools.scrape import select, total
from tests.support.components import require

WAIT_S = 15.0
UART, MQTT = "uart", "mqtt"
LINKS = (UART, MQTT)
# Sensors that give the same series on every machine; those of the hardware differ.
SAME_EVERYWHERE = {"temperature": False, "power": False, "simulated": False, "frequency": False}


class Chain:
    """A bridge with a cable, a mosquitto, or both, and boards on them. Everything ends with `with`."""

    def __init__(self, folder: Path, links: Sequence[str] = LINKS, more: str = "", history: str | None = "") -> None:
        """`more` and `history` are further TOML for the bridge."""
        self.folder = folder
        self._stack = ExitStack()
        self.runs_on = boards.Interpreter("MicroPython", "", require("micropython"))
        self.cable = self._stack.enter_context(Cable(record=True)) if UART in links else None
        self.broker: brokers.Broker | None = None
        if MQTT in links:
            require("mosquitto")
            self.broker = brokers.started(lambda: brokers.mosquitto(folder / "broker"))
            self._stack.callback(self.broker.stop)
        ports = [self.cable.bridge_port] if self.cable else []
        broker_port = self.broker.port if self.broker else None
        self.bridge = Bridge(folder, ports, broker_port, more=more, history=history)
        self._stack.callback(self.bridge.stop)

    def __enter__(self) -> Self:
        self.bridge.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def board(self, link: str, program: str | None = None, **config: Any) -> Process:
        """Start a board, named after its link unless `config` says otherwise. `program` replaces its main.py."""
        if link == UART:
            assert self.cable is not None
            options: dict[str, Any] = {"type": "uart", "path": self.cable.board_port}
        else:
            assert self.broker is not None
            options = {"type": "mqtt", "host": LOOPBACK, "port": self.broker.port}
        config = {"device_id": f"board-{link}", "board": "unix", "link": options, "interval_ms": 100} | config
        name = config["device_id"]
        path = None
        if program is not None:
            path = self.folder / f"{name}.py"
            path.write_text(program)
        process = boards.board(name, self.folder / name, config, self.runs_on, path)
        return self._stack.enter_context(process)

    def values(self, name: str, **labels: str) -> list[float]:
        """The values of a metric on /metrics."""
        return list(select(self.bridge.page(), name, **labels).values())

    def total(self, name: str, **labels: str) -> float:
        """Their sum."""
        return total(self.bridge.page(), name, **labels)

    def wait(self, condition: Callable[[], bool], what: str, timeout_s: float = WAIT_S) -> None:
        """Wait until the condition holds; the bridge may be away meanwhile."""
        until = time.monotonic() + timeout_s
        while not _holds(condition):
            assert time.monotonic() < until, f"no {what} after {timeout_s:g} s\n{self.explain()}"
            time.sleep(0.05)

    def wait_for_samples(self, device: str, more: int = 1, timeout_s: float = WAIT_S) -> None:
        """Wait until that many more reliable frames of the device have arrived."""
        before = self.arrived(device)
        self.wait(lambda: self.arrived(device) >= before + more, f"{more} more frames of {device}", timeout_s)

    def arrived(self, device: str) -> float:
        """Reliable frames of the device that have arrived, late ones included."""
        page = self.bridge.page()
        names = ("device_frames_received_total", "device_frames_recovered_total")
        return sum(total(page, name, device_id=device) for name in names)

    def log(self, event: str) -> list[dict[str, Any]]:
        """The lines of the bridge's log with this event."""
        lines = [json.loads(line) for line in self.bridge.process.output().splitlines() if line.startswith("{")]
        return [line for line in lines if line.get("event") == event]

    def explain(self) -> str:
        """What the processes have printed last, for a failure."""
        consoles = [f"{path}:\n{path.read_text(errors='replace')[-2000:]}" for path in self.folder.rglob("*.log")]
        return "\n".join(consoles)


def _holds(condition: Callable[[], bool]) -> bool:
    try:
        return condition()
    except OSError:
        return False


def is_alive(pid: int) -> bool:
    """Whether there is such a process."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
