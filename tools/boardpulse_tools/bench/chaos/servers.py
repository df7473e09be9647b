"""A real Prometheus and a real VictoriaMetrics that take remote write, and the samples that they have."""

import json
import time
import urllib.parse
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
        self._address = f"{LOOPBACK}:{free_port()}"
        options = _prometheus(folder, self._address) if component is PROMETHEUS else _victoria(folder, self._address)
        self._process = Process(self.name, [program, *options], folder / f"{self.name}.log")
        self.write_url = f"http://{self._address}/api/v1/write"

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

    def samples(self, metric: str, device: str, span_s: int) -> list[tuple[int, float]]:
        """(Unix milliseconds, value) of every sample of the last `span_s` seconds."""
        with suppress(
            OSError
        ):  # VictoriaMetrics shows at once what it has; Prometheus always does, and has no such page
            self._get("/internal/force_flush")
        selector = f'{metric}{{device_id="{device}"}}[{span_s}s]'
        query = urllib.parse.urlencode({"query": selector, "time": f"{time.time() + 5:.3f}"})
        found = json.loads(self._get(f"/api/v1/query?{query}"))["data"]["result"]
        return [(round(float(at) * 1000), float(value)) for series in found for at, value in series["values"]]

    def _ready(self) -> bool:
        try:
            self._get("/-/ready")
        except OSError:
            return False
        return True

    def _get(self, path: str) -> bytes:
        with urllib.request.urlopen(f"http://{self._address}{path}", timeout=ASK_S) as answer:
            body: bytes = answer.read()
        return body


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
