"""A real Prometheus and a real VictoriaMetrics that take remote write."""

import urllib.request
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from boardpulse_tools.components import PROMETHEUS, VICTORIA_METRICS, Component, find
from boardpulse_tools.network import LOOPBACK, free_port
from boardpulse_tools.processes import Process, ProcessError, wait_until

START_S = 30.0
ASK_S = 10.0
_PROMETHEUS_CONFIG = "storage:\n  tsdb:\n    out_of_order_time_window: 2h\n"


class Server:
    """One that answers Prometheus' API at a free port of loopback. Use it with `with`."""

    def __init__(self, component: Component, folder: Path) -> None:
        program = find(component)
        if program is None:
            raise ProcessError(f"{component.name} is missing. To get it: {component.how_to_get}")
        folder.mkdir(parents=True, exist_ok=True)
        self.name = component.name
        address = f"{LOOPBACK}:{free_port()}"
        self.url = f"http://{address}"
        options = _prometheus(folder, address) if component is PROMETHEUS else _victoria(folder, address)
        self._process = Process(self.name, [program, *options], folder / f"{self.name}.log")

    def __enter__(self) -> "Server":
        self._process.start()
        try:
            wait_until(self._ready, START_S, f"{self.name} that is ready", self._process)
        except ProcessError:
            self._process.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._process.stop(10)

    def show_all(self) -> None:
        """Have VictoriaMetrics show at once what it has. Prometheus always does, and has no such page."""
        with suppress(OSError):
            self._get("/internal/force_flush")

    def _ready(self) -> bool:
        try:
            self._get("/-/ready")
        except OSError:
            return False
        return True

    def _get(self, path: str) -> None:
        with urllib.request.urlopen(f"{self.url}{path}", timeout=ASK_S) as answer:  # noqa: S310 - our own http://
            answer.read()


def _prometheus(folder: Path, address: str) -> Sequence[str]:
    config = folder / "prometheus.yml"
    config.write_text(_PROMETHEUS_CONFIG)
    return (
        f"--config.file={config}",
        f"--storage.tsdb.path={folder / 'data'}",
        f"--web.listen-address={address}",
        "--web.enable-remote-write-receiver",
        "--log.level=warn",
    )


def _victoria(folder: Path, address: str) -> Sequence[str]:
    return f"-storageDataPath={folder / 'data'}", f"-httpListenAddr={address}", "-search.latencyOffset=0s"


def both(folder: Path) -> list[Server]:
    """Not started yet."""
    return [Server(component, folder / component.name) for component in (PROMETHEUS, VICTORIA_METRICS)]
