"""A real Prometheus, and its promtool."""

import json
import subprocess
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Any

from boardpulse_tools.network import LOOPBACK, free_port
from boardpulse_tools.processes import Process, wait_until
from tests.support.components import require

START_S = 30.0
CONFIG = """\
global:
  scrape_interval: 500ms
scrape_configs:
  - job_name: boardpulse
    static_configs:
      - targets: ["{target}"]
"""


class Prometheus:
    """Scrapes one target twice a second, with its data in `folder`. Use it with `with`."""

    def __init__(self, folder: Path, target: str) -> None:
        folder.mkdir()
        config = folder / "prometheus.yml"
        config.write_text(CONFIG.format(target=target))
        self._address = f"{LOOPBACK}:{free_port()}"
        self._process = Process(
            "prometheus",
            [
                require("prometheus"),
                f"--config.file={config}",
                f"--storage.tsdb.path={folder / 'data'}",
                f"--web.listen-address={self._address}",
                "--log.level=warn",
            ],
            folder / "prometheus.log",
        )

    def __enter__(self) -> "Prometheus":
        self._process.start()
        wait_until(self._is_ready, START_S, "Prometheus that is ready", self._process)
        return self

    def __exit__(self, *_: object) -> None:
        self._process.stop(10)

    def _is_ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://{self._address}/-/ready", timeout=2) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    def query(self, expression: str) -> list[dict[str, Any]]:
        """The vector that an expression gives now: dicts with `metric` and `value`."""
        found = self.get("query", query=expression)
        assert found["resultType"] == "vector"
        result: list[dict[str, Any]] = found["result"]
        return result

    def get(self, what: str, **parameters: str) -> Any:
        """The data that an endpoint of /api/v1 answers with."""
        url = f"http://{self._address}/api/v1/{what}?{urllib.parse.urlencode(parameters)}"
        with urllib.request.urlopen(url, timeout=5) as answer:
            return json.load(answer)["data"]


def promtool_check(page: str) -> str:
    """What `promtool check metrics` has to say about a page: nothing, when it is clean."""
    command = [require("promtool"), "check", "metrics"]
    answer = subprocess.run(command, input=page.encode(), capture_output=True, timeout=30, check=False)
    said = (answer.stdout + answer.stderr).decode()
    return said or (f"exit code {answer.returncode}" if answer.returncode else "")
