"""Real servers that take remote write: Prometheus and VictoriaMetrics, each with its data in a folder of its own."""

import urllib.request
from pathlib import Path
from typing import Self

from boardpulse_tools.components import PROMETHEUS, VICTORIA_METRICS, Component, find
from boardpulse_tools.network import LOOPBACK, free_port
from boardpulse_tools.processes import Process, ProcessError, wait_until

START_S = 30.0
STOP_S = 10.0
READY_TIMEOUT_S = 2.0

SCRAPE = """\
scrape_configs:
  - job_name: boardpulse
    scrape_interval: 500ms
    static_configs:
      - targets: ["{target}"]
"""
WINDOW = """\
storage:
  tsdb:
    out_of_order_time_window: {window}
"""


class MetricServer:
    """A server on a free port of loopback. Use it with `with`, or start() and stop()."""

    ready_path = "/-/ready"

    def __init__(self, component: Component, arguments: list[str], folder: Path, port: int) -> None:
        program = find(component)
        if program is None:
            raise ProcessError(f"{component.name} is missing. To get it: {component.how_to_get}")
        self.name = component.name
        self.url = f"http://{LOOPBACK}:{port}"
        self._process = Process(component.name, [program, *arguments], folder / f"{component.name}.log")

    @property
    def write_url(self) -> str:
        """Where remote write goes."""
        return f"{self.url}/api/v1/write"

    def start(self) -> Self:
        """Start it and wait until it serves; after stop() it goes on with its data."""
        self._process.start()
        try:
            wait_until(self._is_ready, START_S, f"{self.name} that is ready", self._process)
        except BaseException:
            self._process.stop(STOP_S)
            raise
        return self

    def stop(self) -> None:
        """End it in order."""
        self._process.stop(STOP_S)

    def settle(self) -> None:
        """Return when what was taken can be asked for."""

    def get(self, path: str) -> bytes:
        """The body that a path answers with."""
        with urllib.request.urlopen(f"{self.url}{path}", timeout=READY_TIMEOUT_S) as answer:  # noqa: S310 - http
            body: bytes = answer.read()
        return body

    def output(self) -> str:
        """What it has logged."""
        return self._process.output()

    def _is_ready(self) -> bool:
        try:
            self.get(self.ready_path)
        except OSError:
            return False
        return True

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()


class PrometheusReceiver(MetricServer):
    """Prometheus with its remote write receiver on. `window`: out_of_order_time_window, none where it is empty.

    `target`: host:port that it scrapes twice a second, as job "boardpulse". `receive` False: as Prometheus comes.
    """

    def __init__(self, folder: Path, window: str = "2h", target: str = "", receive: bool = True) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        config = folder / "prometheus.yml"
        parts = [WINDOW.format(window=window) if window else "", SCRAPE.format(target=target) if target else ""]
        config.write_text("".join(parts))
        port = free_port()
        arguments = [
            f"--config.file={config}",
            f"--storage.tsdb.path={folder / 'data'}",
            f"--web.listen-address={LOOPBACK}:{port}",
            *(["--web.enable-remote-write-receiver"] if receive else []),
            "--log.level=warn",
        ]
        super().__init__(PROMETHEUS, arguments, folder, port)


class VictoriaMetrics(MetricServer):
    """A single VictoriaMetrics that shows once what it was sent twice, and the newest at once."""

    ready_path = "/health"

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        port = free_port()
        arguments = [
            f"-httpListenAddr={LOOPBACK}:{port}",
            f"-storageDataPath={folder / 'data'}",
            "-dedup.minScrapeInterval=1ms",
            "-search.latencyOffset=0s",
        ]
        super().__init__(VICTORIA_METRICS, arguments, folder, port)

    def settle(self) -> None:
        """It shows samples some seconds after it took them, unless it is told to."""
        self.get("/internal/force_flush")


def both(folder: Path) -> list[MetricServer]:
    """One of each, not started yet."""
    return [PrometheusReceiver(folder / PROMETHEUS.name), VictoriaMetrics(folder / VICTORIA_METRICS.name)]
