"""The bridge as a process of its own, with a configuration made for it."""

import json
import sys
from collections.abc import Sequence
from pathlib import Path

from boardpulse_tools.network import LOOPBACK, free_port, listening
from boardpulse_tools.processes import Process, wait_until
from boardpulse_tools.scrape import Scraper

START_TIMEOUT_S = 20.0


class Bridge:
    """A bridge that listens for HTTP on `host`:`port`. Its log is `process.output()`, its store the file `history`."""

    def __init__(
        self,
        folder: Path,
        serial_ports: Sequence[str] = (),
        mqtt_port: int | None = None,
        host: str = LOOPBACK,
        port: int | None = None,
        more: str = "",
        history: str | None = "",
    ) -> None:
        """`more` is further TOML for its configuration, `history` such for [history]; None: it keeps none."""
        self.host = host
        self.port = free_port() if port is None else port
        self.config = folder / "bridge.toml"
        self.history = folder / "history.db"
        folder.mkdir(parents=True, exist_ok=True)
        kept = "enabled = false" if history is None else f"path = {_quoted(str(self.history))}\n{history}"
        text = _toml(serial_ports, mqtt_port, f"{_bracketed(host)}:{self.port}")
        self.config.write_text(f"{text}[history]\n{kept}\n{more}")
        command = [sys.executable, "-m", "host_bridge", "bridge", "--config", str(self.config)]
        self.process = Process("bridge", command, folder / "bridge.log")

    @property
    def url(self) -> str:
        """Where its page is."""
        return f"http://{_bracketed(self.host)}:{self.port}/"

    @property
    def ready(self) -> bool:
        """Whether it answers."""
        return listening(self.host, self.port)

    def start(self) -> None:
        """Start it and wait until it answers."""
        self.process.start()
        wait_until(lambda: self.ready, START_TIMEOUT_S, "answer of the bridge", self.process)

    def stop(self) -> int | None:
        """End it in order; its exit code."""
        return self.process.stop()

    def scraper(self) -> Scraper:
        """For its pages, over one connection. To be closed."""
        return Scraper(self.host, self.port)

    def page(self, path: str = "/metrics") -> str:
        """One of its pages."""
        with self.scraper() as scraper:
            return scraper.get(path)


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _toml(serial_ports: Sequence[str], mqtt_port: int | None, listen: str) -> str:
    lines = ["[http]", f"listen = {_quoted(listen)}", "[log]", 'format = "json"']
    if serial_ports:
        ports = ", ".join(_quoted(port) for port in serial_ports)
        lines += ["[serial]", f"ports = [{ports}]"]
    if mqtt_port is not None:
        lines += ["[mqtt]", f'url = "mqtt://{LOOPBACK}:{mqtt_port}"', 'client_id = "boardpulse-bridge"']
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    """A TOML string; for the characters of paths and addresses JSON writes the same."""
    return json.dumps(text)
